#include "service/metrics_server.h"

#include <fmt/format.h>

#include <algorithm>

namespace gleaner::service {
namespace {

/// "k8s.*" against a name; any number of stars.
bool matches(std::string_view pattern, std::string_view name) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  for (std::size_t skip = star; skip <= name.size(); ++skip)
    if (matches(pattern.substr(star + 1), name.substr(skip))) return true;
  return false;
}
bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) { return matches(one, name); });
}

metrics::Detail level_of(const std::string& name) {
  return name == "basic"      ? metrics::Detail::basic
         : name == "detailed" ? metrics::Detail::detailed
                              : metrics::Detail::normal;
}

}  // namespace

std::vector<MetricsEndpoint> metrics_endpoints(const TelemetryConfig& telemetry,
                                               const metrics::Labels& resource, const std::string& version) {
  const MetricsConfig& config = telemetry.metrics;
  std::vector<MetricsEndpoint> out;
  if (config.level == "none") return out;
  metrics::Format plain;
  plain.level = level_of(config.level);
  const auto add = [&](std::string address, metrics::Format format) {
    for (const auto& there : out)
      if (there.address == address) return;  // an operator and a chart may both have added it
    out.push_back({std::move(address), std::move(format)});
  };
  if (!config.address.empty()) add(config.address, plain);
  if (!config.readers) {
    if (out.empty()) add("localhost:8888", plain);
    return out;
  }
  for (const auto& reader : *config.readers) {
    if (!reader.pull || !reader.pull->exporter.prometheus) continue;
    const auto& prometheus = *reader.pull->exporter.prometheus;
    metrics::Format format = plain;
    format.type_suffixes = !prometheus.without_type_suffix;
    format.unit_suffixes = !prometheus.without_units;
    if (!prometheus.without_scope_info)
      format.constant = {{"otel_scope_name", "gleaner"}, {"otel_scope_version", version}};
    if (const auto& wanted = prometheus.with_resource_constant_labels)
      for (const auto& [name, value] : resource)
        if (any_matches(wanted->included, name) && !any_matches(wanted->excluded, name))
          format.constant.emplace_back(metrics::label_name(name), value);
    add(net::join_host_port(prometheus.host, prometheus.port), std::move(format));
  }
  return out;
}

Result<> MetricsServer::start() {
  net::HttpServerOptions options;
  options.listen.endpoint = endpoint_.address;
  options.max_body = 64 << 10;
  options.read_header_timeout = std::chrono::seconds(10);
  options.idle_timeout = std::chrono::minutes(2);
  options.max_connections = 64;
  auto server = net::Server::http(loop_, std::move(options), *this);
  if (!server)
    return fail(std::move(server.error())
                    .in(fmt::format("failed to create SDK: binding address {} for Prometheus exporter",
                                    endpoint_.address)));
  server_ = std::move(*server);
  server_->start();
  return {};
}

Task<> MetricsServer::stop() {
  if (server_) co_await server_->stop(loop_.now() + std::chrono::seconds(1));
}

Task<net::HttpResponse> MetricsServer::handle(net::HttpRequest request) {
  net::HttpResponse response;
  if (request.path != "/metrics") {
    response.status = 404;
    response.headers.add("content-type", "text/plain; charset=utf-8");
    response.body = Chain(Bytes::copy("404 page not found\n"));
    co_return response;
  }
  response.headers.add("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = Chain(Bytes::copy(metrics_.text(co_await collect_(), endpoint_.format)));
  if (request.headers.get("accept-encoding").find("gzip") != std::string_view::npos) {
    response.headers.add("content-encoding", "gzip");
    response.body = net::compress(net::Encoding::gzip, net::kDefaultLevel, response.body);
  }
  co_return response;
}

}  // namespace gleaner::service
