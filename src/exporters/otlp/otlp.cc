#include <fmt/format.h>

#include "exporters/otlp/answer.h"
#include "exporters/otlp/config.h"
#include "net/grpc_client.h"
#include "pipeline/sending.h"

namespace gleaner::exporters::otlp {
namespace {

template <class S>
constexpr std::string_view path_of() {
  if constexpr (S::kind == SignalKind::traces)
    return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  else if constexpr (S::kind == SignalKind::metrics)
    return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
  else
    return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
}

/// The connection, shared by the signals.
struct Link {
  const Context context;
  std::unique_ptr<net::GrpcClient> client;
  net::Headers headers;
};

template <class S>
class GrpcSender final : public Sender<S> {
 public:
  explicit GrpcSender(Link& link) : link_(link) {}
  Task<Result<>> send(Payload<S>& payload, Duration timeout) override {
    net::GrpcCall call;
    call.path = path_of<S>();
    call.metadata = link_.headers;
    call.message = payload.wire();
    if (timeout > Duration{0}) call.deadline = link_.context.loop.now() + timeout;
    const auto result = co_await link_.client->call(std::move(call));
    auto verdict = judge(result);
    if (verdict) tell_partial(result.body.view());
    co_return verdict;
  }

 private:
  void tell_partial(std::string_view body) {
    const auto partial = partial_success(body);
    if (partial.rejected == 0 && partial.message.empty()) return;
    link_.context.logger.warn(
        "Partial success response",
        {{"message", partial.message}, {fmt::format("dropped_{}", S::items), partial.rejected}});
  }
  Link& link_;
};

class Otlp final : public Exporter {
 public:
  Otlp(const Config& config, Link link) : link_(std::move(link)), config_(config) {}

  Consumers inputs() override {
    // Made on first use: an unused signal has no queue and no metrics.
    return {&lane(logs_), &lane(metrics_), &lane(traces_)};
  }
  Task<Result<>> stop() override {
    if (logs_.sending) (void)co_await logs_.sending->stop();
    if (metrics_.sending) (void)co_await metrics_.sending->stop();
    if (traces_.sending) (void)co_await traces_.sending->stop();
    co_await link_.client->stop();
    co_return Result<>();
  }

 private:
  template <class S>
  struct Lane {
    std::unique_ptr<GrpcSender<S>> sender;
    std::unique_ptr<Sending<S>> sending;
  };
  template <class S>
  Consumer<S>& lane(Lane<S>& lane) {
    if (!lane.sending) {
      lane.sender = std::make_unique<GrpcSender<S>>(link_);
      lane.sending = std::make_unique<Sending<S>>(config_.sending, link_.context, *lane.sender);
    }
    return *lane.sending;
  }

  Link link_;
  const Config config_;
  Lane<Logs> logs_;
  Lane<Metrics> metrics_;
  Lane<Traces> traces_;
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
  auto client = net::GrpcClient::make(context.loop, std::move(options));
  if (!client) return fail(std::move(client.error()));
  Link link{context, std::move(*client), {}};
  for (const auto& [name, value] : config.headers.list) link.headers.add(name, value.value);
  return std::make_unique<Otlp>(config, std::move(link));
}

}  // namespace gleaner::exporters::otlp
