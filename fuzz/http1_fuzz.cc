// A message means the same however the network cuts it: fed byte by byte, or in pieces, a parser gives the
// head and body it gives for the whole, or refuses both. Heads stay under their limit, and nothing is kept
// behind. First byte: bit 0 a response, bit 1 to HEAD; the rest the size of the pieces.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "net/http1.h"

namespace {
using namespace gleaner;
using namespace gleaner::net;

constexpr std::size_t kHead = 4096;

struct Seen {
  bool good = true, head = false, done = false, keep_alive = false;
  std::string method, target, fields, body;
  int status = 0;
  std::optional<std::uint64_t> length;
  bool operator==(const Seen&) const = default;
};

Seen parse(std::string_view text, std::uint8_t mode, std::size_t step) {
  Http1Parser parser(mode & 1 ? Http1Side::response : Http1Side::request, kHead, mode & 2);
  Chain body;
  Seen seen;
  std::string pending;  // read and not consumed
  for (std::size_t at = 0; at < text.size() && seen.good && !parser.done();) {
    const auto piece = text.substr(at, step);
    at += piece.size();
    pending += piece;
    const Bytes in = Bytes::copy(pending);
    std::size_t used = 0;
    while (used < in.size() && !parser.done()) {
      const bool had_head = parser.head_done();
      const auto took = parser.feed(in.slice(used, in.size() - used), body);
      if (!took) {
        seen.good = false;
        break;
      }
      if (*took > in.size() - used) std::abort();
      used += *took;
      if (*took == 0 && had_head == parser.head_done()) break;
    }
    pending.erase(0, used);
  }
  if (!seen.good) return {.good = false};
  seen.head = parser.head_done();
  seen.done = parser.done();
  if (!seen.head) return seen;
  if (parser.headers.bytes() > kHead) std::abort();
  seen.method = parser.method;
  seen.target = parser.target;
  seen.status = parser.status;
  seen.length = parser.content_length();
  seen.keep_alive = parser.keep_alive();
  for (const auto field : parser.headers)
    seen.fields.append(field.name).append(":").append(field.value).append("\n");
  if (!body.empty()) seen.body = body.flat().view();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t before = Block::live_bytes();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Seen whole = parse(text, data[0], std::max<std::size_t>(text.size(), 1));
  Seen cut = parse(text, data[0], 1 + (data[0] >> 2));
  // Of a body that is not complete, a little may be held back.
  if (!whole.done && !cut.done)
    whole.body.resize(std::min(whole.body.size(), cut.body.size())), cut.body.resize(whole.body.size());
  // What is wrong may be seen sooner or later, but never after the message counted as complete.
  if (cut.good != whole.good ? cut.done || whole.done : !(cut == whole)) std::abort();
  if (Block::live_bytes() != before) std::abort();
  return 0;
}
