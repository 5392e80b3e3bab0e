// The kubelet's documents. Whatever is accepted is JSON to an independent reader too, and means the same when
// that reader has written it anew: other white space, keys in another order, escapes undone.
#include <cstdlib>
#include <string>

#include "k8s/api_objects.h"
#include "k8s/pod_list.h"
#include "k8s/summary.h"
#include "text/json.h"

using namespace gleaner;

namespace {

void put(std::string& to, std::string_view text) {
  to += std::to_string(text.size()) + ":" + std::string(text) + ",";
}
void put(std::string& to, const k8s::Amount& n) { to += n ? std::to_string(*n) + "," : "-,"; }
void put(std::string& to, std::uint64_t n) { to += std::to_string(n) + ","; }
void put(std::string& to, const k8s::CpuStats& s) {
  put(to, s.usage_nano_cores);
  put(to, s.usage_core_nano_seconds);
}
void put(std::string& to, const k8s::MemoryStats& s) {
  for (const auto& n : {s.available, s.usage, s.working_set, s.rss, s.page_faults, s.major_page_faults})
    put(to, n);
}
void put(std::string& to, const k8s::FsStats& s) {
  for (const auto& n : {s.available, s.capacity, s.used, s.inodes, s.inodes_free, s.inodes_used}) put(to, n);
}
void put(std::string& to, const k8s::InterfaceStats& s) {
  put(to, s.name);
  for (const auto& n : {s.rx_bytes, s.tx_bytes, s.rx_errors, s.tx_errors}) put(to, n);
}
void put(std::string& to, const k8s::NetworkStats& s) {
  put(to, s.main);
  for (const auto& one : s.interfaces) put(to, one);
}
void put(std::string& to, const k8s::ContainerStats& s) {
  put(to, s.name);
  put(to, s.start_time);
  put(to, s.cpu);
  put(to, s.memory);
  put(to, s.rootfs);
  put(to, s.logs_used);
}

std::string told(const k8s::Summary& s) {
  std::string out;
  put(out, s.node.name);
  put(out, s.node.start_time);
  put(out, s.node.cpu);
  put(out, s.node.memory);
  put(out, s.node.network);
  put(out, s.node.fs);
  put(out, s.node.max_pid);
  put(out, s.node.current_processes);
  for (const auto& one : s.node.system_containers) put(out, one);
  for (const auto& pod : s.pods) {
    for (const auto text : {pod.name, pod.name_space, pod.uid}) put(out, text);
    put(out, pod.start_time);
    put(out, pod.cpu);
    put(out, pod.memory);
    put(out, pod.network);
    put(out, pod.ephemeral_storage);
    for (const auto& one : pod.containers) put(out, one);
    for (const auto& one : pod.volumes) {
      put(out, one.name);
      put(out, one.fs);
    }
  }
  return out;
}

/// Whether the tree says something a rewrite would change: numbers beyond a double, keys that repeat (the
/// reader in text/ keeps the last whole, ours merges, as Go does).
bool is_plain(const pdata::Value& value) {
  if (value.kind() == pdata::Value::Kind::real) return false;
  if (value.is_array())
    for (const auto& item : value.as_array())
      if (!is_plain(item)) return false;
  if (value.is_map())
    for (const auto& [key, item] : value.as_map())
      if (!is_plain(item)) return false;
  return true;
}
/// Outside of texts: one for every key, so more than the tree has keys means duplicates.
std::size_t count_colons(std::string_view json) {
  std::size_t total = 0;
  bool inside = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"')
      inside = !inside;
    else if (inside && json[i] == '\\')
      ++i;
    else if (!inside && json[i] == ':')
      ++total;
  }
  return total;
}
std::size_t count_keys(const pdata::Value& value) {
  std::size_t total = 0;
  if (value.is_array())
    for (const auto& item : value.as_array()) total += count_keys(item);
  if (value.is_map())
    for (const auto& [key, item] : value.as_map()) total += 1 + count_keys(item);
  return total;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Arena arena;
  (void)k8s::read_pod_list(input, arena).has_value();
  (void)k8s::read_node_capacity(input, arena).has_value();
  (void)k8s::read_persistent_volume(input, arena).has_value();
  (void)k8s::read_claim_volume(input, arena).has_value();
  const auto first = k8s::read_summary(input, arena);
  if (!first) return 0;

  const auto tree = text::JsonReader({.parse_ints = true, .strict = true}).read(input, arena);
  if (!tree) {
    // The one looks at numbers that the other passes over, and their limits of nesting differ by the known
    // levels.
    const auto& why = tree.error().what;
    if (why.find("out of range") != std::string::npos || why.find("nesting") != std::string::npos) return 0;
    std::abort();
  }
  if (!is_plain(*tree) || count_colons(input) != count_keys(*tree)) return 0;
  std::string sorted;
  if (!text::append_json_pretty(sorted, *tree)) std::abort();
  const auto again = k8s::read_summary(sorted, arena);
  if (!again || told(*again) != told(*first)) std::abort();
  return 0;
}
