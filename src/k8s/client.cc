#include "k8s/client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/small_file.h"
#include "net/compress.h"
#include "net/endpoint.h"
#include "net/grpc.h"
#include "net/http1.h"
#include "net/server.h"

namespace gleaner::k8s {
namespace {

constexpr int kSecondLooks = 3;  // at files that are no good, at start only
constexpr std::chrono::milliseconds kSecondLook{25};
constexpr std::size_t kQuoted = 2048;  // bytes of a refusal's body in the error

constexpr std::pair<std::string_view, AuthType> kAuthTypes[] = {{"none", AuthType::none},
                                                                {"tls", AuthType::tls},
                                                                {"serviceAccount", AuthType::service_account},
                                                                {"kubeConfig", AuthType::kube_config}};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

/// The body without its Content-Encoding.
Result<Bytes> body_of(net::HttpReply& reply, std::size_t limit) {
  const auto encoding = net::encoding_named(reply.headers.get("content-encoding"));
  if (!encoding || *encoding == net::Encoding::identity) return reply.body.flat();
  return net::decompress(*encoding, reply.body, {.max_bytes = limit});
}

}  // namespace

std::optional<AuthType> auth_type_named(std::string_view name) {
  for (const auto& [known, type] : kAuthTypes)
    if (known == name) return type;
  return std::nullopt;
}

std::string base_url(AuthType auth, std::string_view endpoint, std::string_view hostname) {
  const bool plain = auth == AuthType::none;
  const std::string scheme = plain ? "http://" : "https://";
  if (endpoint.empty()) return scheme + std::string(hostname) + (plain ? ":10255" : ":10250");
  if (endpoint.starts_with("http://") || endpoint.starts_with("https://")) return std::string(endpoint);
  return scheme + std::string(endpoint);
}

std::string join_url(std::string_view base, std::string_view path) {
  const auto host = base.find("://");
  const auto slash = base.find_first_of("/?", host == std::string_view::npos ? 0 : host + 3);
  const std::string_view rest = slash == std::string_view::npos ? std::string_view() : base.substr(slash);
  const auto question = rest.find('?');
  const auto asked = path.find('?');
  std::string query(asked == std::string_view::npos ? std::string_view() : path.substr(asked));
  if (question != std::string_view::npos) {
    const auto kept = rest.substr(question + 1);
    query = query.empty() ? "?" + std::string(kept) : "?" + std::string(kept) + "&" + query.substr(1);
  }
  return std::string(base.substr(0, slash)) +
         net::clean_path(std::string(rest.substr(0, question)) + "/" + std::string(path.substr(0, asked))) +
         query;
}

Result<std::unique_ptr<Client>> Client::kubelet(Loop& loop, ClientOptions options, std::string& warning) {
  if (options.auth == AuthType::kube_config) {
    auto kube = KubeConfig::load(options.context);
    if (!kube) return fail(std::move(kube.error()));
    const std::string proxy = "/api/v1/nodes/" + options.endpoint + "/proxy/";
    auto made = make(loop, std::move(options), &*kube);
    if (made) (*made)->base_ = join_url((*made)->base_, proxy);
    return made;
  }
  const std::string base = base_url(options.auth, options.endpoint, host_name());
  if (options.endpoint.empty()) warning = "Kubelet endpoint not defined, using default endpoint " + base;
  auto made = make(loop, std::move(options), nullptr);
  if (made) (*made)->base_ = base;
  return made;
}

Result<std::unique_ptr<Client>> Client::api_server(Loop& loop, ClientOptions options) {
  if (options.auth == AuthType::kube_config) {
    auto kube = KubeConfig::load(options.context);
    if (!kube) return fail(std::move(kube.error()));
    return make(loop, std::move(options), &*kube);
  }
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !*host || !port || !*port)
    return fail(
        Fault::config,
        "unable to load k8s config, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined");
  const std::string name =
      std::string(host).find(':') == std::string::npos ? host : "[" + std::string(host) + "]";
  const bool anonymous = options.auth == AuthType::none;
  if (anonymous) options.tls.insecure_skip_verify = true;  // as the reference
  auto made = make(loop, std::move(options), nullptr);
  if (!made) return made;
  (*made)->base_ = "https://" + name + ":" + port;
  return made;
}

