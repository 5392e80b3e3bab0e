#pragma once
// gleaner's own: the reference has no such receiver.
#include "pipeline/factory.h"
#include "pipeline/sending_config.h"

namespace gleaner::receivers::k8spodlogs {

inline constexpr std::string_view kAuthTypes[] = {"serviceAccount", "kubeConfig", "none"};
inline constexpr std::string_view kStarts[] = {"beginning", "end"};
inline constexpr std::string_view kWays[] = {"pods_log", "node_proxy"};

struct ContainersConfig {
  std::vector<std::string> include, exclude;
  static std::span<const config::Field> fields();
};

struct Config {
  std::string auth_type = "serviceAccount";
  std::string context;
  std::string name_space;  ///< empty: $POD_NAMESPACE, else the service account's
  std::string pod;         ///< empty: $POD_NAME, else the host name
  std::string selector;    ///< of labels; empty: `pod` alone
  ContainersConfig containers;
  std::string via = "pods_log";
  std::string node;      ///< empty: the pod's, else $NODE_NAME, else $K8S_NODE_NAME
  std::string endpoint;  ///< of a relay; empty: the API server's node proxy
  std::string ca_file;
  bool insecure_skip_verify = false;
  Duration poll_interval = std::chrono::seconds(1);
  std::string start_at = "beginning";
  Duration refresh_interval = std::chrono::seconds(30);
  Duration silence = std::chrono::minutes(2);
  config::ByteSize max_log_size{1 << 20};
  config::Dict<std::string> attributes, resource;
  config::Node operators;
  std::vector<std::string> output;
  std::optional<std::string> storage;  ///< id of an extension
  std::optional<RetryConfig> retry =
      RetryConfig{.initial_interval = std::chrono::seconds(1), .max_elapsed_time = Duration{0}};

  static std::span<const config::Field> fields();
  void validate(config::Check& check) const;
  bool wants(std::string_view container) const;
  bool reads_files() const { return via == "node_proxy"; }
};

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next);

}  // namespace gleaner::receivers::k8spodlogs
