#include "deploy/components.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "deploy/naming.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {

/// A listener the operator knows: the component, its protocol ("" when it has one endpoint), default port.
struct Known {
  std::string_view section, type, protocol;
  std::int64_t port;  ///< 0: only what the configuration says
  std::string_view transport, app;
  bool target;
};
constexpr Known kKnown[] = {{"receivers", "otlp", "grpc", 4317, "", "grpc", true},
                            {"receivers", "otlp", "http", 4318, "", "http", true},
                            {"receivers", "skywalking", "grpc", 11800, "", "grpc", true},
                            {"receivers", "skywalking", "http", 12800, "", "http", true},
                            {"receivers", "jaeger", "grpc", 14250, "TCP", "grpc", true},
                            {"receivers", "jaeger", "thrift_http", 14268, "TCP", "http", true},
                            {"receivers", "jaeger", "thrift_compact", 6831, "UDP", "", true},
                            {"receivers", "jaeger", "thrift_binary", 6832, "UDP", "", true},
                            {"receivers", "loki", "grpc", 9095, "", "grpc", true},
                            {"receivers", "loki", "http", 3100, "", "http", true},
                            {"receivers", "awsxray", "", 2000, "UDP", "", true},
                            {"receivers", "carbon", "", 2003, "", "", true},
                            {"receivers", "collectd", "", 8081, "", "", true},
                            {"receivers", "fluentforward", "", 8006, "", "", true},
                            {"receivers", "influxdb", "", 8086, "", "", true},
                            {"receivers", "sapm", "", 7276, "", "", true},
                            {"receivers", "signalfx", "", 9943, "", "", true},
                            {"receivers", "splunk_hec", "", 8088, "", "", true},
                            {"receivers", "statsd", "", 8125, "UDP", "", true},
                            {"receivers", "tcplog", "", 0, "TCP", "", false},
                            {"receivers", "udplog", "", 0, "UDP", "", false},
                            {"receivers", "wavefront", "", 2003, "", "", true},
                            {"receivers", "zipkin", "", 9411, "TCP", "http", true},
                            {"exporters", "prometheus", "", 8888, "", "", false},
                            {"extensions", "health_check", "", 13133, "", "", false},
                            {"extensions", "jaeger_query", "", 16686, "", "", true}};

/// Receivers that listen nowhere, whatever their `endpoint` is. Sorted.
constexpr std::string_view kScrapers[] = {"aerospike",
                                          "chrony",
                                          "cloudfoundry",
                                          "couchdb",
                                          "docker_stats",
                                          "filelog",
                                          "flinkmetrics",
                                          "googlecloudpubsub",
                                          "haproxy",
                                          "httpcheck",
                                          "jmx",
                                          "k8s_cluster",
                                          "k8s_events",
                                          "k8s_pod_logs",
                                          "k8sobjects",
                                          "kubeletstats",
                                          "memcached",
                                          "mysql",
                                          "nginx",
                                          "nsxt",
                                          "oracledb",
                                          "podman_stats",
                                          "postgresql",
                                          "prometheus",
                                          "prometheus_simple",
                                          "pulsar",
                                          "purefb",
                                          "rabbitmq",
                                          "redis",
                                          "riak",
                                          "saphana",
                                          "snmp",
                                          "sshcheck",
                                          "vcenter",
                                          "zookeeper"};

/// The first ":" with digits behind it, as the operator looks for it; 0 when there is none.
std::int64_t port_in(std::string_view endpoint) {
  for (std::size_t i = 0; i + 1 < endpoint.size(); ++i) {
    if (endpoint[i] != ':' || endpoint[i + 1] < '0' || endpoint[i + 1] > '9') continue;
    std::int64_t port = 0;
    std::from_chars(endpoint.data() + i + 1, endpoint.data() + endpoint.size(), port);
    return port;
  }
  return 0;
}
std::int64_t port_of(const Node& settings) {
  const std::string endpoint = text_at(settings, "endpoint");
  return port_in(endpoint.empty() ? text_at(settings, "listen_address") : endpoint);
}

/// Where jaeger_query keeps its endpoint.
const Node& listener(std::string_view type, const Node& settings) {
  const Node* http = type == "jaeger_query" ? settings.find("http") : nullptr;
  return http ? *http : settings;
}

void add_port(std::vector<ServicePort>& out, const Known& known, const std::string& id,
              const Node& settings) {
  std::int64_t port = port_of(settings);
  if (port == 0) port = known.port;
  if (port == 0) return;
  out.push_back(
      {port_name(id, port), std::string(known.transport), std::string(known.app), port, known.target});
}

void component_ports(std::vector<ServicePort>& out, std::string_view section, const std::string& id,
                     const Node& settings) {
  const auto type = type_of(id);
  bool found = false;
  const Node* protocols = settings.find("protocols");
  for (const Known& known : kKnown) {
    if (known.section != section || known.type != type) continue;
    found = true;
    if (known.protocol.empty())
      add_port(out, known, id, listener(type, settings));
    else if (const Node* its = protocols ? protocols->find(known.protocol) : nullptr)
      add_port(out, known, fmt::format("{}-{}", id, known.protocol), *its);
  }
  if (found || section != "receivers" || std::binary_search(std::begin(kScrapers), std::end(kScrapers), type))
    return;
  add_port(out, {section, type, "", 0, "", "", false}, id, settings);
}

