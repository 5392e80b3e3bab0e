#pragma once
// What a pod costs on EKS Fargate, alone and with a sidecar. Source: spec/fargate.md 1.1 and 6.
#include <string>

#include "base/result.h"
#include "config/node.h"

namespace gleaner::deploy {

/// Thousandths of a CPU and bytes.
struct Needs {
  std::int64_t cpu = 0, memory = 0;
};
struct Price {
  std::string_view region;
  double cpu_hour, gb_hour;  ///< USD, Linux on x86
};
/// nullptr when the region is not known here.
const Price* price_of(std::string_view region);

/// A row of Fargate's table: 250 is 0.25 vCPU; GB are 2^30 bytes.
struct Size {
  std::int64_t cpu = 0, memory = 0;
  std::string text() const;  ///< "0.25 vCPU, 0.5 GB"
  double month(const Price& price) const;
};

/// requests of a container, limits where it has none.
Result<Needs> needs_of(const config::Node& container);

/// What the scheduler counts: the larger of the start (each init container with the native sidecars started
/// before it) and the run (all containers and native sidecars).
Result<Needs> pod_needs(const config::Node& pod_spec);

/// The row a pod gets: 256 MiB for Kubernetes' own programs added, rounded up. Nothing when it is too large
/// for any.
std::optional<Size> size_for(const Needs& needs);

/// One workload as lines for people.
/// @param sidecar  null: the workload's own otc-container is taken for the sidecar
Result<std::string> sizing(const config::Node& pod_spec, const std::string& title,
                           const config::Node* sidecar, bool native, const Price& price);

}  // namespace gleaner::deploy
