#pragma once
// From the kubelet's documents to metrics: a pure function. Source: spec/kubeletstats.md 6, 7, 9 to 11.
#include <functional>

#include "base/log.h"
#include "k8s/api_objects.h"
#include "k8s/summary.h"
#include "receivers/kubeletstats/recorder.h"

namespace gleaner::receivers::kubeletstats {

/// What of the configuration decides about the output, looked up once.
struct Plan {
  explicit Plan(const Config& config);
  Switches switches;
  bool node, pod, container, volume;
  bool container_id, volume_type;
  bool all_of_node, all_of_pod;
};

/// The documents of one scrape. Their texts need not outlive emit().
struct Documents {
  k8s::Summary summary;
  std::uint64_t created = 0;                    ///< when the receiver was made: the start time of volumes
  const k8s::PodList* pods = nullptr;           ///< when /pods was asked
  const k8s::NodeCapacity* capacity = nullptr;  ///< when it is known
  /// What the API server knows of a volume that is a claim. Empty function: it was not asked, the claim's
  /// name is all there is. An error skips the volume.
  std::function<Result<k8s::VolumeSource>(const k8s::PodStats&, const k8s::Volume&)> claim;
};

/// Gives the recorder resources in the reference's order. Skipped containers and volumes are
/// one warning each.
void emit(const Plan& plan, const Documents& documents, Recorder& out, const log::Logger& logger);

}  // namespace gleaner::receivers::kubeletstats