/// "" -> "0.0.0.0:PORT"; ":PORT" and "PORT" get the host; anything else stays.
std::string with_host(const std::string& endpoint, std::int64_t port, bool is_health_check) {
  if (endpoint.empty()) return fmt::format("0.0.0.0:{}", port);
  const auto colon = endpoint.find(':');
  const auto last = endpoint.substr(endpoint.rfind(':') + 1);
  if (is_health_check) return colon == 0 && !last.empty() ? "0.0.0.0:" + last : endpoint;
  return colon == std::string::npos || colon == 0 ? "0.0.0.0:" + last : endpoint;
}

void set_endpoint(Node& settings, std::int64_t port, bool is_health_check = false) {
  if (settings.is_null()) settings = Node::map({});
  if (!settings.is_map()) return;
  settings["endpoint"] = text(with_host(text_at(settings, "endpoint"), port, is_health_check));
}

Result<> default_component(Collector& collector, std::string_view section, const std::string& id) {
  const auto type = type_of(id);
  Node* all = collector.config.find(section);
  Node* settings = all && all->is_map() ? all->find(id) : nullptr;
  const auto first = std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& known) {
    return known.section == section && known.type == type;
  });
  if (!settings || first == std::end(kKnown)) return {};
  if (first->protocol.empty()) {
    if (first->port == 0) return {};
    if (type == "jaeger_query") {
      if (settings->is_null()) *settings = Node::map({});
      set_endpoint((*settings)["http"], first->port);
      return {};
    }
    set_endpoint(*settings, first->port, type == "health_check");
    if (type == "health_check" && text_at(*settings, "path").empty()) (*settings)["path"] = text("/");
    return {};
  }
  if (settings->is_null()) *settings = Node::map({});
  Node& protocols = (*settings)["protocols"];
  if (protocols.is_null()) protocols = Node::map({});
  for (auto& entry : protocols.entries()) {
    const auto known = std::find_if(
        first, std::end(kKnown), [&](const Known& k) { return k.type == type && k.protocol == entry.key; });
    if (known == std::end(kKnown))
      return fail(Fault::config, fmt::format("{}: {}::{}: unknown protocol set: {}", entry.mark.text(),
                                             section, id, entry.key));
    const std::int64_t port = port_of(entry.value);
    set_endpoint(entry.value, port ? port : known->port);
  }
  return {};
}

/// Spellings since 0.157 -> the ones before.
constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
    {"file_log", "filelog"},
    {"fluent_forward", "fluentforward"},
    {"k8s_attributes", "k8sattributes"},
    {"k8s_objects", "k8sobjects"},
    {"kubelet_stats", "kubeletstats"},
    {"resource_detection", "resourcedetection"},
    {"tcp_log", "tcplog"},
    {"udp_log", "udplog"}};

}  // namespace

std::string_view type_of(std::string_view id) {
  const auto type = id.substr(0, id.find('/'));
  for (const auto& [now, before] : kSpellings)
    if (type == now) return before;
  return type;
}

std::vector<ServicePort> ports_of(const Collector& collector,
                                  std::initializer_list<std::string_view> sections) {
  std::vector<ServicePort> ports;
  for (const auto section : sections)
    for (const auto& id : collector.enabled(section))
      component_ports(ports, section, id, collector.settings(section, id));
  std::stable_sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return ports;
}

std::int64_t metrics_port(const Collector& collector) {
  constexpr std::int64_t kUsual = 8888;
  const Node* metrics = at(collector.config, "service.telemetry.metrics");
  if (!metrics) return kUsual;
  const Node* readers = metrics->find("readers");
  if (is_empty(readers)) {
    const std::string address = text_at(*metrics, "address");
    const std::int64_t port = port_in(address.substr(std::min(address.rfind(':'), address.size())));
    return port ? port : kUsual;
  }
  for (const Node& reader : readers->items())
    if (const Node* its = at(reader, "pull.exporter.prometheus")) {
      const Node* port = its->find("port");
      return port ? port->integer().value_or(kUsual) : kUsual;
    }
  return kUsual;
}

Node probe_of(const Collector& collector) {
  for (const auto& id : collector.enabled("extensions")) {
    if (type_of(id) != "health_check") continue;
    const Node settings = collector.settings("extensions", id);
    const std::string path = text_at(settings, "path");
    const std::int64_t port = port_of(settings);
    Node probe = doc("{httpGet: {}}");
    probe["httpGet"]["path"] = text(path.empty() ? "/" : path);
    probe["httpGet"]["port"] = number(port ? port : 13133);
    return probe;
  }
  return {};
}

bool reads_kubelet(const Collector& collector) {
  const auto ids = collector.enabled("receivers");
  return std::any_of(ids.begin(), ids.end(), [](const auto& id) { return type_of(id) == "kubeletstats"; });
}

Result<> add_defaults(Collector& collector) {
  Node& telemetry = collector.config["service"]["telemetry"];
  if (telemetry.is_null()) telemetry = Node::map({});
  Node& metrics = telemetry["metrics"];
  if (metrics.is_null()) metrics = Node::map({});
  if (text_at(metrics, "address").empty() && is_empty(metrics.find("readers")))
    metrics["readers"] = doc("[{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888}}}}]");
  for (const std::string_view section : {"receivers", "extensions"})
    for (const auto& id : collector.enabled(section))
      if (auto ok = default_component(collector, section, id); !ok) return ok;
  return {};
}

}  // namespace gleaner::deploy
