#include "deploy/container.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/write.h"
#include "deploy/components.h"
#include "deploy/naming.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {

Node as_service_port(const ServicePort& port) {
  Node out = Node::map({});
  put_text(out, "name", port.name);
  out["port"] = number(port.port);
  if (port.target) out["targetPort"] = number(port.port);
  put_text(out, "protocol", port.protocol);
  put_text(out, "appProtocol", port.app_protocol);
  return out;
}
Node as_container_port(std::string_view name, std::int64_t port, std::string_view protocol) {
  Node out = Node::map({});
  put_text(out, "name", name);
  out["containerPort"] = number(port);
  put_text(out, "protocol", protocol);
  return out;
}
/// Protocol and number: what may stand once only.
std::string key_of(std::string_view protocol, std::string_view number) {
  return fmt::format("{}/{}", protocol.empty() ? "TCP" : protocol, number);
}

/// What the user wrote comes first; an inferred port of the same number goes, one of the same name is
/// renamed.
/// @param number  the key under which a port has its number
Node merged(const Node& spec, const Node& inferred, std::string_view number_key,
            Node (*as)(const Node& spec_port)) {
  std::set<std::string, std::less<>> numbers, names;
  Node out = list({});
  if (spec.is_list())
    for (const Node& port : spec.items()) {
      numbers.insert(key_of(text_at(port, "protocol"), text_at(port, "port")));
      names.insert(text_at(port, "name"));
      out.items().push_back(as(port));
    }
  for (Node port : inferred.items()) {
    const std::string its = text_at(port, number_key);
    if (numbers.count(key_of(text_at(port, "protocol"), its))) continue;
    if (names.count(text_at(port, "name"))) {
      if (names.count("port-" + its)) continue;
      port["name"] = text("port-" + its);
    }
    out.items().push_back(std::move(port));
  }
  return out;
}

void add_field(Node& env, std::string_view name, std::string_view field) {
  env.items().push_back(
      doc(fmt::format("{{name: {}, valueFrom: {{fieldRef: {{fieldPath: {}}}}}}}", name, field)));
}

Node environment(const Collector& c, std::string_view container) {
  Node inferred = list({});
  add_field(inferred, "POD_NAME", "metadata.name");
  for (const auto& [name, resource] :
       {std::pair{"GOMEMLIMIT", "limits.memory"}, {"GOMAXPROCS", "limits.cpu"}})
    inferred.items().push_back(
        doc(fmt::format("{{name: {}, valueFrom: {{resourceFieldRef: {{containerName: {}, resource: {}}}}}}}",
                        name, container, resource)));
  if (reads_kubelet(c)) add_field(inferred, "K8S_NODE_NAME", "spec.nodeName");
  Node env = list({});
  append(env, c.spec.find("env"));
  for (Node& variable : inferred.items())
    if (!item_with(c.spec.find("env"), "name", text_at(variable, "name")))
      env.items().push_back(std::move(variable));
  return env;
}

void add_probes(Node& container, const Collector& c) {
  const Node handler = probe_of(c);
  if (handler.is_null()) return;
  for (const std::string_view kind : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    Node probe = handler;
    if (const Node* settings = c.spec.find(kind))
      for (const std::string_view key :
           {"initialDelaySeconds", "periodSeconds", "failureThreshold", "successThreshold", "timeoutSeconds",
            "terminationGracePeriodSeconds"})
        put(probe, key, settings->find(key));
    container[std::string(kind)] = std::move(probe);
  }
}

std::string volume_of(const Node& map) { return dns_name({"", "configmap-", text_at(map, "name")}); }

