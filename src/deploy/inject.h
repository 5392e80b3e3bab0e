#pragma once
// The sidecar put into workloads, and taken out again. Source: spec/operator.md 6 and 12.
#include <string>
#include <vector>

#include "deploy/collector.h"

namespace gleaner::deploy {

struct InjectOptions {
  Cluster cluster;
  std::vector<Collector> sidecars;  ///< besides those in the stream itself
  std::string container = "otc-container";
  enum class Placement : std::uint8_t { by_version, native, container } placement = Placement::by_version;
  bool all = false;       ///< workloads without the annotation, too
  bool exec = false;      ///< wrap the programs of the pod in gleaner-exec
  bool pod_logs = false;  ///< a Role and a binding for k8s_pod_logs
  std::string exec_folder = "/var/log/gleaner";
};

struct Injected {
  std::string text;
  std::vector<std::string> notes;  ///< one a workload and oddity, for people
  std::size_t missed = 0;          ///< workloads that asked for a sidecar and got none
};

/// Every byte that does not belong to a sidecar stays as it was, and putting a sidecar in twice is putting it
/// in once. What uninject() would not turn back into `stream` is an error.
Result<Injected> inject(const std::string& stream, const std::string& source, const InjectOptions& options);
Result<Injected> uninject(const std::string& stream, const std::string& source);

}  // namespace gleaner::deploy
