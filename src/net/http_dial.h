#pragma once
// How an HTTP client reaches a server: TCP, a proxy's CONNECT, TLS. Private to the room.
#include "net/socket.h"
#include "net/tls.h"
#include "net/url.h"

namespace gleaner::net {

/// Ends a wait at a deadline by closing what is waited for.
class Deadline {
 public:
  Deadline(Loop& loop, TimePoint when) : timer_(loop), when_(when) {}
  void guard(Stream& stream) {
    if (when_ == TimePoint::max()) return;
    timer_.start(when_, [this, &stream](bool due) {
      passed_ |= due;
      if (due) stream.close();
    });
  }
  void release() { timer_.cancel(); }
  bool passed() const { return passed_; }
  /// The error that is told: a stream closed by us means we were late.
  Error of(Error error) const {
    if (passed_) return {Fault::retryable, "context deadline exceeded", ETIMEDOUT};
    return error;
  }

 private:
  Timer timer_;
  TimePoint when_;
  bool passed_ = false;
};

/// Dials; stop() cuts what is being dialled.
class HttpDialer {
 public:
  /// @param tls  null: the system's authorities, made when first needed
  HttpDialer(Loop& loop, std::shared_ptr<TlsClient> tls) : loop_(loop), tls_(std::move(tls)) {}
  /// Arguments outlive the task. `proxy` is a URL, or empty.
  Task<Result<StreamPtr>> connect(const Url& url, const std::string& proxy, std::vector<std::string> alpn,
                                  TimePoint when);
  void stop();

 private:
  Task<Result<StreamPtr>> encrypt(StreamPtr socket, const Url& url, const std::string& proxy, const Url& via,
                                  std::vector<std::string> alpn, TimePoint by);
  Task<Result<StreamPtr>> tunnel(StreamPtr stream, const Url& url, const Url& via, TimePoint by);
  TlsClient& tls();
  Loop& loop_;
  std::shared_ptr<TlsClient> tls_;
  std::vector<Stream*> shaking_;
  Cancel cancel_;
};

}  // namespace gleaner::net
