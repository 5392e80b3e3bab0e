#include <fmt/format.h>

#include "auth/resolve.h"
#include "exporters/otlp/answer.h"
#include "exporters/otlp/config.h"
#include "net/endpoint.h"
#include "net/grpc_client.h"
#include "pipeline/partial_success.h"
#include "pipeline/sending_lanes.h"

namespace gleaner::exporters::otlp {
namespace {

template <class S>
constexpr std::string_view path_of() {
  if constexpr (S::kind == SignalKind::traces)
    return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  else if constexpr (S::kind == SignalKind::metrics)
    return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
  else if constexpr (S::kind == SignalKind::logs)
    return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  else
    return "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
}

/// The connection, shared by the signals.
struct Link {
  const Context context;
  std::unique_ptr<net::GrpcClient> client;
  net::Headers headers;
  std::string target;
  auth::ClientAuth auth;
};

template <class S>
class GrpcSender final : public Sender<S> {
 public:
  explicit GrpcSender(Link& link) : link_(link) {}
  Task<Result<>> send(Payload<S>& payload, const Client* sender, Duration timeout) override {
    net::GrpcCall call;
    call.path = path_of<S>();
    call.metadata = link_.headers;
    call.message = payload.wire();
    if (timeout > Duration{0}) call.deadline = link_.context.loop.now() + timeout;
    if (link_.auth.wanted()) {
      net::Headers credentials;
      auto ok = co_await link_.auth.add_to(credentials, sender, call.deadline);
      if (!ok) co_return ok;
      for (const auto field : credentials) call.metadata.set(field.name, field.value);
    }
    const auto result = co_await link_.client->call(std::move(call));
    auto verdict = judge(result);
    if (verdict)
      if (const auto partial = gleaner::otlp::read_response(result.body.view()))
        warn_partial(link_.context.logger, S::kind, *partial, "dropped_profiles");
    co_return verdict;
  }

  metrics::Labels destination() const override {
    std::string_view target = link_.target;
    target = target.substr(target.rfind('/') + 1);  // dns:///host:port
    const auto where = net::parse_host_port(target);
    if (!where || link_.target.starts_with("unix:")) return {};
    return {{"server_address", where->host}, {"server_port", std::to_string(where->port)}};
  }

 private:
  Link& link_;
};

class Otlp final : public Exporter {
 public:
  Otlp(const Config& config, Link link)
      : link_(std::move(link)), lanes_(config.sending, link_.context, link_) {}

  Consumers inputs() override { return lanes_.inputs(); }
  Task<Result<>> start() override { co_return co_await lanes_.start(link_.context, "otlp"); }
  Task<Result<>> stop() override {
    co_await lanes_.stop();
    co_await link_.client->stop();
    co_return Result<>();
  }

 private:
  Link link_;
  SendingLanes<GrpcSender, Link> lanes_;
};

net::Encoding compression(const std::string& name) {
  if (name == "gzip") return net::Encoding::gzip;
  if (name == "zstd") return net::Encoding::zstd;
  if (name == "snappy") return net::Encoding::snappy_framed;
  return net::Encoding::identity;
}

}  // namespace

std::string Config::target() const {
  for (const std::string_view scheme : {"http://", "https://"})
    if (endpoint.starts_with(scheme)) return endpoint.substr(scheme.size());
  return endpoint;
}

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context) {
  net::GrpcClientOptions options;
  options.target = config.target();
  options.round_robin = config.balancer_name == "round_robin";
  options.wait_for_ready = config.wait_for_ready;
  options.compression = compression(config.compression);
  options.compression_level = net::kDefaultLevel;
  options.authority = config.authority;
  options.user_agent = config.user_agent.empty() ? fmt::format("gleaner/{} (linux/amd64)", context.version)
                                                 : config.user_agent;
  if (config.keepalive) {
    options.keepalive_time = std::max<Duration>(config.keepalive->time, std::chrono::seconds(10));
    options.keepalive_timeout = config.keepalive->timeout;
    options.permit_without_stream = config.keepalive->permit_without_stream;
  }
  if (!config.plain()) {
    auto tls = net::TlsClient::make(config.tls.options());
    if (!tls) return fail(std::move(tls.error()));
    options.tls = std::move(*tls);
  }
  if (auto storage = queue_storage(config.sending, context); !storage)
    return fail(std::move(storage.error()));
  auto auth = auth::ClientAuth::make(context, config.auth, auth::Protocol::grpc, options.tls != nullptr);
  if (!auth) return fail(std::move(auth.error()));
  auto client = net::GrpcClient::make(context.loop, std::move(options));
  if (!client) return fail(std::move(client.error()));
  Link link{context, std::move(*client), {}, config.target(), *auth};
  for (const auto& [name, value] : config.headers.list) link.headers.add(name, value.value);
  return std::make_unique<Otlp>(config, std::move(link));
}

}  // namespace gleaner::exporters::otlp
