#pragma once
// HTTP/1.1 messages: a strict parser (Beast's) without a socket, a reader that feeds it from a stream, and
// the few lines it takes to write.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/headers.h"
#include "net/stream.h"

namespace gleaner::net {

enum class Http1Side : std::uint8_t { request, response };

/// Parses one message. Both framings at once, bare LF (of requests), obsolete folds in names and the like are
/// errors.
class Http1Parser {
 public:
  /// @param max_header  bytes of start line and fields
  /// @param no_body     a response to HEAD
  Http1Parser(Http1Side side, std::size_t max_header, bool no_body = false);
  ~Http1Parser();
  Http1Parser(Http1Parser&&) = delete;

  /// Parses what it can of `in` and stops behind the head, and at the end of the message. Body bytes are
  /// appended to `body` as slices. Feed what was not consumed again, with more behind it.
  /// @return bytes consumed; Fault::permanent for bytes that are not HTTP (sys is EMSGSIZE: head too large)
  Result<std::size_t> feed(const Bytes& in, Chain& body);
  /// Ready for the next message of the same kind: behind "103 Early Hints" comes the answer.
  void restart();
  /// The peer's end: completes a body that has no length of its own, is "unexpected EOF" otherwise.
  Result<> end();
  bool head_done() const;
  bool is_response() const { return !is_request_; }
  std::size_t max_header() const { return max_header_; }
  bool done() const;
  bool keep_alive() const;
  bool chunked() const;
  std::optional<std::uint64_t> content_length() const;

  std::string method, target;  ///< request
  int status = 0;              ///< response
  int version = 11;            ///< 10 or 11
  Headers headers;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool is_request_, no_body_;
  std::size_t max_header_;
};

/// Reads messages off one stream. Owns a buffer only while there are bytes in it.
class Http1Reader {
 public:
  static constexpr std::size_t kMostRead = 256u << 10;

  explicit Http1Reader(Stream& stream) : stream_(stream) {}
  ~Http1Reader();
  Http1Reader(const Http1Reader&) = delete;
  Http1Reader& operator=(const Http1Reader&) = delete;

  /// Until there is a byte to parse. @return false at the peer's end
  Task<Result<bool>> wait();
  /// The head of a message. Of a response it may end its lines with LF alone and leave out the reason with
  /// its blank, as Go and browsers allow: refused, such an answer would have its request sent again and
  /// again.
  Task<Result<>> head(Http1Parser& parser);
  /// The next piece of its body: `body` grows, or parser.done() becomes true.
  /// @param most  bytes read at a time: large where the pieces are kept, small where they are copied, so that
  ///              the same memory is read into again
  Task<Result<>> body(Http1Parser& parser, Chain& body, std::size_t most = kMostRead);
  /// Bytes read and not parsed.
  std::size_t left() const noexcept { return pending_.size(); }

 private:
  Task<Result<bool>> read_more(std::size_t hint);
  Result<std::size_t> parse(Http1Parser& parser, Chain& body);
  Stream& stream_;
  Block* block_ = nullptr;
  std::size_t used_ = 0;
  Bytes pending_;
};

/// "HTTP/1.1 200 OK", fields, an empty line.
std::string http1_response_head(int status, const Headers& headers);
std::string http1_request_head(std::string_view method, std::string_view target, const Headers& headers);
std::string_view http_reason(int status);
/// Now, as the Date field wants it; made once a second.
const std::string& http_date();
/// Says the last byte and reads on for a moment: closing over unread input would reset the connection before
/// the peer has seen the answer.
Task<> linger(Stream& stream);

}  // namespace gleaner::net
