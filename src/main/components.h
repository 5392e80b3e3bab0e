#pragma once
#include <string_view>

namespace gleaner::main_program {

/// The `components` subcommand: what is built in, as YAML in the reference's shape: sorted by type, aliases
/// left out. @return the exit code. Source: spec/collector.md 1.1.
int print_components(std::string_view command, std::string_view version);

}  // namespace gleaner::main_program
