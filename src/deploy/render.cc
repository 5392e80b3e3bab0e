#include "deploy/render.h"

#include <algorithm>
#include <utility>

#include "deploy/components.h"
#include "deploy/container.h"
#include "deploy/naming.h"
#include "deploy/rights.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {

class Renderer {
 public:
  Renderer(const Collector& c, const Cluster& cluster) : c_(c), cluster_(cluster) {}

  std::vector<Node> all() {
    service_account();
    if (cluster_.rbac) rights();
    config_map();
    if (c_.is_sidecar()) return std::move(out_);
    services();
    workload();
    budget();
    scaler();
    network_policy();
    return std::move(out_);
  }

 private:
  Node selector() const {
    Node labels = doc(
        "{app.kubernetes.io/component: opentelemetry-collector, app.kubernetes.io/instance: '',"
        " app.kubernetes.io/managed-by: opentelemetry-operator, app.kubernetes.io/part-of: opentelemetry}");
    labels["app.kubernetes.io/instance"] = text(joined({c_.name_space, ".", c_.name}));
    return labels;
  }
  Node labels(std::string_view name) const {
    Node all = c_.labels.is_map() ? c_.labels : Node::map({});
    const Node fixed = selector();  // named: a temporary would die before the loop
    for (const auto& entry : fixed.entries()) all[entry.key] = entry.value;
    all["app.kubernetes.io/version"] = text(version_label(text_at(c_.spec, "image")));
    if (!all.find("app.kubernetes.io/name")) all["app.kubernetes.io/name"] = text(name);
    return sorted(std::move(all));
  }
  std::string name() const { return dns_name({c_.name, "-collector"}); }

  /// An object with its metadata; cluster-wide ones have no namespace.
  Node object(std::string_view head, const std::string& its, std::string_view label_name,
              bool cluster_wide = false) const {
    Node made = doc(head);
    Node meta = Node::map({});
    meta["name"] = text(its);
    if (!cluster_wide) meta["namespace"] = text(c_.name_space);
    meta["labels"] = labels(label_name);
    put(meta, "annotations", sorted(c_.annotations));
    made["metadata"] = std::move(meta);
    return made;
  }

  std::string account() const {
    const std::string own = text_at(c_.spec, "serviceAccount");
    return own.empty() ? name() : own;
  }
  void service_account() {
    if (text_at(c_.spec, "serviceAccount").empty())
      out_.push_back(object("{apiVersion: v1, kind: ServiceAccount}", name(), name()));
  }

  void rights() {
    Node rules = rules_of(c_);
    if (rules.items().empty()) return;
    const std::string role = dns_name({c_.name, "-", c_.name_space, "-cluster-role"});
    Node made = object("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole}", role, role, true);
    made["rules"] = std::move(rules);
    out_.push_back(std::move(made));
    const std::string bound = dns_name({c_.name, "-", c_.name_space, "-collector"});
    Node binding =
        object("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding}", bound, bound, true);
    binding["roleRef"] = doc("{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole}");
    binding["roleRef"]["name"] = text(role);
    Node subject = doc("{kind: ServiceAccount}");
    subject["name"] = text(account());
    subject["namespace"] = text(c_.name_space);
    binding["subjects"] = list({std::move(subject)});
    out_.push_back(std::move(binding));
  }

  std::string config_map_name() const { return dns_name({c_.name, "-collector-", c_.hash.substr(0, 8)}); }
  void config_map() {
    Node made = object("{apiVersion: v1, kind: ConfigMap}", config_map_name(), name());
    made["data"]["collector.yaml"] = text(config_text(c_));
    out_.push_back(std::move(made));
  }

