#pragma once
// The kubelet's numbers without a kubelet: from /proc and /sys/fs/cgroup, as far as a container sees them.
// Source: spec/fargate.md 8 (6), proc(5), the kernel's Documentation/admin-guide/cgroup-v2.rst.
#include <map>
#include <string>

#include "k8s/summary.h"

namespace gleaner::receivers::kubeletstats {

/// Who the pod is, by the Downward API: POD_NAME, POD_NAMESPACE, POD_UID, NODE_NAME.
struct PodIdentity {
  std::string name, name_space, uid, node;
  static PodIdentity from_environment();
};

/// Reads again and again; remembers counters, so that rates come out of two looks.
///
/// node: CPU, memory, file system and processes of the machine, and its network where the pod has the node's
/// (Fargate). pod: its network, always; its file system; CPU and memory of the machine on Fargate, where it
/// is the pod's, else of the containers that are seen. Containers: this one by its cgroup; with
/// shareProcessNamespace all, CPU and resident memory, by their processes.
class Machine {
 public:
  /// @param root  in front of /proc and /sys: "" but for tests
  Machine(PodIdentity pod, std::string root);
  /// Texts live in `arena`. @param now monotonic nanoseconds, for rates
  /// @return Fault::os when there is no /proc to read
  Result<k8s::Summary> read(Arena& arena, std::uint64_t now);

 private:
  struct Sample {
    std::uint64_t cpu = 0, time = 0;  // ns
  };
  struct Processes {
    std::uint64_t cpu = 0, rss = 0, minor = 0, major = 0, started = 0;
  };
  void rate(const std::string& who, k8s::CpuStats& cpu, std::uint64_t now);
  Result<> read_node(k8s::NodeStats& node, Arena& arena, std::uint64_t now);
  void read_network(k8s::NetworkStats& network, Arena& arena) const;
  void read_own_container(k8s::PodStats& pod, Arena& arena, std::uint64_t now);
  void read_other_containers(k8s::PodStats& pod, Arena& arena, std::uint64_t now);
  std::string file(const std::string& path) const;

  const PodIdentity pod_;
  const std::string root_;
  std::uint64_t boot_ = 0;    ///< seconds since 1970
  std::string own_, own_id_;  ///< the container this process runs in
  std::map<std::string, Sample> samples_;
  std::map<std::string, std::string> names_;  ///< of containers by id
};

/// "memory.stat", /proc/meminfo and their like: the number behind `key`, in the unit of the file.
k8s::Amount number_behind(std::string_view text, std::string_view key);
/// The id of the container in a text of /proc/PID/cgroup: 64 hexadecimal digits, empty when there is none.
std::string_view container_in(std::string_view cgroup);

/// A PodMetrics of metrics.k8s.io: CPU and working set of the pod and its containers.
Result<k8s::PodStats> read_pod_metrics(std::string_view json, Arena& arena);

}  // namespace gleaner::receivers::kubeletstats
