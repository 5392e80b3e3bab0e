#pragma once
// HTTP requests over pooled connections: HTTP/1.1, and h2 where TLS agrees on it.
#include <memory>
#include <optional>
#include <string>

#include "net/headers.h"
#include "net/tls.h"

namespace gleaner::net {

/// Fields of confighttp.ClientConfig that concern the connection.
struct HttpClientOptions {
  std::shared_ptr<TlsClient> tls;   ///< null: the system's authorities, made when first needed
  std::string proxy_url;            ///< empty: as the environment says
  bool environment_proxies = true;  ///< false: HTTP_PROXY and its kin do not count
  std::string user_agent;
  std::size_t max_idle_conns = 100;                       ///< 0: no limit
  std::size_t max_idle_conns_per_host = 0;                ///< 0: 2, Go's default
  std::size_t max_conns_per_host = 0;                     ///< 0: no limit; more requests wait
  Duration idle_conn_timeout = std::chrono::seconds(90);  ///< 0: none
  bool disable_keep_alives = false;
  bool force_attempt_http2 = true;
  Duration http2_read_idle_timeout{0};  ///< ping after this long without a byte; 0: never
  Duration http2_ping_timeout = std::chrono::seconds(15);
};

struct HttpCall {
  std::string method = "POST";
  std::string url;  ///< absolute
  Headers headers;  ///< "host" overrides the URL's
  Chain body;       ///< sent without copying
  TimePoint deadline = TimePoint::max();
  std::size_t max_response = 64u << 10;  ///< bytes of body kept
  bool truncate = true;     ///< a body may be longer, or end early; false: those are errors (EMSGSIZE, EOF)
  bool http1_only = false;  ///< for open(): a connection of its own
};

struct HttpReply {
  int status = 0;
  Headers headers;
  Chain body;
};

/// A response whose body is read as it comes: watches and followed logs.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  /// The next piece; empty at the end.
  virtual Task<Result<Bytes>> next() = 0;
  /// Ends a pending next() with Fault::cancelled.
  virtual void cancel() = 0;
};

class HttpClient {
 public:
  static std::unique_ptr<HttpClient> make(Loop& loop, HttpClientOptions options);
  virtual ~HttpClient() = default;
  /// One request and its whole answer, whatever its status. Transport trouble: Fault::retryable with Go's
  /// words, `Post "http://h/p": dial tcp ...`; past the deadline sys is ETIMEDOUT and the words "context
  /// deadline exceeded". A connection that turns out to be closed before it answered is replaced once.
  /// Redirects are not followed.
  virtual Task<Result<HttpReply>> send(HttpCall call) = 0;
  /// Up to the head of the answer, over HTTP/1.1 and a connection of its own. The deadline ends with the
  /// head.
  virtual Task<Result<std::unique_ptr<HttpStream>>> open(HttpCall call) = 0;
  /// Closes idle connections and cuts busy ones. Needed before destruction, after the last send() has
  /// returned.
  virtual Task<> stop() = 0;
};

}  // namespace gleaner::net
