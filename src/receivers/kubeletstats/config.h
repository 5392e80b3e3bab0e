#pragma once
// Source: spec/kubeletstats.md 2.
#include "confignet/tls.h"
#include "pipeline/factory.h"
#include "pipeline/scraping_config.h"
#include "receivers/kubeletstats/toggles.h"

namespace gleaner::receivers::kubeletstats {

inline constexpr std::string_view kSources[] = {"kubelet", "proc", "metrics_api"};

struct ApiConfig {
  std::string auth_type, context;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ApiConfig::auth_type>("auth_type", "serviceAccount, kubeConfig, tls or none"),
        config::field<&ApiConfig::context>("context", "of the kubeconfig"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct AllInterfaces {
  bool pod = false, node = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&AllInterfaces::pod>("pod", "every interface of pods, not only the default one"),
        config::field<&AllInterfaces::node>("node", "every interface of the node"),
    };
    return kTable;
  }
};

struct Config {
  ScrapingConfig scraping{.collection_interval = std::chrono::seconds(10)};
  std::string source = "kubelet";  ///< gleaner's own
  std::string auth_type = "tls";
  std::string context;
  std::string endpoint;
  confignet::TlsConfig tls;
  bool insecure_skip_verify = false;
  std::vector<std::string> extra_metadata_labels;
  std::vector<std::string> metric_groups = {"container", "pod", "node"};
  std::optional<ApiConfig> k8s_api_config;
  std::string node;
  AllInterfaces collect_all_network_interfaces;
  MetricToggles metrics;
  AttributeToggles resource_attributes;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::squash<&Config::scraping>(),
        config::field<&Config::source>("source",
                                       "kubelet; proc: this pod by /proc and /sys/fs/cgroup; metrics_api: "
                                       "this pod by metrics.k8s.io. The last two "
                                       "need no right on nodes, and know less")
            .one_of(kSources),
        config::field<&Config::auth_type>("auth_type", "tls, serviceAccount, kubeConfig or none"),
        config::field<&Config::context>("context", "of the kubeconfig; default: its current one"),
        config::field<&Config::endpoint>(
            "endpoint",
            "host:port or URL, with a path for the API server's node proxy; kubeConfig: the node's name"),
        config::later("dialer", "limits for making connections; without effect in the reference too"),
        config::squash<&Config::tls>(),
        config::field<&Config::insecure_skip_verify>("insecure_skip_verify",
                                                     "do not check the server's certificate"),
        config::field<&Config::extra_metadata_labels>("extra_metadata_labels",
                                                      "container.id, k8s.volume.type"),
        config::field<&Config::metric_groups>("metric_groups",
                                              "what to tell of: container, pod, node, volume"),
        config::field<&Config::k8s_api_config>(
            "k8s_api_config", "how to ask the API server for claims and the node's capacity"),
        config::field<&Config::node>("node", "the node's name, for shares of its capacity"),
        config::field<&Config::collect_all_network_interfaces>("collect_all_network_interfaces",
                                                               "more than the default interface"),
        config::field<&Config::metrics>("metrics", "switches metrics on and off"),
        config::field<&Config::resource_attributes>(
            "resource_attributes", "switches resource attributes on and off, filters by them"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;

  bool has_group(std::string_view name) const;
  bool has_label(std::string_view name) const;
  /// Whether any metric is on that needs the node's capacity.
  bool wants_capacity() const;
  /// Whether /pods has to be asked.
  bool wants_pods() const;

 private:
  void validate_other_source(config::Check& check) const;
};

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next);

}  // namespace gleaner::receivers::kubeletstats