Result<std::unique_ptr<Client>> Client::make(Loop& loop, ClientOptions options, const KubeConfig* kube) {
  std::unique_ptr<Client> made(new Client(loop, std::move(options)));
  made->http_options_.user_agent = made->options_.user_agent;
  Result<> ok = made->prepare(kube);
  // A token or authority caught while somebody writes it in place is empty for a moment: look again before
  // giving up.
  for (int again = 0; !ok && made->options_.auth == AuthType::service_account && again < kSecondLooks;
       ++again) {
    std::this_thread::sleep_for(kSecondLook);
    ok = made->prepare(kube);
  }
  if (!ok) return fail(std::move(ok.error()));
  return made;
}

Result<> Client::prepare(const KubeConfig* kube) {
  Result<> ok;
  if (kube)
    ok = use_kube_config(*kube);
  else if (options_.auth == AuthType::service_account)
    ok = use_service_account();
  if (ok) ok = check_authorities();
  if (ok) ok = connect();
  return ok;
}

Result<> Client::use_kube_config(const KubeConfig& kube) {
  base_ = base_url(AuthType::kube_config, kube.server, "");
  auto& tls = options_.tls;
  const bool skip = tls.insecure_skip_verify || kube.insecure_skip_verify;
  tls = {};
  tls.insecure_skip_verify = skip;
  if (!skip) {
    tls.ca_file = kube.ca_file;
    tls.ca_pem = kube.ca_pem;
  }
  tls.server_name_override = kube.server_name;
  tls.cert_file = kube.cert_file;
  tls.cert_pem = kube.cert_pem;
  tls.key_file = kube.key_file;
  tls.key_pem = kube.key_pem;
  http_options_.environment_proxies = false;
  http_options_.proxy_url = kube.proxy_url;
  if (!kube.token.empty())
    authorization_ = "Bearer " + kube.token;
  else if (!kube.token_file.empty())
    token_.emplace(kube.token_file);
  else if (!kube.username.empty())
    authorization_ = "Basic " + net::base64_encode(kube.username + ":" + kube.password);
  return {};
}

Result<> Client::use_service_account() {
  auto& tls = options_.tls;
  if (tls.ca_file.empty() && tls.ca_pem.empty()) tls.ca_file = options_.service_account + "/ca.crt";
  token_.emplace(options_.service_account + "/token");
  if (auto token = token_->token(); !token) return fail(std::move(token.error()));
  return {};
}

Result<> Client::check_authorities() const {
  const auto& tls = options_.tls;
  const bool wanted = options_.auth == AuthType::tls || !tls.ca_file.empty();
  if (!wanted || !tls.ca_pem.empty()) return {};
  auto read = read_small_file(tls.ca_file, 4 << 20);
  if (!read)
    return fail(Fault::config, "cert path " + tls.ca_file + " could not be read: " + read.error().what);
  return {};
}

/// Makes the HTTP client for the authorities as they are.
Result<> Client::connect() {
  auto tls = net::TlsClient::make(options_.tls);
  if (!tls) return fail(std::move(tls.error()));
  const bool own = !options_.tls.ca_file.empty() || !options_.tls.ca_pem.empty();
  may_widen_ = own && !options_.tls.include_system_ca_certs_pool && !options_.tls.insecure_skip_verify &&
               options_.auth != AuthType::kube_config;
  // What the user gave must be good now; the system's authorities can wait for the first https call.
  const bool given = own || !options_.tls.cert_file.empty() || !options_.tls.cert_pem.empty();
  if (given)
    if (auto ok = (*tls)->load(); !ok) return ok;
  http_options_.tls = std::move(*tls);
  http_ = net::HttpClient::make(loop_, http_options_);
  return {};
}

std::string Client::url(std::string_view path) const { return join_url(base_, path); }

