#include "auth/resolve.h"
#include "receivers/otlp/config.h"
#include "receivers/otlp/grpc.h"
#include "receivers/otlp/http.h"

namespace gleaner::receivers::otlp {
namespace {

constexpr Duration kStopPatience = std::chrono::seconds(5);  // for requests in progress at a stop

class Otlp final : public Receiver {
 public:
  Otlp(const Config& config, const Context& context, const Consumers& next)
      : config_(config.protocols), context_(context) {
    if (config.protocols.grpc) grpc_.emplace(*config.protocols.grpc, context, next, config.wait_for_delivery);
    if (config.protocols.http) http_.emplace(*config.protocols.http, context, next, config.wait_for_delivery);
  }
  ~Otlp() override = default;

  Result<> find_authenticators(const Protocols& config) {
    if (config.grpc && config.grpc->auth)
      if (auto ok = find(config.grpc->auth->authenticator, grpc_->door()); !ok) return ok;
    if (config.http && config.http->auth) return find(config.http->auth->common.authenticator, http_->door());
    return {};
  }

  Task<Result<>> start() override {
    if (grpc_ && listens_here(*config_.grpc)) {
      if (auto ok = check_free(*config_.grpc); !ok) co_return ok;
      auto server = grpc_->listen(context_);
      if (!server) co_return fail(std::move(server.error()));
      grpc_server_ = std::move(*server);
    }
    if (http_ && listens_here(*config_.http)) {
      if (auto ok = check_free(*config_.http); !ok) co_return ok;
      auto server = http_->listen(context_);
      if (!server) co_return fail(std::move(server.error()));
      http_server_ = std::move(*server);
    }
    if (grpc_server_)
      context_.logger.info("Starting GRPC server", {{"endpoint", grpc_server_->address().text()}});
    if (http_server_)
      context_.logger.info("Starting HTTP server", {{"endpoint", http_server_->address().text()}});
    for (auto* server : {&grpc_server_, &http_server_})
      if (*server) (*server)->start();
    open_connections_ = context_.metrics.gauge(
        "receiver_open_connections", {{"receiver", context_.id}}, "Connections of senders now.",
        [this] {
          std::size_t sum = 0;
          for (const auto* server : {&grpc_server_, &http_server_})
            if (*server) sum += (*server)->stats().connections;
          return static_cast<double>(sum);
        },
        false, metrics::Detail::detailed);
    co_return Result<>();
  }

  Task<Result<>> stop() override {
    if (open_connections_) context_.metrics.remove(*open_connections_);
    const TimePoint deadline = context_.loop.now() + kStopPatience;
    for (auto* server : {&grpc_server_, &http_server_})
      if (*server) co_await (*server)->stop(deadline);
    co_return Result<>();
  }

 private:
  Result<> find(const std::string& id, Doorkeeper& door) const {
    auto server = auth::find_server(context_, id);
    if (!server) return fail(std::move(server.error()));
    door.ask(**server);
    return {};
  }

  /// Lanes share ports. Unix sockets, and ports the kernel chooses, they cannot: those are lane 0's.
  template <class C>
  bool listens_here(const C& config) const {
    return context_.place.lane == 0 || (config.transport != "unix" && !config.endpoint.ends_with(":0"));
  }
  /// A shared port can be taken twice without a word. The lane that starts first asks alone whether it is
  /// free.
  template <class C>
  Result<> check_free(const C& config) const {
    const Place& place = context_.place;
    if (place.lanes == 1 || place.lane + 1 != place.lanes || config.transport == "unix") return {};
    auto alone = net::Listener::open(context_.loop, {config.transport, config.endpoint});
    if (!alone) return fail(std::move(alone.error()));
    return {};
  }

  const Protocols config_;
  const Context context_;
  std::optional<GrpcService> grpc_;
  std::optional<HttpService> http_;
  std::unique_ptr<net::Server> grpc_server_, http_server_;
  std::optional<std::size_t> open_connections_;  // the gauge
};

void check_endpoint(config::Check& check, const std::string& transport, const std::string& endpoint) {
  if (transport == "unix") return;
  if (auto parsed = net::parse_host_port(endpoint); !parsed) check.error("endpoint", parsed.error().what);
}

}  // namespace

void GrpcConfig::validate(config::Check& check) const { check_endpoint(check, transport, endpoint); }
void HttpConfig::validate(config::Check& check) const { check_endpoint(check, transport, endpoint); }

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next) {
  auto made = std::make_unique<Otlp>(config, context, next);
  if (auto ok = made->find_authenticators(config.protocols); !ok) return fail(std::move(ok.error()));
  return made;
}

}  // namespace gleaner::receivers::otlp
