#pragma once
// Unary gRPC calls to one target, over one connection for each of its addresses.
#include <memory>
#include <string>

#include "net/grpc.h"
#include "net/headers.h"
#include "net/tls.h"

namespace gleaner::net {

struct GrpcClientOptions {
  std::string target;  ///< "host:port", "dns:///host:port", "unix:///path", "passthrough:///host:port"
  std::shared_ptr<TlsClient> tls;  ///< null: cleartext
  bool round_robin = true;         ///< over all addresses of the name; false: the first that answers
  bool wait_for_ready = false;     ///< calls wait for a connection instead of failing while there is none
  Encoding compression = Encoding::identity;  ///< of requests: identity, gzip, zstd, snappy_framed
  int compression_level = -1;
  std::string authority;       ///< empty: the target's host and port
  std::string user_agent;      ///< " grpc-cpp" and the like are not added
  Duration keepalive_time{0};  ///< 0: no pings
  Duration keepalive_timeout = std::chrono::seconds(20);
  bool permit_without_stream = false;
  Duration connect_timeout = std::chrono::seconds(20);
  std::size_t max_receive = kGrpcDefaultMessage;  ///< bytes of a response message
};

struct GrpcCall {
  std::string path;  ///< "/package.Service/Method"
  Headers metadata;  ///< "-bin" values already in base64
  Chain message;     ///< plain; sent without copying when not compressed
  TimePoint deadline = TimePoint::max();
};

/// What the server said; transport trouble is `unavailable` with grpc-go's words.
struct GrpcResult {
  GrpcCode code = GrpcCode::ok;
  std::string message;
  std::string details;  ///< google.rpc.Status bytes; empty when there were none
  Bytes body;
  Headers head, trailers;
  bool from_server = false;  ///< the status came over the wire
};

/// Connects when first asked, reconnects with grpc's back-off (1 s x1.6 up to 120 s, +-20 %).
/// Streams a server says it has not looked at (REFUSED_STREAM, GOAWAY) are sent again.
class GrpcClient {
 public:
  /// Fault::config for a target that cannot be one.
  static Result<std::unique_ptr<GrpcClient>> make(Loop& loop, GrpcClientOptions options);
  virtual ~GrpcClient() = default;
  virtual Task<GrpcResult> call(GrpcCall call) = 0;
  /// Cuts connections: calls in progress end with `cancelled`. Needed before destruction, as is their end.
  virtual Task<> stop() = 0;
};

}  // namespace gleaner::net
