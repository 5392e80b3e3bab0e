#include "processors/k8sattributes/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "processors/k8sattributes/cache.h"
#include "processors/k8sattributes/rules.h"
#include "text/regex.h"

namespace gleaner::processors::k8sattributes {
namespace {

constexpr std::string_view kAuthTypes[] = {"serviceAccount", "kubeConfig", "tls", "none"};
constexpr std::string_view kSelf[] = {"auto", "always", "never"};
constexpr std::string_view kSources[] = {"connection", "resource_attribute"};
constexpr std::string_view kFieldOps[] = {"equals", "not-equals", "exists", "does-not-exist"};
constexpr std::size_t kMostSources = 4;

}  // namespace

std::span<const config::Field> FieldConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&FieldConfig::tag_name>(
          "tag_name",
          "the attribute; default k8s.FROM.labels.KEY or "
          "k8s.FROM.annotations.KEY, of owners label and annotation; $1 is a group of key_regex"),
      config::field<&FieldConfig::key>("key", "of the label or annotation"),
      config::field<&FieldConfig::key_regex>("key_regex", "of labels or annotations: the whole key"),
      config::field<&FieldConfig::regex>(
          "regex", "with one group named value: what of the value to take (gone from newer releases)"),
      config::field<&FieldConfig::from>("from", "whose").one_of(kFrom),
  };
  return kTable;
}
void FieldConfig::validate(config::Check& check) const {
  if (!key.empty() && !key_regex.empty())
    check.error(fmt::format(
        "Out of Key or KeyRegex only one option is expected to be configured at a time, currently "
        "Key:{} and KeyRegex:{}",
        key, key_regex));
  if (key.empty() && key_regex.empty()) check.error("key or key_regex is required");
  if (!key_regex.empty())
    if (auto compiled = text::Regex::compile(key_regex); !compiled)
      check.error("key_regex", compiled.error().what);
  if (regex.empty()) return;
  auto compiled = text::Regex::compile(regex);
  if (!compiled)
    check.error("regex", compiled.error().what);
  else if (compiled->groups() != 1 || compiled->names().size() != 1 || compiled->names()[0].name != "value")
    check.error("regex", "regex must contain exactly one named submatch (value)");
}

std::span<const config::Field> ExtractConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&ExtractConfig::metadata>("metadata", "attributes to set"),
      config::field<&ExtractConfig::labels>("labels", "labels to set as attributes"),
      config::field<&ExtractConfig::annotations>("annotations", "annotations to set as attributes"),
      config::field<&ExtractConfig::otel_annotations>(
          "otel_annotations", "resource.opentelemetry.io/NAME of the pod becomes the attribute NAME"),
      config::field<&ExtractConfig::deployment_name_from_replicaset>(
          "deployment_name_from_replicaset",
          "a deployment is called as its ReplicaSet without the hash: no ReplicaSets are watched for it"),
  };
  return kTable;
}
void ExtractConfig::validate(config::Check& check) const {
  const std::vector<std::string_view> known(std::begin(kMetadata), std::end(kMetadata));
  const config::Node* list = check.node().find("metadata");
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    if (std::find(known.begin(), known.end(), metadata[i]) != known.end()) continue;
    std::string what = fmt::format("\"{}\" is not a supported metadata field{}", metadata[i],
                                   config::did_you_mean(metadata[i], known));
    if (list && list->is_list() && i < list->items().size())
      check.problems().error(list->items()[i].mark(), fmt::format("{}::metadata::{}", check.path(), i),
                             std::move(what));
    else
      check.error("metadata", std::move(what));
  }
}

std::span<const config::Field> SelectorConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&SelectorConfig::key>("key", "of the label, or the field such as status.phase"),
      config::field<&SelectorConfig::value>("value", "to compare with"),
      config::field<&SelectorConfig::op>("op", "how to compare").one_of(kFieldOps),
  };
  return kTable;
}
std::span<const config::Field> FilterConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&FilterConfig::node>("node", "pods of this node only"),
      config::field<&FilterConfig::node_from_env_var>("node_from_env_var",
                                                      "the variable that has the node's name"),
      config::field<&FilterConfig::name_space>("namespace", "objects of this namespace only"),
      config::field<&FilterConfig::fields_>("fields", "pods whose fields are so"),
      config::field<&FilterConfig::labels>("labels", "pods whose labels are so"),
  };
  return kTable;
}
void FilterConfig::validate(config::Check& check) const {
  for (const auto& one : fields_)
    if (one.op == "exists" || one.op == "does-not-exist")
      check.error("fields", fmt::format("'{}' is not a valid field filter operation", one.op));
}

