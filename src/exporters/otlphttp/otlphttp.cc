#include <fmt/format.h>

#include "auth/resolve.h"
#include "exporters/otlphttp/answer.h"
#include "exporters/otlphttp/config.h"
#include "net/cookies.h"
#include "net/url.h"
#include "otlp/json.h"
#include "pipeline/partial_success.h"
#include "pipeline/sending_lanes.h"

namespace gleaner::exporters::otlphttp {
namespace {

constexpr int kMaxRedirects = 10;               // as in Go
constexpr std::size_t kMaxResponse = 64 << 10;  // bytes of an answer that are read, as in the reference

/// What the signals share: connections, headers, how bodies are written.
struct Link {
  const Config config;
  const Context context;
  std::unique_ptr<net::HttpClient> client;
  net::Headers headers;
  auth::ClientAuth auth;
  net::CookieJar cookies = {};
};

std::int64_t unix_seconds() { return static_cast<std::int64_t>(unix_nanos() / 1'000'000'000); }

/// Sends, and again to where a redirect that keeps method and body leads. Others (301, 302, 303) would turn
/// the request into one without data, and an answer to that says nothing about the data: they are the
/// answer.
Task<Result<net::HttpReply>> follow(Link& link, net::HttpCall call) {
  for (int hop = 0;; ++hop) {
    net::HttpCall next = call;
    const auto from = net::parse_url(next.url);
    if (link.config.client.cookies && from) {
      const auto told = link.cookies.value(*from, unix_seconds());
      const std::string own(call.headers.get("cookie"));
      if (!told.empty()) call.headers.set("cookie", own.empty() ? told : own + "; " + told);
    }
    auto reply = co_await link.client->send(std::move(call));
    if (reply && link.config.client.cookies && from) link.cookies.take(*from, reply->headers, unix_seconds());
    if (!reply || (reply->status != 307 && reply->status != 308) || hop == kMaxRedirects) co_return reply;
    const std::string location(reply->headers.get("location"));
    if (location.empty() || !from) co_return reply;
    next.url = net::resolve(*from, location);
    const auto to = net::parse_url(next.url);
    if (!to || (from->secure() && !to->secure())) co_return reply;  // what was encrypted stays so
    if (to->authority() != from->authority())
      for (const auto secret : {"authorization", "cookie", "host"}) next.headers.remove(secret);
    call = std::move(next);
  }
}

template <class S>
class HttpSender final : public Sender<S> {
 public:
  explicit HttpSender(Link& link) : link_(link), url_(link.config.url(S::kind)) {}

  Task<Result<>> send(Payload<S>& payload, const Client* sender, Duration timeout) override {
    net::HttpCall call;
    call.url = url_;
    call.headers = link_.headers;
    call.max_response = kMaxResponse;
    call.body = encoded(payload);
    if (timeout > Duration{0}) call.deadline = link_.context.loop.now() + timeout;
    if (link_.auth.wanted()) {
      auto ok = co_await link_.auth.add_to(call.headers, sender, call.deadline);
      if (!ok) co_return fail(std::move(ok.error()).in("failed to make an HTTP request"));
    }
    auto reply = co_await follow(link_, std::move(call));
    if (!reply) co_return fail(std::move(reply.error()).in("failed to make an HTTP request"));
    auto partial = judge(url_, *reply, unix_seconds());
    if (!partial) co_return fail(std::move(partial.error()));
    warn_partial(link_.context.logger, S::kind, *partial, "dropped_samples");
    co_return Result<>();
  }

  metrics::Labels destination() const override {
    const auto url = net::parse_url(url_);
    if (!url) return {};
    return {{"server_address", url->host},
            {"server_port", std::to_string(url->port)},
            {"url_path", url->target.substr(0, url->target.find('?'))}};
  }

 private:
  Chain encoded(Payload<S>& payload) const {
    const auto encoding = link_.config.client.encoding();
    const int level = link_.config.client.level();
    if (link_.config.encoding == "proto") return net::compress(encoding, level, payload.wire());
    std::string text;
    otlp::append_json(text, S::kind, payload.wire().flat().view());
    return net::compress(encoding, level, Chain(Bytes::copy(text)));
  }
  Link& link_;
  const std::string url_;
};

class OtlpHttp final : public Exporter {
 public:
  explicit OtlpHttp(Link link) : link_(std::move(link)), lanes_(link_.config.sending, link_.context, link_) {}

  Consumers inputs() override { return lanes_.inputs(); }
  Task<Result<>> start() override { co_return co_await lanes_.start(link_.context, "otlphttp"); }
  Task<Result<>> stop() override {
    co_await lanes_.stop();
    co_await link_.client->stop();
    co_return Result<>();
  }

 private:
  Link link_;
  SendingLanes<HttpSender, Link> lanes_;
};

}  // namespace

std::string Config::url(SignalKind signal) const {
  const std::string& own = signal == SignalKind::traces    ? traces_endpoint
                           : signal == SignalKind::metrics ? metrics_endpoint
                           : signal == SignalKind::logs    ? logs_endpoint
                                                           : profiles_endpoint;
  if (!own.empty() || client.endpoint.empty()) return own;
  return fmt::format("{}{}{}/{}", client.endpoint, client.endpoint.ends_with('/') ? "" : "/",
                     signal == SignalKind::profiles ? "v1development" : "v1", signal_name(signal));
}

void Config::validate(config::Check& check) const {
  if (client.endpoint.empty() && traces_endpoint.empty() && metrics_endpoint.empty() &&
      logs_endpoint.empty() && profiles_endpoint.empty())
    check.error("at least one endpoint must be specified");
  const std::pair<std::string_view, const std::string&> own[] = {{"traces_endpoint", traces_endpoint},
                                                                 {"metrics_endpoint", metrics_endpoint},
                                                                 {"logs_endpoint", logs_endpoint},
                                                                 {"profiles_endpoint", profiles_endpoint}};
  for (const auto& [key, url] : own) {
    if (url.empty()) continue;
    if (auto ok = confignet::check_url(url); !ok)
      check.error(key, fmt::format("{} must be a valid URL: {}", key, ok.error().what));
  }
}

Result<std::unique_ptr<Exporter>> make(const Config& config, const Context& context) {
  for (const auto signal : kSignals)
    if ((context.signals & bit(signal)) && config.url(signal).empty())
      return fail(Fault::config,
                  fmt::format("either endpoint or {}_endpoint must be specified", signal_name(signal)));
  if (auto storage = queue_storage(config.sending, context); !storage)
    return fail(std::move(storage.error()));
  auto auth = auth::ClientAuth::make(context, config.client.auth, auth::Protocol::http, true);
  if (!auth) return fail(std::move(auth.error()));
  auto options = config.client.options(fmt::format("gleaner/{} (linux/amd64)", context.version));
  if (!options) return fail(std::move(options.error()));
  Link link{config, context, net::HttpClient::make(context.loop, std::move(*options)), {}, *auth};
  link.headers.add("content-type", config.encoding == "json" ? "application/json" : "application/x-protobuf");
  if (const auto encoding = config.client.encoding(); encoding != net::Encoding::identity)
    link.headers.add("content-encoding", net::encoding_name(encoding));
  for (const auto& [name, value] : config.client.headers.list) link.headers.set(name, value.value);
  return std::make_unique<OtlpHttp>(std::move(link));
}

}  // namespace gleaner::exporters::otlphttp
