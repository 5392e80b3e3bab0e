#pragma once
// Pods wherever manifests keep them.
#include <string>
#include <vector>

#include "deploy/spans.h"

namespace gleaner::deploy {

struct Workload {
  std::string kind, name, name_space;  ///< name_space: "" when it is not written
  std::string place;                   ///< path of the object from the document's root: "items/3"
  std::string pod;  ///< path in it of what has the pod's metadata and spec: "spec/template"
  const Node* object = nullptr;

  std::string title() const { return kind + "/" + (name.empty() ? "(generated)" : name); }
  /// The path in the object of what is `below` the pod.
  std::string path(std::string_view below) const { return join(pod, below); }
  static std::string join(std::string_view front, std::string_view back) {
    std::string all(front);
    if (!front.empty() && !back.empty()) all += '/';
    return all.append(back);
  }
};

/// The workloads of one document; a List has many.
std::vector<Workload> workloads(const Node& document);

}  // namespace gleaner::deploy
