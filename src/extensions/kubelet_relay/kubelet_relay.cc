#include <fmt/format.h>

#include <algorithm>

#include "extensions/kubelet_relay/callers.h"
#include "extensions/kubelet_relay/config.h"
#include "extensions/kubelet_relay/documents.h"
#include "extensions/kubelet_relay/pace.h"
#include "net/endpoint.h"
#include "net/server.h"

namespace gleaner::extensions::kubelet_relay {
namespace {

constexpr std::size_t kLargest = 8u << 20;  // bytes of an answer; a summary of 110 pods has 0.5 MiB
constexpr std::size_t kMostKubelets = 256;  // connections to nodes that are kept
constexpr Duration kStopPatience = std::chrono::seconds(1);
constexpr std::string_view kLogs = "/logs/pods/";

net::HttpResponse answer(int status, std::string_view text, std::string_view type = "text/plain") {
  net::HttpResponse response;
  response.status = status;
  response.headers.add("content-type", type);
  response.body = Chain(Bytes::copy(text));
  return response;
}

/// Whether a path can go on as it is: names of the kubelet's log files, nothing that a URL or a head gives a
/// meaning.
bool is_plain(std::string_view path) {
  constexpr std::string_view kMarks = "/._-";
  return std::all_of(path.begin(), path.end(), [&](char c) {
    const char l = static_cast<char>(c | 0x20);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  });
}

class Relay final : public Extension, public net::HttpHandler {
 public:
  Relay(const Config& config, const Context& context, std::unique_ptr<k8s::Client> api)
      : config_(config),
        context_(context),
        api_(std::move(api)),
        direct_(config.via == "kubelet"),
        callers_(context.loop, *api_, config.audience, direct_),
        documents_(context.loop, config.cache),
        pace_(config.rate_limit),
        served_(counter("served")),
        refused_(counter("refused")),
        failed_(counter("failed")),
        limited_(counter("limited")) {}

  Task<Result<>> start() override {
    net::HttpServerOptions options;
    options.listen = {"tcp", config_.endpoint};
    options.read_header_timeout = std::chrono::seconds(10);
    options.idle_timeout = std::chrono::minutes(3);
    options.max_body = 4 << 10;
    options.budget = &context_.memory;
    if (config_.tls) {
      auto tls = net::TlsServer::make(config_.tls->options());
      if (!tls) co_return fail(std::move(tls.error()));
      if (auto ok = (*tls)->load(); !ok) co_return fail(std::move(ok.error()));
      options.tls = std::move(*tls);
    } else {
      context_.logger.warn("The relay takes tokens without encryption",
                           {{"mend", "set tls::cert_file and tls::key_file"}});
    }
    auto server = net::Server::http(context_.loop, std::move(options), *this);
    if (!server) co_return fail(std::move(server.error()));
    server_ = std::move(*server);
    server_->start();
    context_.logger.info("Starting the kubelet relay",
                         {{"endpoint", config_.endpoint}, {"via", config_.via}});
    co_return Result<>();
  }
  Task<Result<>> stop() override {
    // Who is answered in a moment still is; a kubelet that hangs does not hold the stop up.
    Timer patience(context_.loop);
    Gate cutting;
    const TimePoint until = context_.loop.now() + kStopPatience;
    patience.start(until, [&](bool due) {
      if (due) cutting.spawn(disconnect());
    });
    if (server_) co_await server_->stop(until);
    patience.cancel();
    co_await cutting.join();
    co_await disconnect();
    co_return Result<>();
  }

  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    if (request.path == "/healthz") co_return answer(200, "ok");
    const TimePoint deadline = context_.loop.now() + config_.timeout;
    auto caller = co_await callers_.who(std::string(request.headers.get("authorization")), deadline);
    if (!caller) {
      const int status = caller.error().sys;
      (status == 502 ? failed_ : refused_).add(1);
      if (status == 502)
        context_.logger.warn("The relay cannot tell who asks", {{"error", caller.error().what}});
      co_return answer(status, caller.error().what + "\n");
    }
    if (const auto wait = pace_.admit(caller->uid, context_.loop.now()); !wait) {
      co_return too_fast();
    } else if (*wait > Duration{0}) {
      Timer turn(context_.loop);
      (void)co_await turn.sleep(*wait);
    }
    if (request.method != "GET") co_return refused(405, "only GET is served");
    // As behind the API server: whoever moves from there changes the host and nothing else.
    const std::string proxy = fmt::format("/api/v1/nodes/{}/proxy/", caller->node);
    if (request.path.starts_with(proxy)) request.path.erase(0, proxy.size() - 1);
    if (request.path == "/stats/summary" || request.path == "/pods")
      co_return co_await part_of_document(*caller, std::move(request), deadline);
    if (request.path.starts_with(kLogs)) co_return co_await log_file(*caller, std::move(request), deadline);
    co_return refused(403, "only /stats/summary, /pods and the pod's own files below /logs/pods are served");
  }