Node container_of(const Collector& c, std::string_view name, bool with_file) {
  Node out = Node::map({}), args = list({}), mounts = list({});
  out["name"] = text(name);
  put_text(out, "image", c.image);
  put(out, "imagePullPolicy", c.spec.find("imagePullPolicy"));
  put(out, "command", c.spec.find("command"));
  if (with_file) {
    args.items().push_back(text("--config=/conf/collector.yaml"));
    mounts = doc("[{mountPath: /conf, name: otc-internal}]");
  }
  if (const Node* flags = c.spec.find("args")) {
    std::vector<std::string> words;
    for (const auto& flag : flags->entries())
      if (!with_file || flag.key != "config")
        words.push_back(fmt::format("--{}={}", flag.key, flag.value.text()));
    std::sort(words.begin(), words.end());
    for (const auto& word : words) args.items().push_back(text(word));
  }
  if (!with_file) args.items().push_back(text("--config=env:OTEL_CONFIG"));
  append(mounts, c.spec.find("volumeMounts"));
  if (const Node* maps = c.spec.find("configmaps"); maps && maps->is_list())
    for (const Node& map : maps->items()) {
      Node mount = Node::map({});
      std::string under = text_at(map, "mountpath");
      while (!under.empty() && under.front() == '/') under.erase(0, 1);
      while (!under.empty() && under.back() == '/') under.pop_back();
      mount["mountPath"] =
          text(fmt::format("/var/conf/{}{}{}", under, under.empty() ? "" : "/", volume_of(map)));
      mount["name"] = text(volume_of(map));
      mounts.items().push_back(std::move(mount));
    }
  put(out, "args", args);
  put(out, "ports", container_ports(c));
  put(out, "env", environment(c, name));
  put(out, "envFrom", c.spec.find("envFrom"));
  put(out, "volumeMounts", mounts);
  put(out, "resources", c.spec.find("resources"));
  put(out, "securityContext", c.spec.find("securityContext"));
  put(out, "lifecycle", c.spec.find("lifecycle"));
  add_probes(out, c);
  return out;
}

}  // namespace

std::string config_text(const Collector& collector) {
  return config::to_yaml(collector.config, config::kManifestStyle);
}

Node workload_container(const Collector& collector) { return container_of(collector, kContainer, true); }
Node sidecar_container(const Collector& collector, std::string_view name) {
  return container_of(collector, name, false);
}

Node container_ports(const Collector& collector) {
  Node inferred = list({});
  for (const auto& port : ports_of(collector, {"receivers", "exporters", "extensions"})) {
    const std::string name = joined({port.name}, 15);
    if (is_port_name(name) && port.port < 65536)
      inferred.items().push_back(as_container_port(name, port.port, port.protocol));
  }
  inferred.items().push_back(as_container_port("metrics", metrics_port(collector), "TCP"));
  const Node* spec = collector.spec.find("ports");
  Node out = merged(spec ? *spec : Node(), inferred, "containerPort", [](const Node& port) {
    Node made = as_container_port(text_at(port, "name"), port.find("port")->integer().value_or(0),
                                  text_at(port, "protocol"));
    put(made, "hostPort", port.find("hostPort"));
    return made;
  });
  std::stable_sort(out.items().begin(), out.items().end(),
                   [](const Node& a, const Node& b) { return text_at(a, "name") < text_at(b, "name"); });
  return out;
}

Node service_ports(const Collector& collector, const Node& spec_ports) {
  Node inferred = list({});
  for (const auto& port : ports_of(collector, {"receivers", "exporters"}))
    inferred.items().push_back(as_service_port(port));
  return merged(spec_ports, inferred, "port", [](const Node& port) {
    Node made = port;
    made.remove("hostPort");
    return made;
  });
}

Node extension_ports(const Collector& collector) {
  Node out = list({});
  for (const auto& port : ports_of(collector, {"extensions"})) out.items().push_back(as_service_port(port));
  return out;
}

Node extra_volumes(const Collector& collector) {
  Node out = list({});
  append(out, collector.spec.find("volumes"));
  if (const Node* maps = collector.spec.find("configmaps"); maps && maps->is_list())
    for (const Node& map : maps->items()) {
      Node volume = doc("{name: '', configMap: {name: ''}}");
      volume["name"] = text(volume_of(map));
      volume["configMap"]["name"] = text(text_at(map, "name"));
      out.items().push_back(std::move(volume));
    }
  return out;
}

std::string kept_from_kubelet(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '$' && i + 1 < text.size() && (text[i + 1] == '$' || text[i + 1] == '(')) out += '$';
  }
  return out;
}

}  // namespace gleaner::deploy
