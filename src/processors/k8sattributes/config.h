#pragma once
// Source: spec/collector.md 6.7.
#include "config/compat.h"
#include "pipeline/factory.h"

namespace gleaner::processors::k8sattributes {

class Cache;

/// One of extract::labels or extract::annotations.
struct FieldConfig {
  std::string tag_name, key, key_regex, regex;
  std::string from = "pod";
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};

struct ExtractConfig {
  std::vector<std::string> metadata = {"k8s.namespace.name",   "k8s.pod.name",        "k8s.pod.uid",
                                       "k8s.pod.start_time",   "k8s.deployment.name", "k8s.node.name",
                                       "container.image.name", "container.image.tag"};
  std::vector<FieldConfig> labels, annotations;
  bool otel_annotations = false;
  bool deployment_name_from_replicaset = config::by_compat(true, false);
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};

struct SelectorConfig {
  std::string key, value, op = "equals";
  static std::span<const config::Field> fields();
};
struct FilterConfig {
  std::string node, node_from_env_var, name_space;
  std::vector<SelectorConfig> fields_, labels;
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};

struct SourceConfig {
  std::string from, name;
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};
struct AssociationConfig {
  std::vector<SourceConfig> sources;
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};

struct ExcludedPod {
  std::string name;
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};
struct ExcludeConfig {
  std::vector<ExcludedPod> pods = {{"jaeger-agent"}, {"jaeger-collector"}};
  static std::span<const config::Field> fields();
};

struct Config {
  std::string auth_type = "serviceAccount";
  std::string context;
  bool passthrough = false;
  std::string self = "auto";
  std::string pod_info = "/etc/podinfo";
  ExtractConfig extract;
  FilterConfig filter;
  std::vector<AssociationConfig> pod_association;
  ExcludeConfig exclude;
  bool wait_for_metadata = false;
  Duration wait_for_metadata_timeout = std::chrono::seconds(10);
  Duration watch_sync_period = std::chrono::minutes(5);
  Duration pod_delete_grace_period = std::chrono::seconds(120);
  /// What is known of the cluster: one for all pipelines and lanes that use this configuration.
  std::shared_ptr<Cache> cache = new_cache();

  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;

 private:
  static std::shared_ptr<Cache> new_cache();
};

struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::k8sattributes
