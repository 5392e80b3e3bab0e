#pragma once
// One accepted connection, as the listener sees it. Private to the room.
#include "net/server.h"

namespace gleaner::net {

class Connection {
 public:
  virtual ~Connection() = default;
  /// Its whole life; handlers it started are done when this returns.
  virtual Task<> run() = 0;
  /// Take no new requests, finish the ones at work, then end.
  virtual void drain() = 0;
  /// End now.
  virtual void abort() = 0;
  /// When bytes last came in; TimePoint::max() while a request is at work.
  virtual TimePoint quiet_since() const = 0;
};

/// What the HTTP connections of a server share.
struct HttpService {
  Loop& loop;
  HttpServerOptions options;
  HttpHandler& handler;
  ServerStats& stats;

  /// The target's parts into path and query.
  static void split_target(HttpRequest& request);
  /// Bytes of the body are reserved when this is called with its known or grown size.
  bool reserve(HttpRequest& request, std::size_t bytes);
  /// Undoes Content-Encoding, then asks the handler. `request.body` is what was on the wire.
  Task<HttpResponse> answer(HttpRequest request);
};

std::unique_ptr<Connection> make_http1_connection(HttpService& service, StreamPtr stream);
std::unique_ptr<Connection> make_http2_connection(HttpService& service, StreamPtr stream);
std::unique_ptr<Connection> make_grpc_connection(Loop& loop, const GrpcServerOptions& options,
                                                 GrpcHandler& handler, ServerStats& stats, StreamPtr stream);

}  // namespace gleaner::net