Result<net::HttpCall> Client::call_for(const Request& request, TimePoint deadline) {
  net::HttpCall call;
  call.method = request.method;
  call.url = url(request.path);
  call.headers = request.headers;
  call.body = Chain(request.body);
  if (!call.headers.has("content-type"))
    call.headers.add("content-type", "application/json");  // on a GET too: as the reference
  if (token_) {
    auto token = token_->token();
    if (!token) return fail(std::move(token.error()));
    call.headers.add("authorization", "Bearer " + std::string(*token));
  } else if (!authorization_.empty()) {
    call.headers.add("authorization", authorization_);
  }
  call.deadline = deadline;
  return call;
}

Task<Result<net::HttpReply>> Client::ask_once(const Request& request, TimePoint deadline) {
  auto call = call_for(request, deadline);
  if (!call) co_return fail(std::move(call.error()));
  if (!request.headers.has("range")) call->headers.add("accept-encoding", "gzip");
  call->max_response = options_.max_response;
  call->truncate = false;
  const auto http = http_;
  co_return co_await http->send(std::move(*call));
}

bool Client::is_unknown_authority(const Error& error) const {
  return (may_widen_ || !retired_.empty()) &&
         error.what.find("signed by unknown authority") != std::string::npos;
}

/// From now on the system's authorities count, too. Calls under way keep the client they have.
Result<> Client::widen() {
  if (!may_widen_) return {};  // another call was first
  options_.tls.include_system_ca_certs_pool = true;
  retired_.push_back(http_);
  return connect();
}

Task<Result<net::HttpReply>> Client::ask(const Request& request, TimePoint deadline) {
  auto reply = co_await ask_once(request, deadline);
  if (!reply && is_unknown_authority(reply.error())) {
    if (auto ok = widen(); !ok) co_return fail(std::move(ok.error()));
    reply = co_await ask_once(request, deadline);
  }
  if (reply && reply->status == 401 && token_) {
    token_->distrust();
    reply = co_await ask_once(request, deadline);
  }
  co_return reply;
}

Task<Result<std::unique_ptr<net::HttpStream>>> Client::open(std::string path, TimePoint deadline) {
  for (int tries = 0;; ++tries) {
    auto call = call_for({.path = path, .method = "GET", .headers = {}, .body = {}}, deadline);
    if (!call) co_return fail(std::move(call.error()));
    call->http1_only = true;
    const auto http = http_;
    auto stream = co_await http->open(std::move(*call));
    if (!stream && tries == 0 && is_unknown_authority(stream.error())) {
      if (auto ok = widen(); !ok) co_return fail(std::move(ok.error()));
      continue;
    }
    if (!stream || (*stream)->status() != 401 || !token_ || tries > 0) co_return stream;
    token_->distrust();
  }
}

Task<Result<Client::Answer>> Client::ask_for(Request request, TimePoint deadline) {
  auto reply = co_await ask(request, deadline);
  if (!reply) co_return fail(std::move(reply.error()));
  auto body = body_of(*reply, options_.max_response);
  if (!body) co_return fail(std::move(body.error()));
  co_return Answer{reply->status, std::move(reply->headers), std::move(*body)};
}

Task<Result<Client::Answer>> Client::send(std::string method, std::string path, std::string_view kind,
                                          std::string_view body, TimePoint deadline) {
  Request request{
      .path = std::move(path), .method = std::move(method), .headers = {}, .body = Bytes::copy(body)};
  request.headers.add("content-type", kind);
  return ask_for(std::move(request), deadline);
}

Task<Result<Bytes>> Client::get(std::string_view path, TimePoint deadline) {
  const Request request{.path = std::string(path), .method = "GET", .headers = {}, .body = {}};
  auto reply = co_await ask(request, deadline);
  if (!reply) co_return fail(std::move(reply.error()));
  auto body = body_of(*reply, options_.max_response);
  if (reply->status == 200) co_return body;
  const std::string_view said = body ? body->view().substr(0, kQuoted) : std::string_view();
  co_return fail(Fault::permanent,
                 fmt::format("kubelet request GET {} failed - \"{} {}\", response: {:?}", url(path),
                             reply->status, net::http_reason(reply->status), said));
}

Task<> Client::stop() {
  co_await http_->stop();
  for (const auto& old : retired_) co_await old->stop();
}

}  // namespace gleaner::k8s
