#pragma once
// The metrics and resource attributes this receiver knows, one table each.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gleaner::receivers::kubeletstats {

enum class Kind : std::uint8_t {
  gauge,
  sum,     ///< cumulative, may fall
  sum_up,  ///< cumulative and monotonic
};

enum class MetricId : std::uint8_t {
#define X(ID, NAME, KIND, UNIT, ON, ABOUT) ID,
#include "receivers/kubeletstats/metrics.inc"
#undef X
  none,  ///< one past the last: no metric
};
inline constexpr std::size_t kMetrics = static_cast<std::size_t>(MetricId::none);

struct MetricInfo {
  std::string_view name;
  Kind kind;
  std::string_view unit;
  bool on;  ///< unless the configuration says otherwise
  std::string_view about;
};
inline constexpr MetricInfo kMetricInfo[] = {
#define X(ID, NAME, KIND, UNIT, ON, ABOUT) {NAME, Kind::KIND, UNIT, ON, ABOUT},
#include "receivers/kubeletstats/metrics.inc"
#undef X
};

/// In the order in which they are set.
enum class AttributeId : std::uint8_t {
  node_name,
  system_container_name,
  pod_uid,
  pod_name,
  namespace_name,
  container_name,
  container_id,
  volume_name,
  volume_type,
  claim_name,
  aws_volume_id,
  fs_type,
  partition,
  gce_pd_name,
  glusterfs_endpoints,
  glusterfs_path,
  count,
};
inline constexpr std::size_t kAttributes = static_cast<std::size_t>(AttributeId::count);

struct AttributeInfo {
  std::string_view name;
  bool on;
  bool deprecated;
  std::string_view about;
};
inline constexpr AttributeInfo kAttributeInfo[] = {
    {"k8s.node.name", true, false, "the node's name"},
    {"k8s.node.system_container.name", true, false, "kubelet, runtime, pods, misc"},
    {"k8s.pod.uid", true, false, "the pod's uid"},
    {"k8s.pod.name", true, false, "the pod's name"},
    {"k8s.namespace.name", true, false, "the pod's namespace"},
    {"k8s.container.name", true, false, "the container's name in the pod"},
    {"container.id", true, false, "with extra_metadata_labels only"},
    {"k8s.volume.name", true, false, "the volume's name in the pod"},
    {"k8s.volume.type", true, false, "with extra_metadata_labels only"},
    {"k8s.persistentvolumeclaim.name", true, false, "of volumes that are claims"},
    {"aws.volume.id", false, true, "of EBS volumes"},
    {"fs.type", false, true, "of EBS volumes and GCE disks"},
    {"partition", false, true, "of EBS volumes and GCE disks"},
    {"gce.pd.name", false, true, "of GCE disks"},
    {"glusterfs.endpoints.name", false, true, "of glusterfs volumes"},
    {"glusterfs.path", false, true, "of glusterfs volumes"},
};
static_assert(sizeof(kMetricInfo) / sizeof(MetricInfo) == kMetrics);
static_assert(sizeof(kAttributeInfo) / sizeof(AttributeInfo) == kAttributes);

constexpr const MetricInfo& info(MetricId id) { return kMetricInfo[static_cast<std::size_t>(id)]; }
constexpr const AttributeInfo& info(AttributeId id) { return kAttributeInfo[static_cast<std::size_t>(id)]; }

}  // namespace gleaner::receivers::kubeletstats
