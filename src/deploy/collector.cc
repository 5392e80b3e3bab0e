#include "deploy/collector.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cmath>

#include "config/yaml.h"
#include "deploy/components.h"
#include "deploy/go_json.h"
#include "deploy/naming.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {

std::string sha256(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

/// Keys of `from` in the order of `keys`, those that are there; `always` keys are null when they are not.
Node ordered(const Node& from, std::initializer_list<std::string_view> keys,
             std::initializer_list<std::string_view> always) {
  Node out = Node::map({});
  for (const auto key : keys) {
    const Node* value = from.find(key);
    const bool must = std::find(always.begin(), always.end(), key) != always.end();
    if (value && (must || !value->is_null()))
      out[std::string(key)] = sorted(*value);
    else if (must)
      out[std::string(key)] = Node::null({});
  }
  return out;
}

/// Whole numbers as the operator writes them, which has read them as JSON: 0755 is 493, 1e3 is 1000.
void write_out_numbers(Node& node) {
  for (auto& entry : node.entries()) write_out_numbers(entry.value);
  for (auto& item : node.items()) write_out_numbers(item);
  if (!node.is_scalar()) return;
  const auto real = node.real();
  if (real && std::fabs(*real) < 1e21 && *real == std::floor(*real))
    node.set_text(fmt::format("{:.0f}", *real), true);
}

/// The operator's structure: known sections only, in its order; maps below them sorted.
Node canonical(const Node& config) {
  Node out = ordered(config, {"receivers", "exporters", "processors", "connectors", "extensions"},
                     {"receivers", "exporters"});
  for (const std::string_view key : {"receivers", "exporters"})
    if (out[std::string(key)].is_null()) out[std::string(key)] = Node::map({});
  const Node* from = config.find("service");
  Node service =
      ordered(from ? *from : Node::map({}), {"extensions", "telemetry", "pipelines"}, {"pipelines"});
  if (is_empty(service.find("extensions"))) service.remove("extensions");
  Node& pipelines = service["pipelines"];
  if (!pipelines.is_map()) pipelines = Node::map({});
  for (auto& pipeline : pipelines.entries()) {
    if (pipeline.value.is_null()) continue;
    Node now = ordered(pipeline.value, {"exporters", "processors", "receivers"}, {"exporters", "receivers"});
    if (is_empty(now.find("processors"))) now.remove("processors");
    pipeline.value = std::move(now);
  }
  out["service"] = std::move(service);
  write_out_numbers(out);
  return out;
}

/// v1alpha1's words become v1beta1's. Source: spec/operator.md 3.
void convert(Node& spec) {
  for (auto& entry : spec.entries())
    if (entry.key == "updateStrategy") entry.key = "daemonSetUpdateStrategy";
  for (const std::string_view key : {"minReplicas", "maxReplicas"}) {
    const Node* value = spec.find(key);
    if (!value) continue;
    const Node copy = *value;
    Node& scaler = spec["autoscaler"];
    if (scaler.is_null()) scaler = Node::map({});
    if (!scaler.find(key)) scaler[std::string(key)] = copy;
    spec.remove(key);
  }
  if (Node* watched = spec.find("observability"))
    if (Node* metrics = watched->find("metrics"))
      for (auto& entry : metrics->entries())
        if (entry.key == "DisablePrometheusAnnotations") entry.key = "disablePrometheusAnnotations";
}

/// What the API server or the operator's webhook refuses. @return "" or what is wrong
std::string refused(const Collector& c) {
  const auto not_in = [&](std::string_view field) {
    return fmt::format(
        "the OpenTelemetry Collector mode is set to {}, which does not support the attribute '{}'", c.mode,
        field);
  };
  const auto has = [&](std::string_view field) { return !is_empty(c.spec.find(field)); };
  if (c.mode != "deployment" && c.mode != "daemonset" && c.mode != "statefulset" && !c.is_sidecar())
    return fmt::format("spec.mode: \"{}\" is none of daemonset, deployment, sidecar, statefulset", c.mode);
  for (const std::string_view field : {"volumeClaimTemplates", "persistentVolumeClaimRetentionPolicy"})
    if (c.mode != "statefulset" && has(field)) return not_in(field);
  for (const std::string_view field :
       {"tolerations", "priorityClassName", "affinity", "additionalContainers"})
    if (c.is_sidecar() && has(field)) return not_in(field);
  if (c.mode != "daemonset" && !text_at(c.spec, "daemonSetUpdateStrategy.type").empty())
    return not_in("updateStrategy");
  if (c.mode != "deployment" && !text_at(c.spec, "deploymentUpdateStrategy.type").empty())
    return not_in("deploymentUpdateStrategy");
  if (const Node* ports = c.spec.find("ports"); ports && ports->is_list())
    for (const Node& port : ports->items()) {
      const Node* its = port.find("port");
      const std::int64_t value = its ? its->integer().value_or(0) : 0;
      if (!is_port_name(text_at(port, "name")) || value < 1 || value > 65535)
        return fmt::format("spec.ports: name '{}' or number '{}' is no port's", text_at(port, "name"), value);
    }
  const auto count = [&](std::string_view path) {
    const Node* value = at(c.spec, path);
    return value ? value->integer() : std::nullopt;
  };
  const auto most = count("autoscaler.maxReplicas"), least = count("autoscaler.minReplicas");
  if (least && !most) return "spec.maxReplica must be set when spec.minReplica is set";
  if (most && (count("replicas").value_or(1) > *most || least.value_or(1) > *most))
    return "spec.autoscaler: replicas and minReplicas must not be greater than maxReplicas";
  if (c.is_sidecar() && text_at(c.spec, "ingress.type") == "ingress")
    return "spec.ingress: not in mode sidecar";
  if (truth_at(c.spec, "targetAllocator.enabled"))
    return "spec.targetAllocator: its allocator hands targets out at run time; only the OpenTelemetry "
           "operator runs one";
  return "";
}

Result<Collector> finish(Collector collector, const Node& config, const Cluster& cluster) {
  collector.config = canonical(config);
  if (collector.image.empty()) collector.image = cluster.image;
  if (cluster.defaulting)
    if (auto ok = add_defaults(collector); !ok) return fail(std::move(ok.error()));
  collector.config = canonical(collector.config);
  collector.hash = sha256(go_json(collector.config));
  return collector;
}

void warn(Collector& collector, std::string what) { collector.warnings.push_back(std::move(what)); }

}  // namespace

