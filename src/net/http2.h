#pragma once
// HTTP/2 without a socket: bytes in, events out; submissions in, bytes out. nghttp2 does the protocol.
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "net/headers.h"
#include "net/stream.h"

namespace gleaner::net {

/// Error codes of RFC 9113 §7 that we say or look at.
enum class Http2Code : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  refused_stream = 7,
  cancel = 8,
  enhance_your_calm = 11,
};
/// "INTERNAL_ERROR"; "unknown" for codes that are not in RFC 9113 7.
std::string_view http2_code_name(Http2Code code);

/// One request and its answer. Lives until on_close().
struct Http2Stream {
  std::int32_t id = 0;
  void* user = nullptr;  ///< the owner's own state; freed by the owner in on_close()
};

/// A session calls these from feed() and from collect(). Pseudo-headers are fields named ":path" and so on.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  /// The peer's head is complete; it is there for this call only. `end`: nothing follows (on_end() is called
  /// too).
  virtual void on_head(Http2Stream& stream, const Headers& head, bool end) = 0;
  /// A piece of the peer's body, there for this call only. Every byte must be given to consume() once, or
  /// the peer's windows stay shut.
  virtual void on_data(Http2Stream& stream, std::string_view data) = 0;
  /// The peer's half is complete.
  virtual void on_end(Http2Stream& stream, Headers trailers) = 0;
  /// Both halves are, or the stream was reset with `code`.
  virtual void on_close(Http2Stream& stream, Http2Code code) = 0;
  /// Streams above `last` were not looked at and may be tried elsewhere.
  virtual void on_goaway(std::int32_t last, Http2Code code, std::string_view text) = 0;
  virtual void on_ping(bool ack) = 0;
};

/// Limits and windows. Memory a peer can make us hold without our consent is about max_header_list for each
/// stream; bodies are handed on at once, so windows are about throughput only.
struct Http2Options {
  std::uint32_t max_concurrent_streams = 1000;  ///< of the peer's
  std::uint32_t max_header_list = 16u << 10;    ///< bytes of names and values of one head
  std::uint32_t max_frame = 64u << 10;          ///< what we announce
  std::uint32_t stream_window = 1u << 20;       ///< bytes
  std::uint32_t connection_window = 4u << 20;   ///< bytes
};

/// Guards against floods (SETTINGS, PING, RST, CONTINUATION) are nghttp2's: they end the session.
class Http2Session {
 public:
  enum class Side : std::uint8_t { server, client };
  Http2Session(Side side, const Http2Options& options, Http2Events& events);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  /// Takes what arrived.
  /// @return false when the connection must end, after what collect() still gives is sent
  bool feed(std::string_view input);
  /// Appends what is to be sent until `out` holds `target` bytes or there is nothing. @return false as feed()
  bool collect(WriteQueue& out, std::size_t target);
  /// False when both directions are finished and the connection may be closed.
  bool wants_io() const;

  /// Client: opens a stream. @return nullptr when no more can be opened on this connection
  Http2Stream* request(const Headers& head, Chain body, void* user);
  /// Server: answers. With trailers the body is followed by them; with an empty body and no trailers the head
  /// ends it.
  void respond(Http2Stream& stream, const Headers& head, Chain body,
               std::shared_ptr<const Headers> trailers = nullptr);
  void reset(Http2Stream& stream, Http2Code code);
  /// Server: once the answer is out, the peer is told to send no more of its body (RST_STREAM, NO_ERROR).
  void stop_peer_after_answer(Http2Stream& stream);
  /// Our half is sent completely.
  bool sent_all(const Http2Stream& stream) const;
  /// `count` bytes of bodies were dealt with: the peer may send as many again.
  void consume(Http2Stream& stream, std::size_t count);
  void ping();
  /// First half of a graceful end: the peer is told to open no more streams, the ones in the air still count.
  void shutdown_notice();
  /// Says GOAWAY; streams up to the last one seen are still served.
  void goaway(Http2Code code, std::string_view text = {});
  /// HEADERS and DATA frames sent so far: a peer that is sent data may ping to measure the line.
  std::uint64_t messages_sent() const noexcept;
  /// Streams opened and not closed.
  std::size_t open_streams() const noexcept;
  bool can_request() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gleaner::net