std::span<const config::Field> SourceConfig::fields() {
  static const config::Field kTable[] = {
      config::required<&SourceConfig::from>("from", "where the value comes from").one_of(kSources),
      config::field<&SourceConfig::name>("name", "of the resource's attribute"),
  };
  return kTable;
}
void SourceConfig::validate(config::Check& check) const {
  if (from == "resource_attribute" && name.empty())
    check.error("name", "resource_attribute needs the attribute's name");
}
std::span<const config::Field> AssociationConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&AssociationConfig::sources>("sources", "what must all be there, up to 4"),
  };
  return kTable;
}
void AssociationConfig::validate(config::Check& check) const {
  if (sources.size() > kMostSources)
    check.error("sources", fmt::format("too many association sources. limit is {}", kMostSources));
  if (sources.empty()) check.error("sources", "at least one source is required");
}

std::span<const config::Field> ExcludedPod::fields() {
  static const config::Field kTable[] = {
      config::required<&ExcludedPod::name>("name", "regular expression found in the pod's name"),
  };
  return kTable;
}
void ExcludedPod::validate(config::Check& check) const {
  if (auto compiled = text::Regex::compile(name); !compiled) check.error("name", compiled.error().what);
}
std::span<const config::Field> ExcludeConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&ExcludeConfig::pods>("pods", "pods that get no attributes; default: those of Jaeger"),
  };
  return kTable;
}

std::span<const config::Field> Config::fields() {
  static const config::Field kTable[] = {
      config::field<&Config::auth_type>("auth_type", "how to prove who one is to the API server")
          .one_of(kAuthTypes),
      config::field<&Config::context>("context", "of the kubeconfig"),
      config::later("kube_api_qps",
                    "requests a second; one list and one watch are made for a kind of object"),
      config::later("kube_api_burst", "requests at once"),
      config::field<&Config::passthrough>("passthrough",
                                          "only set k8s.pod.ip to the sender's address, ask no API server"),
      config::field<&Config::self>(
          "self",
          "take everything for this pod's own, as the Downward API tells it, and ask no "
          "API server; auto: where an operator injected gleaner as a sidecar")
          .one_of(kSelf),
      config::field<&Config::pod_info>(
          "pod_info", "with self: folder of a Downward API volume with the files labels and annotations"),
      config::field<&Config::extract>("extract", "what to set"),
      config::field<&Config::filter>("filter", "which objects to know; the API server leaves out the others"),
      config::field<&Config::pod_association>(
          "pod_association",
          "how to tell whose data it is: the first one whose sources are there; default: k8s.pod.ip, ip, the "
          "sender's address, host.name"),
      config::field<&Config::exclude>("exclude", "what to leave alone"),
      config::field<&Config::wait_for_metadata>("wait_for_metadata",
                                                "start only when the cluster's objects are known"),
      config::field<&Config::wait_for_metadata_timeout>("wait_for_metadata_timeout",
                                                        "after which the start fails"),
      config::field<&Config::watch_sync_period>(
          "watch_sync_period",
          "how often the reference goes over its cache again; nothing has to be repeated here"),
      config::field<&Config::pod_delete_grace_period>(
          "pod_delete_grace_period", "how long a deleted pod's data still gets its attributes"),
  };
  return kTable;
}
void Config::validate(config::Check& check) const {
  if (auth_type != "kubeConfig" && !context.empty())
    check.warning("context", fmt::format("has no effect with auth_type {}", auth_type));
  if (watch_sync_period < Duration{0})
    check.error("watch_sync_period", "watch_sync_period must be greater than or equal to 0");
  if (pod_delete_grace_period < Duration{0})
    check.error("pod_delete_grace_period", "pod_delete_grace_period must be greater than or equal to 0");
  if (passthrough && self == "always")
    check.error("self", "passthrough sets k8s.pod.ip and nothing else: choose one of the two");
}

std::shared_ptr<Cache> Config::new_cache() { return std::make_shared<Cache>(); }

}  // namespace gleaner::processors::k8sattributes
