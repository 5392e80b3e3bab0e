#pragma once
// What the process's cgroup lets it have. Looks at cgroup v2 and v1, at the process's own group and at those
// around it: the least counts.
#include <cstddef>
#include <cstdint>
#include <string>

namespace gleaner {

/// The CPU limit, rounded up to whole cores: as many lanes; 1 without a limit.
/// @param root  in front of every path; for tests
std::size_t lanes_by_cpu_limit(const std::string& root = "");

/// Bytes of memory the process may use: the limit, or what the machine has.
std::uint64_t memory_available(const std::string& root = "");

}  // namespace gleaner
