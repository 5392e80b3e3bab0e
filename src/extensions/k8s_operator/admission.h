#pragma once
// An AdmissionReview of a pod, and what it is answered. Pure: no cluster, no clock. Source: Kubernetes
// admission/v1, spec/operator.md 6 and 7.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/inject.h"
#include "extensions/k8s_operator/documents.h"

namespace gleaner::extensions::k8s_operator {

struct Review {
  std::string uid, name_space, name;
  bool dry_run = false;
  Node pod;             ///< null when the object is no pod
  std::string trouble;  ///< the pod could not be read
};
/// @return Fault::permanent for what is no AdmissionReview of admission.k8s.io/v1 with a request
Result<Review> read_review(std::string_view json);

/// What the operator knows when a pod comes.
struct Knowledge {
  std::vector<const deploy::Collector*> sidecars;
  std::map<std::string, std::string> broken;  ///< "ns/name" of a sidecar that is none -> why
  std::string by_namespace;                   ///< its annotation
  const deploy::InjectOptions* options = nullptr;
};

struct Verdict {
  enum class Kind : std::uint8_t { untouched, injected, missed };
  Kind kind = Kind::untouched;
  std::string patch;                  ///< RFC 6902; "" without one
  std::vector<std::string> warnings;  ///< for whoever makes the pod
  std::string why;                    ///< missed: no sidecar because of this
};
/// The pod is always let in.
Verdict judge(const Review& review, const Knowledge& knowledge);

/// Whom people look at when the pod lacks something: its controller, else the pod itself.
Regarding regarding(const Review& review);

/// The AdmissionReview to send back.
std::string answer(const std::string& uid, const Verdict& verdict);

}  // namespace gleaner::extensions::k8s_operator
