#pragma once
// What a kubelet says of its node, pods, containers and volumes: /stats/summary. Source:
// spec/kubeletstats.md 5.1.
//
// Absent numbers stay empty: zero is a value, absence is none. All texts live in the arena given to the
// reader.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::k8s {

using Amount = std::optional<std::uint64_t>;

/// Nanoseconds since 1970. What a missing or null time reads as is Go's zero time, forced into this unit: the
/// reference prints that number, and so do we (golden kubeletstats/missing-blocks).
inline constexpr std::uint64_t kNoTime = 11651379494838206464u;

struct CpuStats {
  Amount usage_nano_cores, usage_core_nano_seconds;
};
struct MemoryStats {  // bytes; faults are counts
  Amount available, usage, working_set, rss, page_faults, major_page_faults;
};
struct FsStats {  // bytes; inodes are counts
  Amount available, capacity, used, inodes, inodes_free, inodes_used;
};
struct InterfaceStats {
  std::string_view name;
  Amount rx_bytes, tx_bytes, rx_errors, tx_errors;
};
struct NetworkStats {
  InterfaceStats main;  ///< the default interface
  List<InterfaceStats> interfaces;
};
struct ContainerStats {
  std::string_view name;
  std::uint64_t start_time = kNoTime;
  CpuStats cpu;
  MemoryStats memory;
  FsStats rootfs;
  Amount logs_used;
};
struct VolumeStats {
  std::string_view name;
  FsStats fs;
};
struct PodStats {
  std::string_view name, name_space, uid;
  std::uint64_t start_time = kNoTime;
  CpuStats cpu;
  MemoryStats memory;
  NetworkStats network;
  FsStats ephemeral_storage;
  List<ContainerStats> containers;
  List<VolumeStats> volumes;
};
struct NodeStats {
  std::string_view name;
  std::uint64_t start_time = kNoTime;
  CpuStats cpu;
  MemoryStats memory;
  NetworkStats network;
  FsStats fs;
  Amount max_pid, current_processes;
  List<ContainerStats> system_containers;
};
struct Summary {
  NodeStats node;
  List<PodStats> pods;
};

/// Reads the document in one pass. Unknown keys are passed over; a value of the wrong type refuses the whole.
/// @return Fault::permanent in Go's words where there are any ("unexpected end of JSON input")
Result<Summary> read_summary(std::string_view json, Arena& arena);

}  // namespace gleaner::k8s
