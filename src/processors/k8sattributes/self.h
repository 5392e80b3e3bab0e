#pragma once
// Who this pod is, by what Kubernetes and operators put into its environment: no API server is asked.
#include <map>
#include <string>

#include "processors/k8sattributes/facts.h"

namespace gleaner::processors::k8sattributes {

/// Reads variables; a function, so that tests need no environment.
using Variable = std::string (*)(const char* name);

class Self {
 public:
  /// POD_NAME, POD_NAMESPACE, POD_UID, POD_IP, NODE_NAME, as manifests call them, K8S_ in front of them too,
  /// what an operator injects (OTEL_RESOURCE_ATTRIBUTES and OTEL_RESOURCE_ATTRIBUTES_POD_NAME, _POD_UID,
  /// _NODE_NAME), and the service account's namespace. Labels and annotations come from the files of these
  /// names in `pod_info`.
  Self(const Rules& rules, const std::string& pod_info, Variable variable);
  Self(const Rules& rules, const std::string& pod_info);
  /// Views into this object.
  const Facts& facts() const { return facts_; }
  /// False when the resource says that it is another pod's.
  bool is_mine(const pdata::Map& resource) const;
  /// Whether an operator injected this container as a sidecar.
  static bool injected(Variable variable);
  static bool injected();

 private:
  Arena arena_;
  Facts facts_;
};

/// Tells one state of the files in `pod_info` from another: Kubernetes renews them while the pod runs.
std::string pod_info_state(const std::string& pod_info);

/// The lines of a Downward API file: key="escaped value".
List<k8s::KeyText> read_pod_info(std::string_view file, Arena& arena);

}  // namespace gleaner::processors::k8sattributes
