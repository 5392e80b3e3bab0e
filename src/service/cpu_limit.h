#pragma once
// How many lanes the process should have, from the CPU time it may use.
#include <cstddef>
#include <string>

namespace gleaner::service {

/// The cgroup's CPU limit, rounded up to whole cores; 1 without a limit. Looks at cgroup v2 and v1, at the
/// process's own group and at those around it: the least counts.
/// @param root  in front of every path; for tests
std::size_t lanes_by_cpu_limit(const std::string& root = "");

}  // namespace gleaner::service