  Node service(const std::string& its, std::string_view type, Node ports) const {
    Node made = object("{apiVersion: v1, kind: Service}", its, type == "headless" ? name() : its);
    made["metadata"]["labels"]["operator.opentelemetry.io/collector-service-type"] = text(type);
    made["spec"]["selector"] = selector();
    made["spec"]["ports"] = std::move(ports);
    put(made["spec"], "trafficDistribution", c_.spec.find("trafficDistribution"));
    return made;
  }
  void add_families(Node& made) const {
    put(made["spec"], "ipFamilies", c_.spec.find("ipFamilies"));
    put(made["spec"], "ipFamilyPolicy", c_.spec.find("ipFamilyPolicy"));
  }
  void services() {
    const Node* spec_ports = c_.spec.find("ports");
    Node ports = service_ports(c_, spec_ports ? *spec_ports : Node());
    if (!ports.items().empty()) {
      Node base = service(name(), "base", std::move(ports));
      base["spec"]["internalTrafficPolicy"] = text(c_.mode == "daemonset" ? "Local" : "Cluster");
      add_families(base);
      Node headless = base;
      out_.push_back(std::move(base));
      const std::string its = dns_name({name(), "-headless"});
      Node& meta = headless["metadata"];
      meta["name"] = text(its);
      meta["labels"]["operator.opentelemetry.io/collector-headless-service"] = text("Exists");
      meta["labels"]["operator.opentelemetry.io/collector-service-type"] = text("headless");
      const std::string cert = "service.beta.openshift.io/serving-cert-secret-name";
      if (!meta["annotations"].find(cert)) meta["annotations"][cert] = text(its + "-tls");
      headless["spec"]["clusterIP"] = text("None");
      out_.push_back(std::move(headless));
    }
    Node own = doc("[{name: monitoring}]");
    own.items()[0]["port"] = number(metrics_port(c_));
    Node monitoring = service(dns_name({name(), "-monitoring"}), "monitoring", std::move(own));
    monitoring["metadata"]["labels"]["operator.opentelemetry.io/collector-monitoring-service"] =
        text("Exists");
    add_families(monitoring);
    out_.push_back(std::move(monitoring));
    if (Node extensions = extension_ports(c_); !extensions.items().empty())
      out_.push_back(service(dns_name({name(), "-extension"}), "extension", std::move(extensions)));
  }

  Node pod_annotations() const {
    Node notes = Node::map({});
    const auto take = [&](const Node* from) {
      if (from)
        for (const auto& entry : from->entries())
          if (!notes.find(entry.key)) notes[entry.key] = entry.value;
    };
    take(c_.spec.find("podAnnotations"));
    take(&c_.annotations);
    if (!truth_at(c_.spec, "observability.metrics.disablePrometheusAnnotations")) {
      const Node scrape =
          doc("{prometheus.io/path: /metrics, prometheus.io/port: '8888', prometheus.io/scrape: 'true'}");
      take(&scrape);
    }
    notes["opentelemetry-operator-config/sha256"] = text(c_.hash);
    return sorted(std::move(notes));
  }

  Node volumes() const {
    Node own =
        doc("[{name: otc-internal, configMap: {name: '', items: [{key: collector.yaml, path: "
            "collector.yaml}]}}]");
    own.items()[0]["configMap"]["name"] = text(config_map_name());
    const Node extra = extra_volumes(c_);
    append(own, &extra);
    return own;
  }

  Node pod_spec() const {
    Node pod = Node::map({});
    pod["serviceAccountName"] = text(account());
    put(pod, "initContainers", c_.spec.find("initContainers"));
    Node containers = list({workload_container(c_)});
    append(containers, c_.spec.find("additionalContainers"));
    pod["containers"] = std::move(containers);
    pod["volumes"] = volumes();
    const bool host = truth_at(c_.spec, "hostNetwork");
    const std::string policy = text_at(c_.spec, "dnsPolicy");
    pod["dnsPolicy"] = text(!policy.empty()                           ? std::string_view(policy)
                            : at(c_.spec, "podDnsConfig.nameservers") ? "None"
                            : host                                    ? "ClusterFirstWithHostNet"
                                                                      : "ClusterFirst");
    const Node* dns = c_.spec.find("podDnsConfig");
    pod["dnsConfig"] = dns && dns->is_map() ? *dns : Node::map({});
    if (host) pod["hostNetwork"] = doc("true");
    for (const std::string_view key : {"hostPID", "hostUsers", "hostAliases", "nodeSelector", "tolerations",
                                       "affinity", "priorityClassName", "terminationGracePeriodSeconds"})
      put(pod, key, c_.spec.find(key));
    if (c_.mode != "daemonset")
      put(pod, "topologySpreadConstraints", c_.spec.find("topologySpreadConstraints"));
    put(pod, "securityContext", c_.spec.find("podSecurityContext"));
    pod["shareProcessNamespace"] = doc(truth_at(c_.spec, "shareProcessNamespace") ? "true" : "false");
    return pod;
  }

  std::int64_t replicas() const {
    const auto count = [&](std::string_view path) {
      const Node* its = at(c_.spec, path);
      return its ? its->integer().value_or(1) : std::int64_t{1};
    };
    return std::max(count("replicas"),
                    at(c_.spec, "autoscaler.minReplicas") ? count("autoscaler.minReplicas") : 0);
  }

