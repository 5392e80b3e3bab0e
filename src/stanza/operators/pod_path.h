#pragma once
// What the path of a pod's log file says about the pod.
#include <string>
#include <string_view>
#include <unordered_map>

#include "stanza/entry.h"
#include "text/regex.h"

namespace gleaner::stanza {

struct PodPath {
  bool valid = false;
  std::string name_space, pod, uid, container, restart_count;
};

/// Reads .../NAMESPACE_POD_UID/CONTAINER/RESTARTS.log, also with the suffix of rotated files
/// (.20240115-103000). Remembers the last 1024 paths.
class PodPaths {
 public:
  PodPaths();
  const PodPath& find(std::string_view path);

 private:
  static constexpr std::size_t kMaxPaths = 1024;
  text::Regex pattern_;
  std::unordered_map<std::string, PodPath> known_;
};

}  // namespace gleaner::stanza
