#include "processors/resourcedetection/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "processors/resourcedetection/resource.h"
#include "text/regex.h"

namespace gleaner::processors::resourcedetection {
namespace {

/// The reference has them, gleaner does not.
constexpr std::string_view kOthers[] = {"gcp",
                                        "gke",
                                        "gce",
                                        "azure",
                                        "aks",
                                        "docker",
                                        "heroku",
                                        "openshift",
                                        "dynatrace",
                                        "consul",
                                        "kubeadm",
                                        "hetzner",
                                        "akamai",
                                        "scaleway",
                                        "vultr",
                                        "oraclecloud",
                                        "digitalocean",
                                        "nova",
                                        "upcloud",
                                        "alibaba_ecs",
                                        "tencent_cvm",
                                        "ibmcloud_vpc",
                                        "ibmcloud_classic",
                                        "elastic_beanstalk",
                                        "elasticbeanstalk"};

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

}  // namespace

std::span<const config::Field> SystemConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&SystemConfig::resource_attributes>("resource_attributes",
                                                        "switches attributes on and off"),
      config::field<&SystemConfig::hostname_sources>("hostname_sources",
                                                     "the first that knows: dns, os, cname, lookup"),
  };
  return kTable;
}
void SystemConfig::validate(config::Check& check) const {
  for (const auto& source : hostname_sources)
    if (!contains(kHostSources, source))
      check.error("hostname_sources", fmt::format("hostname_sources contains invalid value: \"{}\"", source));
}

std::span<const config::Field> Ec2Config::fields() {
  static const config::Field kTable[] = {
      config::field<&Ec2Config::resource_attributes>("resource_attributes", "switches attributes on and off"),
      config::field<&Ec2Config::tags>(
          "tags", "regular expressions over keys of the instance's tags, as the metadata service has them"),
      config::field<&Ec2Config::tags_from_imds>("tags_from_imds", "always so: DescribeTags is not called"),
      config::field<&Ec2Config::max_attempts>("max_attempts",
                                              "requests before the service counts as missing"),
      config::field<&Ec2Config::max_backoff>("max_backoff", "longest wait between them"),
      config::field<&Ec2Config::fail_on_missing_metadata>("fail_on_missing_metadata",
                                                          "no metadata service is an error"),
  };
  return kTable;
}
void Ec2Config::validate(config::Check& check) const {
  for (const auto& tag : tags)
    if (auto compiled = text::Regex::compile(tag); !compiled) check.error("tags", compiled.error().what);
  if (!tags.empty() && !tags_from_imds)
    check.warning("tags",
                  "tags are taken from the metadata service, which the instance must allow; DescribeTags is "
                  "not called");
}

std::span<const config::Field> EksConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&EksConfig::resource_attributes>("resource_attributes", "switches attributes on and off"),
      config::field<&EksConfig::node_from_env_var>("node_from_env_var",
                                                   "the variable that has the node's name"),
      config::field<&EksConfig::fail_on_missing_metadata>("fail_on_missing_metadata",
                                                          "no metadata service is an error; not on Fargate"),
  };
  return kTable;
}
std::span<const config::Field> NodeConfig::fields() {
  static constexpr std::string_view kAuthTypes[] = {"serviceAccount", "kubeConfig", "tls", "none"};
  static const config::Field kTable[] = {
      config::field<&NodeConfig::resource_attributes>("resource_attributes",
                                                      "switches attributes on and off"),
      config::field<&NodeConfig::auth_type>("auth_type", "how to prove who one is to the API server")
          .one_of(kAuthTypes),
      config::field<&NodeConfig::context>("context", "of the kubeconfig"),
      config::field<&NodeConfig::fail_on_missing_metadata>("fail_on_missing_metadata",
                                                           "what cannot be asked is an error"),
      config::field<&NodeConfig::node_from_env_var>("node_from_env_var",
                                                    "the variable that has the node's name"),
  };
  return kTable;
}

std::span<const config::Field> Config::fields() {
  static const config::Field kTable[] = {
      config::field<&Config::detectors>("detectors",
                                        "who to ask; of equal attributes the first one's counts"),
      config::field<&Config::override_>("override", "what is detected replaces what is there"),
      config::field<&Config::fail_on_missing_metadata>("fail_on_missing_metadata",
                                                       "what cannot be asked is an error, and tried again"),
      config::field<&Config::timeout>("timeout", "of the whole detection: detectors work side by side"),
      config::field<&Config::refresh_interval>("refresh_interval", "how often to detect again; 0 = once"),
      config::field<&Config::attributes>("attributes", "only these (gone from newer releases)"),
      config::field<&Config::retry>("retry", "how failing detectors are tried again"),
      config::squash<&Config::http>(),
      config::field<&Config::system>("system", "the machine"),
      config::field<&Config::ec2>("ec2", "the instance, by its metadata service"),
      config::field<&Config::ecs>("ecs", "the task, by its metadata service"),
      config::field<&Config::eks>("eks", "the cluster"),
      config::field<&Config::lambda>("lambda", "the function, by its environment"),
      config::field<&Config::node>("k8s_api", "the node, by the API server"),
      config::field<&Config::node>("k8snode", "the same, as it was called"),
  };
  return kTable;
}

void Config::validate(config::Check& check) const {
  const config::Node* list = check.node().find("detectors");
  for (std::size_t i = 0; i < detectors.size(); ++i) {
    const auto& name = detectors[i];
    if (contains(kDetectors, name)) continue;
    const std::vector<std::string_view> known(std::begin(kDetectors), std::end(kDetectors));
    std::string what =
        contains(kOthers, name)
            ? fmt::format("detector {} is not built into gleaner; built: {}", name, fmt::join(known, ", "))
            : fmt::format("invalid detector key: {}{}", name, config::did_you_mean(name, known));
    if (list && list->is_list() && i < list->items().size())
      check.problems().error(list->items()[i].mark(), fmt::format("{}::detectors::{}", check.path(), i),
                             std::move(what));
    else
      check.error("detectors", std::move(what));
  }
  if (timeout == Duration{0} && retry && retry->max_elapsed_time == Duration{0})
    check.error("timeout",
                "timeout and retry::max_elapsed_time are both 0: one of them must end the detection");
}

std::shared_ptr<Resource> Config::new_resource() { return std::make_shared<Resource>(); }

}  // namespace gleaner::processors::resourcedetection
