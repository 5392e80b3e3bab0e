#pragma once
// Which containers a pod has whose logs can be read. Source: Kubernetes API v1.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gleaner::k8s {

struct LogContainer {
  std::string name;
  std::uint64_t restarts = 0;
  bool operator==(const LogContainer&) const = default;
};

struct LogPod {
  std::string name, uid;
  std::vector<LogContainer> containers;  ///< init containers, then ordinary ones, then ephemeral ones
  std::string node = {};                 ///< where it runs; empty while nobody knows
};

/// A core/v1 Pod. @return Fault::permanent with the byte or key at which the trouble is
Result<LogPod> read_log_pod(std::string_view json);
/// A core/v1 PodList.
Result<std::vector<LogPod>> read_log_pods(std::string_view json);

/// `message` of a v1 Status, empty when it has none.
std::string status_message(std::string_view json);

/// The names in "a container name must be specified for pod p, choose one of: [a b] or one of the init
/// containers: [c]": what an API server answers to those who may read logs and nothing else.
std::vector<std::string> containers_to_choose_from(std::string_view message);

/// The container this process runs in, by what the kubelet mounts into it: empty when nothing tells.
/// @param mountinfo  the text of /proc/self/mountinfo
std::string own_container(std::string_view mountinfo);

}  // namespace gleaner::k8s
