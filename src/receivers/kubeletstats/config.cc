#include "receivers/kubeletstats/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8s/client.h"
#include "text/regex.h"

namespace gleaner::receivers::kubeletstats {
namespace {

constexpr std::string_view kGroups[] = {"container", "pod", "node", "volume"};
constexpr std::string_view kLabels[] = {"container.id", "k8s.volume.type"};
constexpr std::string_view kAuthTypes[] = {"tls", "serviceAccount", "kubeConfig", "none"};

/// In the order in which the reference tests them.
constexpr MetricId kOfNode[] = {
    MetricId::k8s_container_cpu_node_utilization, MetricId::k8s_pod_cpu_node_utilization,
    MetricId::k8s_container_memory_node_utilization, MetricId::k8s_pod_memory_node_utilization};
constexpr MetricId kOfLimits[] = {
    MetricId::k8s_container_cpu_limit_utilization,    MetricId::k8s_container_cpu_request_utilization,
    MetricId::k8s_container_memory_limit_utilization, MetricId::k8s_container_memory_request_utilization,
    MetricId::k8s_pod_cpu_limit_utilization,          MetricId::k8s_pod_cpu_request_utilization,
    MetricId::k8s_pod_memory_limit_utilization,       MetricId::k8s_pod_memory_request_utilization};

bool contains(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}
std::vector<std::string_view> words(std::span<const std::string_view> list) {
  return {list.begin(), list.end()};
}

/// An error at the i-th item of a list, or at what stands for the list.
void error_at(config::Check& check, std::string_view key, std::size_t i, std::string what) {
  const config::Node* list = check.node().find(key);
  if (!list || !list->is_list() || i >= list->items().size()) return check.error(key, std::move(what));
  check.problems().error(list->items()[i].mark(), fmt::format("{}::{}::{}", check.path(), key, i),
                         std::move(what));
}

/// An error at a row of the section `metrics`.
void error_at(config::Check& check, MetricId id, std::string what) {
  const config::Node* section = check.node().find("metrics");
  const config::Node* row = section ? section->find(info(id).name) : nullptr;
  if (!row) return check.error("metrics", std::move(what));
  check.problems().error(row->mark(), fmt::format("{}::metrics::{}", check.path(), info(id).name),
                         std::move(what));
}

/// Keys that are known and do nothing with this kind of authentication: one warning each.
void warn_of_idle_keys(const Config& config, config::Check& check) {
  static constexpr std::string_view kOwn[] = {"cert_file", "cert_pem", "key_file", "key_pem"};
  static constexpr std::string_view kAuthority[] = {"ca_file", "ca_pem"};
  const auto tell = [&](std::span<const std::string_view> keys) {
    for (const auto key : keys)
      if (check.written(key))
        check.warning(key, fmt::format("has no effect with auth_type {}", config.auth_type));
  };
  if (config.auth_type != "tls") tell(kOwn);
  if (config.auth_type != "tls" && config.auth_type != "serviceAccount") tell(kAuthority);
  if (config.auth_type != "kubeConfig" && !config.context.empty())
    check.warning("context", fmt::format("has no effect with auth_type {}", config.auth_type));
}

void warn_of_old_switches(const Config& config, config::Check& check) {
  const auto tell = [&](std::string_view section, std::string_view name, bool on) {
    const config::Node* switches = check.node().find(section);
    const config::Node* node = switches ? switches->find(name) : nullptr;
    if (node && on)
      check.problems().warning(node->mark(), fmt::format("{}::{}", check.path(), section),
                               fmt::format("{} is deprecated and will be removed soon", name));
  };
  for (const MetricId id : kOfNode) tell("metrics", info(id).name, config.metrics.of(id).enabled);
  for (std::size_t i = 0; i < kAttributes; ++i)
    if (kAttributeInfo[i].deprecated)
      tell("resource_attributes", kAttributeInfo[i].name, config.resource_attributes.rows[i].enabled);
}

}  // namespace

void Match::validate(config::Check& check) const {
  if (strict.has_value() == regexp.has_value()) return check.error("takes one of strict and regexp");
  if (!regexp) return;
  if (auto compiled = text::Regex::compile(*regexp); !compiled) check.error("regexp", compiled.error().what);
}

void ApiConfig::validate(config::Check& check) const {
  if (!contains(kAuthTypes, auth_type))
    check.error("auth_type", fmt::format("invalid authType for kubernetes: {}{}", auth_type,
                                         config::did_you_mean(auth_type, words(kAuthTypes))));
}

bool Config::has_group(std::string_view name) const {
  return std::find(metric_groups.begin(), metric_groups.end(), name) != metric_groups.end();
}
bool Config::has_label(std::string_view name) const {
  return std::find(extra_metadata_labels.begin(), extra_metadata_labels.end(), name) !=
         extra_metadata_labels.end();
}
bool Config::wants_capacity() const {
  return std::any_of(std::begin(kOfNode), std::end(kOfNode),
                     [&](MetricId id) { return metrics.of(id).enabled; });
}
bool Config::wants_pods() const {
  return !extra_metadata_labels.empty() || std::any_of(std::begin(kOfLimits), std::end(kOfLimits),
                                                       [&](MetricId id) { return metrics.of(id).enabled; });
}

/// proc and metrics_api have no kubelet to ask.
void Config::validate_other_source(config::Check& check) const {
  for (const std::string_view key : {"auth_type", "endpoint", "context", "extra_metadata_labels", "node",
                                     "insecure_skip_verify", "ca_file", "ca_pem", "cert_file", "key_file"})
    if (check.written(key)) check.warning(key, fmt::format("has no effect with source {}", source));
  if (source == "proc" && k8s_api_config) check.warning("k8s_api_config", "has no effect with source proc");
  for (const MetricId id : kOfLimits)
    if (metrics.of(id).enabled)
      error_at(
          check, id,
          fmt::format("{} needs source kubelet: limits and requests come from its /pods", info(id).name));
}

void Config::validate(config::Check& check) const {
  scraping.validate(check);
  if (!contains(kAuthTypes, auth_type))
    check.error("auth_type", fmt::format("invalid authType for kubernetes: {}{}", auth_type,
                                         config::did_you_mean(auth_type, words(kAuthTypes))));
  for (std::size_t i = 0; i < metric_groups.size(); ++i)
    if (!contains(kGroups, metric_groups[i]))
      error_at(check, "metric_groups", i,
               fmt::format("invalid entry in metric_groups: \"{}\" is not one of {}{}", metric_groups[i],
                           fmt::join(kGroups, ", "), config::did_you_mean(metric_groups[i], words(kGroups))));
  for (std::size_t i = 0; i < extra_metadata_labels.size(); ++i) {
    const auto& label = extra_metadata_labels[i];
    const auto before = extra_metadata_labels.begin() + static_cast<std::ptrdiff_t>(i);
    if (!contains(kLabels, label))
      error_at(
          check, "extra_metadata_labels", i,
          fmt::format("label \"{}\" is not supported{}", label, config::did_you_mean(label, words(kLabels))));
    else if (std::find(extra_metadata_labels.begin(), before, label) != before)
      error_at(check, "extra_metadata_labels", i, fmt::format("duplicate metadata label: \"{}\"", label));
  }
  for (const MetricId id : kOfNode) {
    if (!metrics.of(id).enabled) continue;
    const auto name = info(id).name;
    if (node.empty())
      error_at(
          check, id,
          fmt::format("for {} node setting is required. Check the readme on how to set the required setting",
                      name));
    else if (!k8s_api_config)
      error_at(check, id,
               fmt::format("for {} k8s_api_config is required: the node's capacity comes from the API server",
                           name));
  }
  if (source != "kubelet") return validate_other_source(check);
  if (auth_type == "tls" && tls.ca_file.empty() && tls.ca_pem.value.empty())
    check.error("auth_type", "tls needs ca_file, the authority that signed the kubelet's certificate");
  if (auth_type == "tls" && tls.cert_file.empty() && tls.cert_pem.value.empty())
    check.error("auth_type", "tls needs cert_file and key_file, a client certificate");
  warn_of_idle_keys(*this, check);
  warn_of_old_switches(*this, check);
}

}  // namespace gleaner::receivers::kubeletstats
