#include "net/http1.h"

#include <algorithm>
#include <cstring>
#include <ctime>

namespace gleaner::net {
namespace {

constexpr std::size_t kLeastRead = 4u << 10;

struct Reason {
  int status;
  std::string_view words;
};
constexpr Reason kReasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Request Entity Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

void put_fields(std::string& out, const Headers& headers) {
  for (const auto field : headers) {
    // As people write them: Content-Type. Peers must not care, but eyes and some tools do.
    bool start = true;
    for (const char c : field.name) {
      out += start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      start = c == '-';
    }
    out += ": ";
    for (const char c : field.value)
      if (c != '\r' && c != '\n') out += c;  // a value must not begin a new field
    out += "\r\n";
  }
  out += "\r\n";
}

}  // namespace

Http1Reader::~Http1Reader() {
  if (block_) block_->release();
}

Task<Result<bool>> Http1Reader::read_more(std::size_t hint) {
  for (;;) {
    co_await stream_.ready(Want::read);
    const bool full = block_ && used_ == block_->capacity();
    if (full) block_->release(), block_ = nullptr;
    if (!block_) {
      block_ = Block::make(std::clamp(hint + pending_.size(), kLeastRead, kMostRead));
      used_ = pending_.size();
      if (used_ > 0) {  // the parser wants to see it again, in front of what follows
        std::memcpy(block_->data(), pending_.data(), used_);
        block_->retain();
        pending_ = Bytes(block_, block_->data(), used_);
      }
    }
    const Step step = stream_.try_read(block_->data() + used_, block_->capacity() - used_);
    if (step.count > 0) {
      const char* from = pending_.empty() ? block_->data() + used_ : pending_.data();
      used_ += step.count;
      block_->retain();
      pending_ = Bytes(block_, from, static_cast<std::size_t>(block_->data() + used_ - from));
      co_return true;
    }
    if (step.state == Step::eof) co_return false;
    if (step.state == Step::failed) co_return fail(stream_.error());
    if (pending_.empty()) block_->release(), block_ = nullptr;
  }
}

Task<Result<bool>> Http1Reader::wait() {
  if (!pending_.empty()) co_return true;
  if (block_) block_->release(), block_ = nullptr;  // an idle connection owns none
  co_return co_await read_more(kLeastRead);
}

Result<std::size_t> Http1Reader::parse(Http1Parser& parser, Chain& body) {
  auto used = parser.feed(pending_, body);
  if (used) pending_ = *used == pending_.size() ? Bytes() : pending_.slice(*used, pending_.size() - *used);
  return used;
}

namespace {

/// Where the head that `text` begins with ends, behind its empty line; 0: not yet. Lines end with LF or CRLF.
std::size_t head_end(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (text.substr(at + 1, 1) == "\n") return at + 2;
    if (text.substr(at + 1, 2) == "\r\n") return at + 3;
  }
  return 0;
}

/// The same bytes with CRLF behind every line of the head and a blank behind a status alone.
Bytes regular(const Bytes& in, std::size_t end) {
  constexpr std::size_t kStatusAlone = sizeof "HTTP/1.1 200" - 1;
  const std::string_view text = in.view(), head = text.substr(0, end);
  std::string_view first = head.substr(0, head.find('\n'));
  if (first.ends_with('\r')) first.remove_suffix(1);
  bool good = first.size() != kStatusAlone;
  for (std::size_t at = head.find('\n'); good && at != std::string_view::npos; at = head.find('\n', at + 1))
    good = at > 0 && head[at - 1] == '\r';
  if (good) return in;
  std::string out;
  for (std::size_t begin = 0; begin < end;) {
    const std::size_t next = head.find('\n', begin) + 1;
    std::string_view line = head.substr(begin, next - 1 - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += line;
    if (begin == 0 && line.size() == kStatusAlone) out += ' ';
    out += "\r\n";
    begin = next;
  }
  return Bytes::copy(out.append(text.substr(end)));
}

}  // namespace

Task<Result<>> Http1Reader::head(Http1Parser& parser) {
  Chain none;
  for (;;) {
    const std::size_t end = parser.is_response() && !pending_.empty() ? head_end(pending_.view())
                                                                      : 0;  // a response's is read whole
    if (end > 0) {
      const char* const before = pending_.data();
      pending_ = regular(pending_, end);
      // Bytes of their own: what is read next goes behind a copy of them, not into the old block.
      if (pending_.data() != before && block_) block_->release(), block_ = nullptr;
    }
    if (!pending_.empty() && (end > 0 || !parser.is_response() || pending_.size() > parser.max_header())) {
      auto used = parse(parser, none);
      if (!used) co_return fail(std::move(used.error()));
      if (parser.head_done()) co_return Result<>();
    }
    auto more = co_await read_more(std::max(kLeastRead, pending_.size()));
    if (!more) co_return fail(std::move(more.error()));
    if (!*more) {
      if (!pending_.empty()) co_return fail(Fault::retryable, "unexpected EOF");
      auto ended = parser.end();
      if (!ended) co_return ended;
      co_return fail(Fault::retryable, "unexpected EOF");
    }
  }
}

Task<Result<>> Http1Reader::body(Http1Parser& parser, Chain& body, std::size_t most) {
  const std::size_t before = body.size();
  while (!parser.done() && body.size() == before) {
    if (!pending_.empty()) {
      auto used = parse(parser, body);
      if (!used) co_return fail(std::move(used.error()));
      if (*used > 0) continue;
    }
    const auto length = parser.content_length();
    const std::size_t hint = length ? *length - std::min<std::uint64_t>(*length, body.size()) : 64u << 10;
    auto more = co_await read_more(std::min(hint, most));
    if (!more) co_return fail(std::move(more.error()));
    if (!*more) co_return parser.end();
  }
  co_return Result<>();
}

std::string_view http_reason(int status) {
  for (const auto& row : kReasons)
    if (row.status == status) return row.words;
  return "Status";
}

const std::string& http_date() {
  thread_local std::time_t made_for = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_for) {
    char raw[40];
    std::tm parts{};
    gmtime_r(&now, &parts);
    text.assign(raw, std::strftime(raw, sizeof raw, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    made_for = now;
  }
  return text;
}

std::string http1_response_head(int status, const Headers& headers) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
  out += http_reason(status);
  out += "\r\n";
  put_fields(out, headers);
  return out;
}

std::string http1_request_head(std::string_view method, std::string_view target, const Headers& headers) {
  std::string out(method);
  ((out += ' ') += target) += " HTTP/1.1\r\n";
  put_fields(out, headers);
  return out;
}

Task<> linger(Stream& stream) {
  constexpr Duration kMost = std::chrono::milliseconds(500);
  stream.shutdown();
  Timer timer(stream.loop());
  timer.start(stream.loop().now() + kMost, [&stream](bool due) {
    if (due) stream.close();
  });
  Buffer waste(
      2048);  // not in the frame: the compiler may make it a part of the caller's, for the connection's life
  for (;;) {
    auto got = co_await read_some(stream, waste.data(), waste.capacity());
    if (!got || *got == 0) co_return;
  }
}

}  // namespace gleaner::net