 private:
  Task<> disconnect() {
    for (auto& [address, kubelet] : kubelets_) co_await kubelet->stop();
    co_await api_->stop();
  }
  metrics::Counter& counter(const char* outcome) const {
    return context_.metrics.counter("kubelet_relay_requests", {{"outcome", outcome}},
                                    "Requests of pods to the relay.");
  }
  net::HttpResponse refused(int status, std::string_view why) {
    refused_.add(1);
    return answer(status, std::string(why) + "\n");
  }
  net::HttpResponse too_fast() {
    limited_.add(1);
    auto response =
        answer(429, fmt::format("more than {} requests a second (rate_limit)\n", config_.rate_limit));
    response.headers.add("retry-after", "1");
    return response;
  }
  net::HttpResponse failed(const Caller& caller, const std::string& what) {
    failed_.add(1);
    context_.logger.warn("A kubelet could not be asked", {{"node", caller.node}, {"error", what}});
    return answer(502, what + "\n");
  }

  Task<net::HttpResponse> part_of_document(Caller caller, net::HttpRequest request, TimePoint deadline) {
    const bool summary = request.path == "/stats/summary";
    // What the kubelet measures itself is cheaper than what it asks the runtime for: the caller chooses.
    const bool less = summary && request.query == "only_cpu_and_memory=true";
    const std::string path = request.path + (less ? "?only_cpu_and_memory=true" : "");
    auto document = co_await documents_.get(caller.node + path, deadline, [&](TimePoint until) {
      return ask(caller, {.path = path, .method = "GET", .headers = {}, .body = {}}, until);
    });
    if (!document) co_return failed(caller, document.error().what);
    if (document->status != 200) co_return failed(caller, words(*document));
    const auto text = document->body.view();
    auto part =
        summary ? k8s::own_summary(text, caller.uid, config_.share()) : k8s::own_pod_list(text, caller.uid);
    if (!part) co_return failed(caller, "the kubelet's " + request.path + ": " + part.error().what);
    served_.add(1);
    net::HttpResponse response;
    response.headers.add("content-type", "application/json");
    response.body = Chain(std::move(*part));
    co_return response;
  }

  /// A file or a listing below the pod's own folder, with the caller's Range.
  Task<net::HttpResponse> log_file(Caller caller, net::HttpRequest request, TimePoint deadline) {
    const std::string own = fmt::format("{}{}_{}_{}/", kLogs, caller.name_space, caller.pod, caller.uid);
    // What it is cleaned to must be below the folder as well.
    if (!is_plain(request.path) || !request.path.starts_with(own) ||
        !net::clean_path(request.path).starts_with(own))
      co_return refused(403, "only the pod's own files are served: " + own);
    k8s::Client::Request upstream{.path = request.path, .method = "GET", .headers = {}, .body = {}};
    const auto range = request.headers.get("range");
    if (!range.empty()) upstream.headers.add("range", range);
    co_await files_.take();
    auto file = co_await ask(caller, std::move(upstream), deadline);
    files_.give();
    if (!file && file.error().sys == EMSGSIZE)
      co_return refused(413, fmt::format("more than {} bytes: ask for less with a Range header", kLargest));
    if (!file) co_return failed(caller, file.error().what);
    if (file->status == 401 || file->status == 403 || file->status >= 500)
      co_return failed(caller, words(*file));
    served_.add(1);
    net::HttpResponse response;
    response.status = file->status;
    for (const char* name : {"content-type", "content-range", "accept-ranges", "last-modified", "location"})
      if (const auto value = file->headers.get(name); !value.empty()) response.headers.add(name, value);
    response.body = Chain(std::move(file->body));
    co_return response;
  }

