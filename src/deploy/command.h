#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::deploy {

/// render, inject, uninject, size.
bool is_command(std::string_view name);
/// Runs one. @return the exit code: 0 done, 1 bad input, 2 with --strict when a workload got no sidecar
int run_command(const std::vector<std::string>& words);

}  // namespace gleaner::deploy
