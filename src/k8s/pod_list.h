#pragma once
// What /pods says of pods beyond their statistics: container ids, requests and limits, where volumes come
// from. Source: spec/kubeletstats.md 5.2, 7.2.
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::k8s {

class JsonCursor;

/// Requests and limits of a container; 0 stands for none, as in the reference.
struct ContainerResources {
  std::string_view name;
  double cpu_request = 0, cpu_limit = 0;              ///< cores
  std::int64_t memory_request = 0, memory_limit = 0;  ///< bytes
};
struct ContainerStatus {
  std::string_view name, id;  ///< the id as the runtime reports it, with its scheme
};

/// Where a volume comes from. Texts are the values of the attributes k8s.volume.type and friends.
struct VolumeSource {
  std::string_view type;   ///< "configMap", "emptyDir", ...; "" for kinds the reference does not name
  std::string_view claim;  ///< persistentVolumeClaim
  std::string_view volume_id, fs_type, pd_name;  ///< AWS EBS, GCE
  std::string_view partition;                    ///< decimal
  std::string_view endpoints, path;              ///< glusterfs
};
struct Volume {
  std::string_view name;
  VolumeSource source;
};
struct Pod {
  std::string_view uid;
  List<ContainerResources> containers;  ///< spec.containers only: init containers and sidecars do not count
  List<ContainerStatus> statuses;       ///< containers, then init containers
  List<Volume> volumes;

  const ContainerResources* container(std::string_view name) const;
  const ContainerStatus* status(std::string_view name) const;
  const Volume* volume(std::string_view name) const;
};

struct PodList {
  List<Pod> pods;
  const Pod* find(std::string_view uid) const;
};

/// Reads a core/v1 PodList in one pass. @return as read_summary(); a bad quantity refuses the whole
Result<PodList> read_pod_list(std::string_view json, Arena& arena);

/// Reads the source keys of a volume or of a PersistentVolume's spec at the cursor. First of several wins in
/// the reference's order, whatever order they are written in.
class VolumeSourceReader {
 public:
  explicit VolumeSourceReader(JsonCursor& json, Arena& arena, bool persistent)
      : json_(json), arena_(arena), persistent_(persistent) {}
  /// The value behind `key`; passes over what is no source.
  bool member(std::string_view key);
  const VolumeSource& result() const { return best_; }

 private:
  JsonCursor& json_;
  Arena& arena_;
  bool persistent_;
  VolumeSource best_;
  int rank_ = 1000;
};

/// "containerd://abc" -> "abc".
std::string_view strip_runtime(std::string_view container_id);

}  // namespace gleaner::k8s
