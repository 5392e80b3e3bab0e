#pragma once
// The few fields of API objects that metrics and the relay need.
#include "k8s/pod_list.h"

namespace gleaner::k8s {

/// spec.volumeName of a PersistentVolumeClaim; empty while it is not bound.
Result<std::string_view> read_claim_volume(std::string_view json, Arena& arena);
/// Where a PersistentVolume's bytes are: local, awsElasticBlockStore, gcePersistentDisk, glusterfs; an empty
/// type for the others (CSI).
Result<VolumeSource> read_persistent_volume(std::string_view json, Arena& arena);

struct NodeCapacity {
  double cores = 0;         ///< rounded up to a thousandth, as the reference does
  std::int64_t memory = 0;  ///< bytes
};
/// status.capacity of a Node; zero for what is not there.
Result<NodeCapacity> read_node_capacity(std::string_view json, Arena& arena);

/// Where a pod runs: empty while nobody knows.
struct PodPlace {
  std::string_view uid, node, host_ip;
};
Result<PodPlace> read_pod_place(std::string_view json, Arena& arena);

}  // namespace gleaner::k8s
