#pragma once
// Source: spec/collector.md 6.8.
#include "confignet/http_client.h"
#include "pipeline/factory.h"
#include "pipeline/sending_config.h"
#include "processors/resourcedetection/attributes.h"

namespace gleaner::processors::resourcedetection {

class Resource;

inline constexpr std::string_view kDetectors[] = {"env", "system", "ec2",     "ecs",
                                                  "eks", "lambda", "k8s_api", "k8snode"};
inline constexpr std::string_view kHostSources[] = {"dns", "os", "cname", "lookup"};

/// A detector that has attributes to switch and nothing else.
template <auto& Rows>
struct Detector {
  Toggles<Rows> resource_attributes;
  bool fail_on_missing_metadata = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Detector::resource_attributes>("resource_attributes",
                                                      "switches attributes on and off"),
        config::field<&Detector::fail_on_missing_metadata>("fail_on_missing_metadata",
                                                           "what cannot be asked is an error"),
    };
    return kTable;
  }
};
struct SystemConfig {
  Toggles<kSystem> resource_attributes;
  std::vector<std::string> hostname_sources = {"dns", "os"};
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};
struct Ec2Config {
  Toggles<kEc2> resource_attributes;
  std::vector<std::string> tags;
  bool tags_from_imds = false, fail_on_missing_metadata = false;
  std::uint64_t max_attempts = 3;
  Duration max_backoff = std::chrono::seconds(20);
  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
};
struct EksConfig {
  Toggles<kEks> resource_attributes;
  std::string node_from_env_var;
  bool fail_on_missing_metadata = false;
  static std::span<const config::Field> fields();
};
struct NodeConfig {
  Toggles<kNode> resource_attributes;
  std::string auth_type = "serviceAccount", context, node_from_env_var = "K8S_NODE_NAME";
  bool fail_on_missing_metadata = false;
  static std::span<const config::Field> fields();
};

struct Config {
  std::vector<std::string> detectors = {"env"};
  bool override_ = true, fail_on_missing_metadata = false;
  Duration timeout = std::chrono::seconds(5);
  Duration refresh_interval{0};
  std::vector<std::string> attributes;  ///< 0.102: the others are left out
  std::optional<RetryConfig> retry = RetryConfig{
      .initial_interval = std::chrono::seconds(1), .multiplier = 2, .max_elapsed_time = Duration{0}};
  confignet::HttpClientConfig http;
  SystemConfig system;
  Ec2Config ec2;
  Detector<kEcs> ecs;
  EksConfig eks;
  Detector<kLambda> lambda;
  NodeConfig node;
  /// What was detected: once for all pipelines and lanes that use this configuration.
  std::shared_ptr<Resource> resource = new_resource();

  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;

 private:
  static std::shared_ptr<Resource> new_resource();
};

struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::resourcedetection
