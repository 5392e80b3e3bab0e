#include "deploy/rights.h"

#include <fmt/format.h>

#include "deploy/components.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {

void add_rule(Node& rules, std::string_view yaml) { rules.items().push_back(doc(yaml)); }

void kubelet_rules(Node& rules, const Node& settings) {
  add_rule(rules, "{apiGroups: [''], resources: [nodes/stats], verbs: [get]}");
  bool proxy = !is_empty(settings.find("extra_metadata_labels"));
  // Through the API server's node proxy, the only way on Fargate, nodes/proxy is what is asked for.
  proxy = proxy || text_at(settings, "endpoint").find("/proxy") != std::string::npos;
  if (const Node* metrics = settings.find("metrics"))
    for (const auto& metric : metrics->entries())
      proxy = proxy || (metric.key.ends_with("_utilization") &&
                        (metric.key.find("limit") != std::string::npos ||
                         metric.key.find("request") != std::string::npos) &&
                        truth_at(metric.value, "enabled"));
  if (proxy) add_rule(rules, "{apiGroups: [''], resources: [nodes/proxy], verbs: [get]}");
}

void attribute_rules(Node& rules, const Node& settings) {
  add_rule(rules, "{apiGroups: [''], resources: [pods, namespaces], verbs: [get, watch, list]}");
  const Node* wanted = at(settings, "extract.metadata");
  bool replicas = is_empty(wanted), nodes = false;
  if (wanted && wanted->is_list())
    for (const Node& item : wanted->items()) {
      const auto& name = item.text();
      replicas =
          replicas || name == "k8s.deployment.uid" || name == "k8s.deployment.name" || name == "service.name";
      nodes = nodes || name.find("k8s.node") != std::string::npos;
    }
  if (replicas) add_rule(rules, "{apiGroups: [apps], resources: [replicasets], verbs: [get, watch, list]}");
  if (nodes) add_rule(rules, "{apiGroups: [''], resources: [nodes], verbs: [get, watch, list]}");
}

void cluster_rules(Node& rules, const Node& settings) {
  add_rule(rules,
           "{apiGroups: [''], resources: [events, namespaces, namespaces/status, nodes, nodes/spec, "
           "persistentvolumes, persistentvolumeclaims, pods, pods/status, replicationcontrollers, "
           "replicationcontrollers/status, resourcequotas, services], verbs: [get, list, watch]}");
  add_rule(rules,
           "{apiGroups: [apps], resources: [daemonsets, deployments, replicasets, statefulsets], verbs: "
           "[get, list, watch]}");
  add_rule(rules,
           "{apiGroups: [extensions], resources: [daemonsets, deployments, replicasets], verbs: [get, list, "
           "watch]}");
  add_rule(rules, "{apiGroups: [batch], resources: [jobs, cronjobs], verbs: [get, list, watch]}");
  add_rule(rules,
           "{apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [get, list, watch]}");
  if (text_at(settings, "distribution") == "openshift")
    add_rule(
        rules,
        "{apiGroups: [quota.openshift.io], resources: [clusterresourcequotas], verbs: [get, list, watch]}");
}

void object_rules(Node& rules, const Node& settings) {
  const Node* objects = settings.find("objects");
  if (!objects || !objects->is_list()) return;
  for (const Node& object : objects->items()) {
    const std::string name = text_at(object, "name"), mode = text_at(object, "mode");
    const bool events = name == "events" || name == "events.k8s.io";
    Node rule = doc("{apiGroups: [''], resources: [], verbs: [list]}");
    rule["apiGroups"].items()[0] = text(text_at(object, "group"));
    rule["resources"].items().push_back(text(name));
    if (mode == "pull" && !events) rule["verbs"].items().push_back(text("get"));
    if (mode == "watch") rule["verbs"].items().push_back(text("watch"));
    rules.items().push_back(std::move(rule));
  }
}

void detector_rules(Node& rules, const Node& settings) {
  const Node* detectors = settings.find("detectors");
  if (!detectors || !detectors->is_list()) return;
  for (const Node& detector : detectors->items()) {
    if (detector.text() == "k8snode")
      add_rule(rules, "{apiGroups: [''], resources: [nodes], verbs: [get, list]}");
    if (detector.text() == "openshift")
      add_rule(rules,
               "{apiGroups: [config.openshift.io], resources: [infrastructures, infrastructures/status], "
               "verbs: [get, watch, list]}");
  }
}

void observer_rules(Node& rules, const Node& settings) {
  for (const std::string_view what : {"pods", "services", "nodes"})
    if (truth_at(settings, fmt::format("observe_{}", what)))
      add_rule(rules, fmt::format("{{apiGroups: [''], resources: [{}], verbs: [list, watch]}}", what));
}

void event_rules(Node& rules, const Node&) {
  add_rule(rules, "{apiGroups: [''], resources: [events], verbs: [get, list, watch]}");
}
void elector_rules(Node& rules, const Node&) {
  add_rule(rules,
           "{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, list, watch, create, "
           "update, patch, delete]}");
}

struct Rights {
  std::string_view section, type;
  void (*add)(Node& rules, const Node& settings);
};
constexpr Rights kRights[] = {
    {"extensions", "k8s_leader_elector", elector_rules}, {"extensions", "k8s_observer", observer_rules},
    {"processors", "k8sattributes", attribute_rules},    {"processors", "resourcedetection", detector_rules},
    {"receivers", "k8s_cluster", cluster_rules},         {"receivers", "k8s_events", event_rules},
    {"receivers", "k8sobjects", object_rules},           {"receivers", "kubeletstats", kubelet_rules}};

}  // namespace

Node rules_of(const Collector& collector) {
  Node rules = list({});
  for (const Rights& rights : kRights)
    for (const auto& id : collector.enabled(rights.section))
      if (type_of(id) == rights.type) rights.add(rules, collector.settings(rights.section, id));
  return rules;
}

}  // namespace gleaner::deploy