  void workload() {
    const bool deployment = c_.mode == "deployment", set = c_.mode == "statefulset";
    Node made = object(deployment ? "{apiVersion: apps/v1, kind: Deployment}"
                       : set      ? "{apiVersion: apps/v1, kind: StatefulSet}"
                                  : "{apiVersion: apps/v1, kind: DaemonSet}",
                       name(), name());
    Node spec = Node::map({});
    if (c_.mode != "daemonset") spec["replicas"] = number(replicas());
    spec["selector"]["matchLabels"] = selector();
    if (deployment) put(spec, "strategy", c_.spec.find("deploymentUpdateStrategy"));
    if (c_.mode == "daemonset") put(spec, "updateStrategy", c_.spec.find("daemonSetUpdateStrategy"));
    if (set) {
      const std::string own = text_at(c_.spec, "serviceName"),
                        order = text_at(c_.spec, "podManagementPolicy");
      spec["serviceName"] = text(own.empty() ? dns_name({name(), "-headless"}) : own);
      spec["podManagementPolicy"] = text(order.empty() ? "Parallel" : order);
      put(spec, "volumeClaimTemplates", c_.spec.find("volumeClaimTemplates"));
      put(spec, "persistentVolumeClaimRetentionPolicy", c_.spec.find("persistentVolumeClaimRetentionPolicy"));
    }
    Node& pod = spec["template"];
    pod["metadata"]["labels"] = labels(name());
    pod["metadata"]["annotations"] = pod_annotations();
    pod["spec"] = pod_spec();
    made["spec"] = std::move(spec);
    out_.push_back(std::move(made));
  }

  void budget() {
    if (c_.mode == "daemonset") return;
    Node made = object("{apiVersion: policy/v1, kind: PodDisruptionBudget}", name(), name());
    const Node* wanted = c_.spec.find("podDisruptionBudget");
    Node spec = wanted && wanted->is_map() ? *wanted : doc("{maxUnavailable: 1}");
    spec["selector"]["matchLabels"] = selector();
    made["spec"] = std::move(spec);
    out_.push_back(std::move(made));
  }

  /// Of the workload itself: without the operator nobody scales the CR.
  void scaler() {
    const Node* wanted = c_.spec.find("autoscaler");
    if (is_empty(wanted)) return;
    Node made = object("{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler}", name(), name());
    Node spec = doc("{scaleTargetRef: {apiVersion: apps/v1}}");
    spec["scaleTargetRef"]["kind"] = text(c_.mode == "statefulset" ? "StatefulSet"
                                          : c_.mode == "daemonset" ? "DaemonSet"
                                                                   : "Deployment");
    spec["scaleTargetRef"]["name"] = text(name());
    const Node *most = wanted->find("maxReplicas"), *least = wanted->find("minReplicas");
    if (most) spec["minReplicas"] = least ? *least : number(replicas());
    spec["maxReplicas"] = most ? *most : number(0);
    Node metrics = list({});
    const Node *memory = wanted->find("targetMemoryUtilization"), *cpu = wanted->find("targetCPUUtilization");
    const Node usual = number(90);
    if (most && !memory && !cpu) cpu = &usual;
    for (const auto& [resource, target] : {std::pair{"memory", memory}, {"cpu", cpu}}) {
      if (!target) continue;
      Node metric = doc("{type: Resource, resource: {name: '', target: {type: Utilization}}}");
      metric["resource"]["name"] = text(resource);
      metric["resource"]["target"]["averageUtilization"] = *target;
      metrics.items().push_back(std::move(metric));
    }
    append(metrics, wanted->find("metrics"));
    put(spec, "metrics", metrics);
    put(spec, "behavior", wanted->find("behavior"));
    made["spec"] = std::move(spec);
    out_.push_back(std::move(made));
  }

  void network_policy() {
    const Node* wanted = at(c_.spec, "networkPolicy.enabled");
    if (!(wanted ? wanted->boolean().value_or(false) : cluster_.network_policy)) return;
    const std::string its = dns_name({c_.name, "-collector-networkpolicy"});
    Node made = object("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy}", its, its);
    Node spec = doc("{policyTypes: [Ingress], ingress: [{ports: []}]}");
    spec["podSelector"]["matchLabels"] = selector();
    const Node ports = container_ports(c_);
    for (const Node& port : ports.items()) {
      Node rule = Node::map({});
      // The operator writes TCP for all and so cuts UDP receivers off; here each keeps its own.
      const std::string protocol = text_at(port, "protocol");
      rule["protocol"] = text(protocol.empty() ? "TCP" : protocol);
      rule["port"] = *port.find("containerPort");
      spec["ingress"].items()[0]["ports"].items().push_back(std::move(rule));
    }
    made["spec"] = std::move(spec);
    out_.push_back(std::move(made));
  }

  const Collector& c_;
  const Cluster& cluster_;
  std::vector<Node> out_;
};

}  // namespace

std::vector<Node> render(const Collector& collector, const Cluster& cluster) {
  return Renderer(collector, cluster).all();
}

}  // namespace gleaner::deploy
