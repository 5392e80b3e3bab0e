#pragma once
// Requests to a kubelet or an API server, with the four ways the reference knows to say who one is.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "k8s/kube_config.h"
#include "k8s/token_file.h"
#include "net/http_client.h"
#include "net/tls.h"

namespace gleaner::k8s {

enum class AuthType : std::uint8_t { none, tls, service_account, kube_config };
/// Case-sensitive: "none", "tls", "serviceAccount", "kubeConfig".
std::optional<AuthType> auth_type_named(std::string_view name);

/// Where to and as whom. Plain texts as the YAML has them.
struct ClientOptions {
  AuthType auth = AuthType::tls;
  std::string context;        ///< of the kubeconfig
  std::string endpoint;       ///< see base_url()
  net::TlsClientOptions tls;  ///< ca, certificate, key, versions, insecure_skip_verify
  std::string user_agent;
  std::string service_account{kServiceAccount};  ///< folder with token and ca.crt
  std::size_t max_response = 32 << 20;           ///< bytes of a document, on the wire and unpacked
};

/// A base URL and credentials. Keeps its connection between calls. One get() at a time.
///
/// Authorities: the configured ones, then the system's. The system's bundle costs 1.2 MB, so it is loaded
/// only when a certificate is not signed by the configured ones.
class Client {
 public:
  /// Reads certificates, token and kubeconfig now, so that a broken file is known at start.
  /// @return Fault::config in the reference's words
  /// @param warning set when something should be told at start
  static Result<std::unique_ptr<Client>> kubelet(Loop& loop, ClientOptions options, std::string& warning);
  /// Towards the API server: from KUBERNETES_SERVICE_HOST and _PORT, or the kubeconfig.
  static Result<std::unique_ptr<Client>> api_server(Loop& loop, ClientOptions options);

  /// The body of a 200. `path` begins with '/' and may have a query.
  /// @return what transport said; or, for any other status, Fault::permanent `kubelet request GET URL failed
  /// - "401
  ///         Unauthorized", response: "..."`. A 401 is tried once more with a token read afresh.
  Task<Result<Bytes>> get(std::string_view path, TimePoint deadline);
  /// What the server answers, whatever its status, up to the head: for logs that are followed. Any number at
  /// a time. A 401 is tried once more with a token read afresh.
  Task<Result<std::unique_ptr<net::HttpStream>>> open(std::string path, TimePoint deadline);
  struct Request {
    std::string path;  ///< begins with '/', may have a query
    std::string method = "GET";
    net::Headers headers;  ///< beside the client's own; with "range" nothing is packed for the way; of the
                           ///< body "content-type", else JSON
    Bytes body;            ///< JSON
  };
  /// The status, the head and the whole body (unpacked) of any answer.
  struct Answer {
    int status = 0;
    net::Headers headers;
    Bytes body;
  };
  Task<Result<Answer>> ask_for(Request request, TimePoint deadline);
  Task<Result<Answer>> ask_for(std::string path, TimePoint deadline) {
    return ask_for(Request{.path = std::move(path), .method = "GET", .headers = {}, .body = {}}, deadline);
  }
  /// The same with a body, of which `kind` is the content type.
  Task<Result<Answer>> send(std::string method, std::string path, std::string_view kind,
                            std::string_view body, TimePoint deadline);
  /// The same for a POST of JSON.
  Task<Result<Answer>> post(std::string path, std::string_view json, TimePoint deadline) {
    return ask_for(
        Request{.path = std::move(path), .method = "POST", .headers = {}, .body = Bytes::copy(json)},
        deadline);
  }
  /// The whole URL that get(path) asks for.
  std::string url(std::string_view path) const;
  /// Closes connections; needed before destruction, after the last get() has returned.
  Task<> stop();

 private:
  Client(Loop& loop, ClientOptions options) : loop_(loop), options_(std::move(options)) {}
  static Result<std::unique_ptr<Client>> make(Loop& loop, ClientOptions options, const KubeConfig* kube);
  Result<> prepare(const KubeConfig* kube);
  Result<> use_kube_config(const KubeConfig& kube);
  Result<> use_service_account();
  Result<> check_authorities() const;
  Result<> connect();
  Task<Result<net::HttpReply>> ask(const Request& request, TimePoint deadline);
  Task<Result<net::HttpReply>> ask_once(const Request& request, TimePoint deadline);
  bool is_unknown_authority(const Error& error) const;
  Result<> widen();
  Result<net::HttpCall> call_for(const Request& request, TimePoint deadline);

  Loop& loop_;
  ClientOptions options_;
  net::HttpClientOptions http_options_;
  std::string base_;
  std::string authorization_;                              ///< when it never changes
  std::optional<TokenFile> token_;                         ///< when it does
  std::shared_ptr<net::HttpClient> http_;                  ///< a call holds it while it runs
  std::vector<std::shared_ptr<net::HttpClient>> retired_;  ///< of fewer authorities; calls may still use them
  bool may_widen_ = false;  ///< the system's authorities count too, but are not loaded yet
};

/// The base URL an endpoint stands for. Source: spec/kubeletstats.md 4.1.
/// @param hostname the operating system's, for an empty endpoint
std::string base_url(AuthType auth, std::string_view endpoint, std::string_view hostname);
/// `base` with `path` behind its own path: one slash between, dots and double slashes cleaned, its query
/// kept.
std::string join_url(std::string_view base, std::string_view path);

}  // namespace gleaner::k8s
