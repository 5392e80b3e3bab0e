#pragma once
// What of an object becomes which attribute, ready for use.
#include <optional>
#include <string>
#include <vector>

#include "k8s/object.h"
#include "pdata/value.h"
#include "processors/k8sattributes/config.h"
#include "text/regex.h"

namespace gleaner::processors::k8sattributes {

/// Kinds of objects, called as in `from`.
enum class Kind : std::uint8_t {
  pod,
  name_space,
  node,
  deployment,
  stateful_set,
  daemon_set,
  job,
  replica_set,
  count
};
inline constexpr std::string_view kFrom[] = {"pod",         "namespace", "node", "deployment",
                                             "statefulset", "daemonset", "job"};

/// Attributes that have their place in an object, in the order of Meta.
inline constexpr std::string_view kMetadata[] = {
    "k8s.namespace.name",   "k8s.pod.name",         "k8s.pod.uid",
    "k8s.pod.ip",           "k8s.pod.hostname",     "k8s.pod.start_time",
    "k8s.replicaset.name",  "k8s.replicaset.uid",   "k8s.deployment.name",
    "k8s.deployment.uid",   "k8s.daemonset.name",   "k8s.daemonset.uid",
    "k8s.statefulset.name", "k8s.statefulset.uid",  "k8s.job.name",
    "k8s.job.uid",          "k8s.cronjob.name",     "k8s.cronjob.uid",
    "k8s.node.name",        "k8s.node.uid",         "k8s.cluster.uid",
    "k8s.container.name",   "container.id",         "container.image.name",
    "container.image.tag",  "container.image.tags", "container.image.repo_digests",
    "service.namespace",    "service.name",         "service.version",
    "service.instance.id"};
enum class Meta : std::uint8_t {
  namespace_name,
  pod_name,
  pod_uid,
  pod_ip,
  pod_hostname,
  pod_start_time,
  replicaset_name,
  replicaset_uid,
  deployment_name,
  deployment_uid,
  daemonset_name,
  daemonset_uid,
  statefulset_name,
  statefulset_uid,
  job_name,
  job_uid,
  cronjob_name,
  cronjob_uid,
  node_name,
  node_uid,
  cluster_uid,
  container_name,
  container_id,
  image_name,
  image_tag,
  image_tags,
  repo_digests,
  service_namespace,
  service_name,
  service_version,
  service_instance_id,
  count
};
static_assert(std::size(kMetadata) == static_cast<std::size_t>(Meta::count));
constexpr std::string_view name_of(Meta meta) { return kMetadata[static_cast<std::size_t>(meta)]; }

/// One label or annotation, or all whose keys match.
class FieldRule {
 public:
  /// @param what "labels" or "annotations"
  static Result<FieldRule> compile(const FieldConfig& config, std::string_view what);
  Kind from() const { return from_; }
  /// Sets what `texts` has for it.
  void extract(const List<k8s::KeyText>& texts, Arena& arena, pdata::Map& into) const;

 private:
  Kind from_ = Kind::pod;
  std::string key_, name_, default_name_;  ///< default_name_ comes in front of a key
  std::optional<text::Regex> key_regex_, value_regex_;
  text::Replacement replacement_;
};

/// One way to tell whose data it is.
struct Association {
  struct Source {
    bool connection = false;
    std::string name;
  };
  std::vector<Source> sources;
};

class Rules {
 public:
  static Result<Rules> compile(const Config& config);

  bool has(Meta meta) const { return metadata_ >> static_cast<unsigned>(meta) & 1; }
  /// Whether anything is wanted that only containers have.
  bool wants_containers() const;
  /// Whether labels or annotations of this kind are wanted.
  bool wants_texts_of(Kind kind) const;
  /// Whether objects of this kind have to be known at all.
  bool wants(Kind kind) const;
  bool excludes(const k8s::Object& pod) const;
  const std::vector<Association>& associations() const { return associations_; }
  /// Labels and annotations of an object as attributes.
  void extract(Kind kind, const List<k8s::KeyText>& labels, const List<k8s::KeyText>& annotations,
               Arena& arena, pdata::Map& into) const;

 private:
  std::uint64_t metadata_ = 0;
  std::vector<FieldRule> labels_, annotations_;
  std::vector<Association> associations_;
  std::vector<text::Regex> excluded_;
  bool deployment_from_replica_set_ = true;
};

}  // namespace gleaner::processors::k8sattributes
