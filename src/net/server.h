#pragma once
// Listeners that speak HTTP or gRPC and hand whole requests to a handler.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/loop.h"
#include "net/compress.h"
#include "net/grpc.h"
#include "net/headers.h"
#include "net/socket.h"
#include "net/tls.h"

namespace gleaner::net {

// --- HTTP ------------------------------------------------------------------------------------------------

struct HttpRequest {
  std::string method;
  std::string target;  ///< as sent: "/v1/logs?x=1"
  std::string path;    ///< without the query, %XX undone
  std::string query;   ///< behind '?', raw
  Headers headers;     ///< with "host"
  Chain body;          ///< Content-Encoding undone
  /// Why there is no body: "unsupported Content-Encoding: br", "http: request body too large" (sys is
  /// EMSGSIZE), a decompressor's words. The handler answers; OTLP says 400.
  std::optional<Error> body_error;
  std::string peer;  ///< "10.0.0.1:33000"
  bool encrypted = false;
  Reservation reservation;           ///< of the server's budget, for the body: keep it as long as the bytes
  std::shared_ptr<const void> note;  ///< what the handler's admit() leaves for its handle()
};

struct HttpResponse {
  int status = 200;
  Headers headers;  ///< Content-Length and Date are added
  Chain body;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual Task<HttpResponse> handle(HttpRequest request) = 0;
  /// True when admit() wants to be asked.
  virtual bool guarded() const { return false; }
  /// Called with the head, before the body is read or booked; may wait, and the peer waits too. The request
  /// outlives the task. @return the answer that ends the request, or nothing: it may go on
  virtual Task<std::optional<HttpResponse>> admit(HttpRequest& head);
  /// The answer when the budget has no room for a body; called before it is read. `request` has no body.
  virtual HttpResponse refuse(const HttpRequest& request);
};

// --- gRPC ------------------------------------------------------------------------------------------------

struct GrpcRequest {
  std::string path;  ///< "/package.Service/Method"
  Headers metadata;  ///< without pseudo-headers and without gRPC's own fields; "-bin" values are still base64
  std::string authority;
  std::string peer;
  Chain message;  ///< decompressed
  TimePoint deadline = TimePoint::max();
  bool encrypted = false;
  Reservation reservation;  ///< of the server's budget, for the message: keep it as long as the bytes
  std::shared_ptr<const void> note;  ///< what the handler's admit() leaves for its unary()
};

struct GrpcReply {
  GrpcCode code = GrpcCode::ok;
  std::string message;
  std::string details;  ///< google.rpc.Status bytes for grpc-status-details-bin; may be empty
  Chain body;           ///< the response message; sent only with code ok
};

class GrpcHandler {
 public:
  virtual ~GrpcHandler() = default;
  /// False: UNIMPLEMENTED, before any body is read.
  virtual bool serves(std::string_view path) const = 0;
  /// Whether it has methods of a service ("a.b.Service"), for the words about one it has not.
  virtual bool knows(std::string_view /*service*/) const { return false; }
  virtual Task<GrpcReply> unary(GrpcRequest request) = 0;
  /// As HttpHandler's, for methods it serves.
  virtual bool guarded() const { return false; }
  virtual Task<std::optional<GrpcReply>> admit(GrpcRequest& head);
  /// The answer when the budget has no room: RESOURCE_EXHAUSTED with RetryInfo of 1 s, so that clients try
  /// again.
  virtual GrpcReply refuse(std::string_view path);
};

// --- servers ---------------------------------------------------------------------------------------------

struct ServerOptions {
  ListenOptions listen;
  std::shared_ptr<TlsServer> tls;      ///< null: cleartext
  Budget* budget = nullptr;            ///< for bodies; null: only the limits per request hold
  std::size_t max_connections = 4096;  ///< for one more the quietest end, if they are not at work
  Duration handshake_timeout = std::chrono::seconds(10);
};

/// Zero durations mean no limit.
struct HttpServerOptions : ServerOptions {
  std::size_t max_body = 20u << 20;   ///< bytes; on the wire, and again decompressed
  std::size_t max_header = 1u << 20;  ///< bytes of request line and fields: Go's limit
  /// Content-Encoding values taken; "" stands for no encoding, as in the collector's compression_algorithms.
  std::vector<std::string> compression_algorithms = {"",       "gzip",    "zstd", "zlib",
                                                     "snappy", "deflate", "lz4",  "x-snappy-framed"};
  Duration read_timeout{0};  ///< head and body of a request
  Duration read_header_timeout{0};
  Duration write_timeout{0};
  Duration idle_timeout{0};  ///< between requests; 0: read_timeout, as in Go
  bool keep_alives_enabled = true;
};

struct GrpcServerOptions : ServerOptions {
  std::size_t max_message = kGrpcDefaultMessage;  ///< bytes, after decompression
  std::uint32_t max_concurrent_streams = 0;       ///< per connection; 0: 1000
  std::uint32_t max_header_list = 64u << 10;      ///< bytes
  // keepalive::server_parameters; zero: never
  Duration max_connection_idle{0};
  Duration max_connection_age{0};        ///< +-10 % at random
  Duration max_connection_age_grace{0};  ///< zero: for ever
  Duration keepalive_time = std::chrono::hours(2);
  Duration keepalive_timeout = std::chrono::seconds(20);
  // keepalive::enforcement_policy
  Duration min_ping_interval = std::chrono::minutes(5);
  bool permit_without_stream = false;
};

/// Counters since start, for the component's own metrics.
struct ServerStats {
  std::uint64_t accepted = 0;  ///< connections
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;         ///< for want of budget
  std::uint64_t ended_for_room = 0;  ///< connections that were silent when there were too many
  std::size_t connections = 0;       ///< now
};

/// A listener and its connections. start(), later stop(); the handler outlives both.
class Server {
 public:
  /// HTTP/1.1 in the clear; with TLS also h2, by ALPN.
  static Result<std::unique_ptr<Server>> http(Loop& loop, HttpServerOptions options, HttpHandler& handler);
  /// HTTP/2 with prior knowledge, or by ALPN with TLS.
  static Result<std::unique_ptr<Server>> grpc(Loop& loop, GrpcServerOptions options, GrpcHandler& handler);
  virtual ~Server() = default;
  virtual const SocketAddress& address() const = 0;
  virtual void start() = 0;
  /// Accepts no more, tells peers (GOAWAY, Connection: close), waits for requests in progress until
  /// `deadline`, then cuts connections and waits for the handlers still at work. Safe twice and without
  /// start().
  virtual Task<> stop(TimePoint deadline) = 0;
  virtual const ServerStats& stats() const = 0;
};

/// What Go's ServeMux does to a path: "//v1/../v1/logs" -> "/v1/logs". A server redirects (307) when it
/// differs.
std::string clean_path(std::string_view path);
/// That redirect, for a mux to ask for first: 307 with the query kept. Nothing when the path is clean.
std::optional<HttpResponse> redirect_to_clean_path(const HttpRequest& request);
/// "%2F" and so on undone; broken escapes stay.
std::string percent_decode(std::string_view text);

}  // namespace gleaner::net
