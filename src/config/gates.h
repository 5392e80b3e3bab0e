#pragma once
// Feature gates of the command line that gleaner acts on. Set once, before any configuration is read.
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::config {

/// @param lists  as --feature-gates had them: "a,+b,-c"; later ones win
void set_gates(const std::vector<std::string>& lists);
/// Whether `name` was switched on. Gates that nobody asks for here have no effect.
bool gate_enabled(std::string_view name);

}  // namespace gleaner::config
