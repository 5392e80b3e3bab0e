#pragma once
// Pods wherever manifests keep them.
#include <string>
#include <vector>

#include "deploy/spans.h"

namespace gleaner::deploy {

struct Workload {
  std::string kind, name, name_space;  ///< name_space: "" when it is not written
  std::string pod;  ///< path of what has the pod's metadata and spec: "spec/template", "" for a Pod
  const Node* object = nullptr;

  std::string title() const { return kind + "/" + (name.empty() ? "(generated)" : name); }
  /// The path from the document's root of what is `below` the pod.
  std::string path(std::string_view below) const {
    return pod.empty() || below.empty() ? pod + std::string(below) : pod + "/" + std::string(below);
  }
};

/// The workloads of one document; a List has many.
std::vector<Workload> workloads(const Node& document);

}  // namespace gleaner::deploy
