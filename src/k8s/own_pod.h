#pragma once
// One pod's part of what a kubelet says of all its pods, byte for byte as the kubelet wrote it.
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace gleaner::k8s {

/// Who may see what is said of the node itself.
enum class NodeShare : std::uint8_t {
  never,
  alone,  ///< a pod that has the node to itself, as on Fargate
  always,
};

/// The part of /stats/summary that is about pod `uid`: `{"node":…,"pods":[…]}`, the list empty when the
/// kubelet does not know the pod (yet).
/// @return Fault::permanent when the document is none
Result<Bytes> own_summary(std::string_view json, std::string_view uid, NodeShare node);

/// The same of /pods: the list with that pod alone.
Result<Bytes> own_pod_list(std::string_view json, std::string_view uid);

}  // namespace gleaner::k8s
