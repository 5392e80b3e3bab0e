#include "k8s/summary.h"

#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

/// One key whose value is a number, and where it goes.
template <class T>
struct Row {
  std::string_view key;
  Amount T::*to;
};

constexpr Row<CpuStats> kCpu[] = {{"usageNanoCores", &CpuStats::usage_nano_cores},
                                  {"usageCoreNanoSeconds", &CpuStats::usage_core_nano_seconds}};
constexpr Row<MemoryStats> kMemory[] = {
    {"availableBytes", &MemoryStats::available},    {"usageBytes", &MemoryStats::usage},
    {"workingSetBytes", &MemoryStats::working_set}, {"rssBytes", &MemoryStats::rss},
    {"pageFaults", &MemoryStats::page_faults},      {"majorPageFaults", &MemoryStats::major_page_faults}};
constexpr Row<FsStats> kFs[] = {
    {"availableBytes", &FsStats::available}, {"capacityBytes", &FsStats::capacity},
    {"usedBytes", &FsStats::used},           {"inodes", &FsStats::inodes},
    {"inodesFree", &FsStats::inodes_free},   {"inodesUsed", &FsStats::inodes_used}};
constexpr Row<InterfaceStats> kInterface[] = {{"rxBytes", &InterfaceStats::rx_bytes},
                                              {"txBytes", &InterfaceStats::tx_bytes},
                                              {"rxErrors", &InterfaceStats::rx_errors},
                                              {"txErrors", &InterfaceStats::tx_errors}};
constexpr Row<NodeStats> kRlimit[] = {{"maxpid", &NodeStats::max_pid},
                                      {"curproc", &NodeStats::current_processes}};

class Reader {
 public:
  Reader(std::string_view json, Arena& arena) : json_(json, arena), arena_(arena) {}

  Result<Summary> read() {
    Summary out;
    const bool ok = json_.object([&](std::string_view key) {
      if (key == "node") return node(out.node);
      if (key == "pods") return list(out.pods, [&](PodStats& one) { return pod(one); });
      return json_.skip();
    });
    if (!ok || !json_.finish()) return json_.error();
    return out;
  }

 private:
  /// A number of the table, or something to pass over.
  template <class T, std::size_t N>
  bool number(const Row<T> (&rows)[N], std::string_view key, T& out) {
    for (const auto& row : rows)
      if (row.key == key) return json_.number(out.*row.to);
    return json_.skip();
  }
  /// An object of numbers. A key that is repeated adds to what there is, and with null it takes that away.
  template <class T, std::size_t N>
  bool numbers(const Row<T> (&rows)[N], T& out) {
    if (json_.is_null())
      for (const auto& row : rows) (out.*row.to).reset();
    return json_.object([&](std::string_view key) { return number(rows, key, out); });
  }
  /// These two may be negative in the document; then there is no such limit.
  bool limits(NodeStats& out) {
    if (json_.is_null())
      for (const auto& row : kRlimit) (out.*row.to).reset();
    return json_.object([&](std::string_view key) {
      for (const auto& row : kRlimit)
        if (row.key == key && !json_.is_negative()) return json_.number(out.*row.to);
      return json_.skip();
    });
  }
  bool time(std::uint64_t& out) {
    if (json_.is_null()) out = kNoTime;
    return json_.time(out);
  }
  template <class T, class F>
  bool list(List<T>& out, F&& item) {
    out.clear();  // a repeated key: the last one counts
    return json_.array([&] {
      T one;
      if (!item(one)) return false;
      out.push_back(arena_, one);
      return true;
    });
  }

  bool node(NodeStats& out) {
    return json_.object([&](std::string_view key) {
      if (key == "nodeName") return json_.text(out.name);
      if (key == "startTime") return time(out.start_time);
      if (key == "cpu") return numbers(kCpu, out.cpu);
      if (key == "memory") return numbers(kMemory, out.memory);
      if (key == "network") return network(out.network);
      if (key == "fs") return numbers(kFs, out.fs);
      if (key == "rlimit") return limits(out);
      if (key == "systemContainers")
        return list(out.system_containers, [&](ContainerStats& one) { return container(one); });
      return json_.skip();
    });
  }
  bool pod(PodStats& out) {
    return json_.object([&](std::string_view key) {
      if (key == "podRef") return reference(out);
      if (key == "startTime") return time(out.start_time);
      if (key == "cpu") return numbers(kCpu, out.cpu);
      if (key == "memory") return numbers(kMemory, out.memory);
      if (key == "network") return network(out.network);
      if (key == "ephemeral-storage") return numbers(kFs, out.ephemeral_storage);
      if (key == "containers")
        return list(out.containers, [&](ContainerStats& one) { return container(one); });
      if (key == "volume") return list(out.volumes, [&](VolumeStats& one) { return volume(one); });
      return json_.skip();
    });
  }
  bool reference(PodStats& out) {
    return json_.object([&](std::string_view key) {
      if (key == "name") return json_.text(out.name);
      if (key == "namespace") return json_.text(out.name_space);
      if (key == "uid") return json_.text(out.uid);
      return json_.skip();
    });
  }
  bool container(ContainerStats& out) {
    return json_.object([&](std::string_view key) {
      if (key == "name") return json_.text(out.name);
      if (key == "startTime") return time(out.start_time);
      if (key == "cpu") return numbers(kCpu, out.cpu);
      if (key == "memory") return numbers(kMemory, out.memory);
      if (key == "rootfs") return numbers(kFs, out.rootfs);
      if (key == "logs") {
        if (json_.is_null()) out.logs_used.reset();
        return json_.object([&](std::string_view inner) {
          return inner == "usedBytes" ? json_.number(out.logs_used) : json_.skip();
        });
      }
      return json_.skip();
    });
  }
  bool volume(VolumeStats& out) {
    return json_.object([&](std::string_view key) {
      if (key == "name") return json_.text(out.name);
      return number(kFs, key, out.fs);
    });
  }
  bool interface(InterfaceStats& out, std::string_view key) {
    if (key == "name") return json_.text(out.name);
    return number(kInterface, key, out);
  }
  bool network(NetworkStats& out) {
    if (json_.is_null()) out = {};
    return json_.object([&](std::string_view key) {
      if (key == "interfaces")
        return list(out.interfaces, [&](InterfaceStats& one) {
          return json_.object([&](std::string_view inner) { return interface(one, inner); });
        });
      return interface(out.main, key);
    });
  }

  JsonCursor json_;
  Arena& arena_;
};

}  // namespace

Result<Summary> read_summary(std::string_view json, Arena& arena) { return Reader(json, arena).read(); }

}  // namespace gleaner::k8s
