#pragma once
// A client's HTTP/2 connection. Private to the room: HttpClient and GrpcClient are its faces.
#include <optional>

#include "net/gathered_body.h"
#include "net/http2_link.h"

namespace gleaner::net {

struct Http2ClientOptions {
  Duration keepalive_time{0};  ///< ping after this long without a byte; 0: never
  Duration keepalive_timeout = std::chrono::seconds(20);
  bool permit_without_stream = false;
};

struct Http2Outcome {
  std::optional<Error> error;
  bool untouched = false;  ///< the peer has not looked at it: safe to send again
  bool late = false;       ///< the deadline passed
  Headers head, trailers;
  Bytes body;
};

class Http2Client final : Http2Events {
 public:
  Http2Client(StreamPtr stream, const Http2ClientOptions& options);
  ~Http2Client() override;
  /// The connection's life. The owner keeps this object until it has returned.
  Task<> run();
  /// New requests may be sent.
  bool usable() const;
  bool closed() const { return link_.closed(); }
  std::size_t busy() const { return waiting_.size(); }
  /// One exchange. @param max_reply  bytes of body; more is an error (EMSGSIZE), or the end of it with
  /// `truncate`
  Task<Http2Outcome> request(Headers head, Chain body, std::size_t max_reply, TimePoint deadline,
                             bool truncate = false);
  void close() { link_.close(); }
  const Error& error() const { return error_; }
  TimePoint idle_since() const { return idle_since_; }
  /// It has answered at least once.
  bool served() const { return served_; }

 private:
  struct Exchange;
  void on_head(Http2Stream& stream, const Headers& head, bool end) override;
  void on_data(Http2Stream& stream, std::string_view data) override;
  void on_end(Http2Stream& stream, Headers trailers) override;
  void on_close(Http2Stream& stream, Http2Code code) override;
  void on_goaway(std::int32_t last, Http2Code code, std::string_view text) override;
  void on_ping(bool ack) override;
  void complete(Exchange& exchange);
  void watch();

  Loop& loop_;
  Http2ClientOptions options_;
  Timer timer_;
  std::vector<Exchange*> waiting_;
  Http2Link link_;
  Error error_;
  TimePoint ping_sent_{}, idle_since_;
  bool going_away_ = false, ping_open_ = false, served_ = false;
};

}  // namespace gleaner::net
