#pragma once
// A session and its connection: reads while there is something, writes once a turn.
#include "net/http2.h"

namespace gleaner::net {

/// Drives one Http2Session over one Stream. run() is the connection's life; the owner keeps this object until
/// it has returned, and submits to session() followed by kick().
class Http2Link {
 public:
  Http2Link(StreamPtr stream, Http2Session::Side side, const Http2Options& options, Http2Events& events);
  Http2Link(const Http2Link&) = delete;
  Http2Link& operator=(const Http2Link&) = delete;

  /// Until the peer leaves, the session ends, or close(). `first`: bytes that were read already.
  Task<> run(Bytes first = {});
  /// Something was submitted: it is written in this turn of the loop, with whatever else comes in it.
  void kick();
  /// Ends run() at once.
  void close();
  Http2Session& session() noexcept { return session_; }
  Stream& stream() noexcept { return *stream_; }
  /// Why run() ended, when it was the stream's fault.
  const Error& error() const noexcept { return error_; }
  bool closed() const noexcept { return closed_; }
  /// When bytes last came in: for keep-alive and idle limits.
  TimePoint last_read() const noexcept { return last_read_; }

 private:
  bool feed(std::string_view input);
  void flush();
  void finish();
  StreamPtr stream_;
  Http2Session session_;
  WriteQueue out_;
  Signal drained_;
  Error error_;
  Timer timer_;
  TimePoint last_read_;
  bool feeding_ = false, posted_ = false, writing_ = false, closed_ = false, finished_ = false;
};

}  // namespace gleaner::net
