#pragma once
// `gleaner healthcheck`: what a health_check extension says.
#include <string>

namespace gleaner::main_program {

/// @param at  "host:port" or a URL @param probe  the query, if the URL has none @return an exit code
int run_health_check(std::string at, const std::string& probe);

}  // namespace gleaner::main_program
