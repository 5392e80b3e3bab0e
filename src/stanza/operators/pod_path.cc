#include "stanza/operators/pod_path.h"

namespace gleaner::stanza {

PodPaths::PodPaths()
    : pattern_(*text::Regex::compile(
          R"(^.*(?:/|\\)([^_]+)_([^_]+)_([a-f0-9\-]+)(?:/|\\)([^\._]+)(?:/|\\)(\d+)\.log(?:\.\d{8}-\d{6})?$)")) {
}

const PodPath& PodPaths::find(std::string_view path) {
  if (known_.size() >= kMaxPaths) known_.clear();
  const auto [there, fresh] = known_.try_emplace(std::string(path));
  PodPath& pod = there->second;
  std::string_view groups[6];
  if (fresh && pattern_.match(path, groups)) {
    pod.valid = true;
    pod.name_space = groups[1];
    pod.pod = groups[2];
    pod.uid = groups[3];
    pod.container = groups[4];
    pod.restart_count = groups[5];
  }
  return pod;
}

}  // namespace gleaner::stanza
