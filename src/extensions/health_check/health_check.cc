#include <fmt/format.h>

#include "base/duration.h"
#include "extensions/health_check/config.h"
#include "extensions/health_check/probe.h"
#include "net/server.h"

namespace gleaner::extensions::health_check {
namespace {

class HealthCheck final : public Extension, public TellsTroubles, public net::HttpHandler {
 public:
  HealthCheck(const Config& config, const Context& context) : config_(config), context_(context) {}

  Task<Result<>> start() override {
    net::HttpServerOptions options;
    options.listen = {"tcp", config_.endpoint};
    options.read_header_timeout = std::chrono::minutes(1);
    options.idle_timeout = std::chrono::minutes(1);
    options.max_body = 64 << 10;
    if (config_.tls) {
      auto tls = net::TlsServer::make(config_.tls->options());
      if (!tls) co_return fail(std::move(tls.error()));
      options.tls = std::move(*tls);
    }
    auto server = net::Server::http(context_.loop, std::move(options), *this);
    if (!server) co_return fail(std::move(server.error()));
    server_ = std::move(*server);
    server_->start();
    co_return Result<>();
  }
  Task<Result<>> stop() override {
    if (server_) co_await server_->stop(context_.loop.now() + std::chrono::seconds(1));
    co_return Result<>();
  }
  void pipelines_ready() override {
    up_since_ = unix_nanos();
    started_ = context_.loop.now();
    started_once_ = true;
  }
  void pipelines_stopping() override { up_since_ = 0; }
  void tell(AskTroubles ask) override { ask_ = std::move(ask); }

  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    net::HttpResponse response;
    if (config_.path != "/" && request.path != config_.path) {
      response.status = 404;
      response.headers.add("content-type", "text/plain; charset=utf-8");
      response.body = Chain(Bytes::copy("404 page not found\n"));
      co_return response;
    }
    if (const Probe probe = probe_of(request.query); probe != Probe::none) co_return co_await answer(probe);
    const bool up = up_since_ != 0;
    response.status = up ? 200 : 503;
    if (config_.response_body) {
      response.body =
          Chain(Bytes::copy(up ? config_.response_body->healthy : config_.response_body->unhealthy));
      co_return response;
    }
    response.headers.add("content-type", "application/json");
    response.body = Chain(Bytes::copy(
        up ? fmt::format(R"({{"status":"Server available","upSince":"{}","uptime":"{}"}})",
                         rfc3339(up_since_), format_duration(context_.loop.now() - started_))
           : std::string(
                 R"({"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""})")));
    co_return response;
  }

 private:
  /// Every lane is asked: one that hangs gives no answer, which is one for a probe.
  Task<net::HttpResponse> answer(Probe probe) {
    std::vector<Trouble> troubles;
    if (ask_) troubles = co_await ask_();
    Finding found = find(probe, {up_since_ != 0, started_once_}, troubles, unix_nanos());
    net::HttpResponse response;
    response.status = found.well ? 200 : 503;
    response.headers.add("content-type", "text/plain; charset=utf-8");
    response.body = Chain(Bytes::copy(found.text));
    co_return response;
  }

  const Config config_;
  const Context context_;
  std::unique_ptr<net::Server> server_;
  std::uint64_t up_since_ = 0;
  TimePoint started_{};
  bool started_once_ = false;
  AskTroubles ask_;
};

}  // namespace

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  return std::make_unique<HealthCheck>(config, context);
}

}  // namespace gleaner::extensions::health_check