  static std::string words(const k8s::Client::Answer& said) {
    return fmt::format("the kubelet said {} {}", said.status, said.body.view().substr(0, 512));
  }

  /// Asks the caller's kubelet, one way or the other.
  Task<Result<k8s::Client::Answer>> ask(const Caller& caller, k8s::Client::Request request,
                                        TimePoint deadline) {
    if (!direct_) {
      request.path = fmt::format("/api/v1/nodes/{}/proxy{}", caller.node, request.path);
      co_return co_await api_->ask_for(std::move(request), deadline);
    }
    auto kubelet = kubelet_of(caller.address);
    if (!kubelet) co_return fail(std::move(kubelet.error()));
    const auto held = *kubelet;
    co_return co_await held->ask_for(std::move(request), deadline);
  }
  Result<std::shared_ptr<k8s::Client>> kubelet_of(const std::string& address) {
    if (const auto found = kubelets_.find(address); found != kubelets_.end()) return found->second;
    k8s::ClientOptions options;
    options.auth = k8s::AuthType::service_account;
    options.endpoint = "https://" + net::join_host_port(address, 10250);
    options.tls.insecure_skip_verify = config_.insecure_skip_verify;
    options.user_agent = "gleaner/" + context_.version;
    options.max_response = kLargest;
    std::string warning;
    auto made = k8s::Client::kubelet(context_.loop, std::move(options), warning);
    if (!made) return fail(std::move(made.error()));
    if (kubelets_.size() >= kMostKubelets)
      return fail(Fault::retryable, fmt::format("more than {} nodes", kMostKubelets));
    return kubelets_.emplace(address, std::move(*made)).first->second;
  }

  const Config config_;
  const Context context_;
  std::unique_ptr<k8s::Client> api_;
  const bool direct_;
  Callers callers_;
  Documents documents_;
  Pace pace_;
  Turns files_{8};                                                ///< log files at once: each may be kLargest
  std::map<std::string, std::shared_ptr<k8s::Client>> kubelets_;  ///< by address
  std::unique_ptr<net::Server> server_;
  metrics::Counter &served_, &refused_, &failed_, &limited_;
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (auth_type != "serviceAccount" && auth_type != "kubeConfig")
    check.error("auth_type", "serviceAccount or kubeConfig");
  if (via != "api_server" && via != "kubelet") check.error("via", "api_server or kubelet");
  if (via == "kubelet" && auth_type != "serviceAccount")
    check.error("via", "kubelet needs auth_type serviceAccount");
  if (node != "alone" && node != "always" && node != "never") check.error("node", "alone, always or never");
  if (timeout <= Duration{0}) check.error("timeout", "must be positive");
  if (!(rate_limit >= 0)) check.error("rate_limit", "must not be negative");
  if (cache < Duration{0}) check.error("cache", "must not be negative");
}

k8s::NodeShare Config::share() const {
  return node == "always"  ? k8s::NodeShare::always
         : node == "never" ? k8s::NodeShare::never
                           : k8s::NodeShare::alone;
}

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  k8s::ClientOptions options;
  options.auth = *k8s::auth_type_named(config.auth_type);  // validate() looked
  options.context = config.context;
  options.user_agent = "gleaner/" + context.version;
  options.max_response = kLargest;
  auto api = k8s::Client::api_server(context.loop, std::move(options));
  if (!api) return fail(std::move(api.error()));
  return std::make_unique<Relay>(config, context, std::move(*api));
}

}  // namespace gleaner::extensions::kubelet_relay