std::vector<std::string> Collector::enabled(std::string_view section) const {
  std::vector<std::string> ids;
  const auto take = [&](const Node* listed) {
    if (listed && listed->is_list())
      for (const Node& id : listed->items()) ids.push_back(id.text());
  };
  if (section == "extensions") {
    take(at(config, "service.extensions"));
  } else if (const Node* pipelines = at(config, "service.pipelines")) {
    for (const auto& pipeline : pipelines->entries()) take(pipeline.value.find(section));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Node Collector::settings(std::string_view section, std::string_view id) const {
  const Node* all = config.find(section);
  const Node* its = all ? all->find(id) : nullptr;
  return its ? *its : Node();
}

bool is_collector(const Node& object) {
  return text_at(object, "kind") == "OpenTelemetryCollector" &&
         text_at(object, "apiVersion").starts_with("opentelemetry.io/");
}

Result<Collector> read_collector(const Node& object, const Cluster& cluster, const std::string& source) {
  const std::string version = text_at(object, "apiVersion");
  const bool old = version == "opentelemetry.io/v1alpha1";
  const std::string where = object.mark().text() + ": ";
  if (!old && version != "opentelemetry.io/v1beta1")
    return fail(Fault::config,
                where + "apiVersion \"" + version + "\" is neither opentelemetry.io/v1alpha1 nor v1beta1");
  Collector c;
  c.name = text_at(object, "metadata.name");
  if (c.name.empty()) return fail(Fault::config, where + "metadata.name is missing");
  c.name_space = text_at(object, "metadata.namespace");
  c.anywhere = c.name_space.empty();
  if (c.anywhere) c.name_space = cluster.name_space;
  if (const Node* labels = at(object, "metadata.labels")) c.labels = *labels;
  if (const Node* notes = at(object, "metadata.annotations"))
    for (const auto& entry : notes->entries())
      if (entry.key != "kubectl.kubernetes.io/last-applied-configuration")
        c.annotations[entry.key] = entry.value;
  if (const Node* spec = object.find("spec")) c.spec = *spec;
  if (!c.spec.is_map()) return fail(Fault::config, where + "spec is missing");
  if (old) convert(c.spec);
  c.mode = text_at(c.spec, "mode");
  if (c.mode.empty()) c.mode = "deployment";
  c.image = text_at(c.spec, "image");
  const Node* config = c.spec.find("config");
  if (is_empty(config)) return fail(Fault::config, where + "spec.config is missing");
  Node parsed;
  if (config->is_scalar()) {
    if (!old)
      return fail(Fault::config,
                  config->mark().text() + ": spec.config is a text; in v1beta1 it is a structure");
    auto tree = config::parse_yaml(config->text(), source + ": spec.config");
    if (!tree) return fail(std::move(tree.error()));
    parsed = std::move(*tree);
  } else {
    parsed = *config;
  }
  if (std::string wrong = refused(c); !wrong.empty()) return fail(Fault::config, where + wrong);
  if (text_at(c.spec, "managementState") == "unmanaged")
    warn(c, "spec.managementState: unmanaged, the operator would leave it alone");
  const Node* args = c.spec.find("args");
  if (!c.is_sidecar() && args && args->find("config"))
    warn(c, "spec.args.config is ignored, as the operator does");
  for (const std::string_view field : {"ingress", "httpRoute"})
    if (!text_at(c.spec, fmt::format("{}.type", field)).empty() ||
        truth_at(c.spec, fmt::format("{}.enabled", field)))
      warn(c, fmt::format("spec.{} is not rendered", field));
  if (truth_at(c.spec, "observability.metrics.enableMetrics"))
    warn(c, "spec.observability.metrics.enableMetrics: no ServiceMonitor or PodMonitor is rendered");
  return finish(std::move(c), parsed, cluster);
}

Result<Collector> sidecar_of(Node config, const Cluster& cluster, const std::string& source) {
  if (!config.is_map()) return fail(Fault::config, source + ": is no collector configuration");
  Collector c;
  c.name = "gleaner";
  c.anywhere = true;
  c.name_space = cluster.name_space;
  c.mode = "sidecar";
  // Nobody said anything: what a namespace with Pod Security "restricted" takes, and what gleaner needs at
  // most (64 MiB of received bodies and itself); the small CPU request fits beside most applications on
  // Fargate.
  c.spec =
      doc("{securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, "
          "readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, "
          "resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 96Mi}}}");
  return finish(std::move(c), config, cluster);
}

}  // namespace gleaner::deploy
