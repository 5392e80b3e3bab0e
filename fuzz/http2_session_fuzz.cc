// A server's HTTP/2 session under arbitrary bytes: it never crashes, holds a bounded amount of memory, and
// has output only while it wants I/O. The first byte of the input chooses how the rest is cut into reads.
#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "net/http2.h"

namespace {
using namespace gleaner;
using namespace gleaner::net;

/// Answers every request at its end, resets some, and gives windows back late.
class Peer final : public Http2Events {
 public:
  Http2Session* session = nullptr;

 private:
  void on_head(Http2Stream& stream, const Headers& head, bool) override {
    if (head.bytes() > 16u << 10) std::abort();  // the limit holds
    if (head.get(":path").size() % 5 == 4) session->stop_peer_after_answer(stream);
  }
  void on_data(Http2Stream& stream, std::string_view data) override { session->consume(stream, data.size()); }
  void on_end(Http2Stream& stream, Headers) override {
    if (stream.user) std::abort();  // a peer's half ends once
    stream.user = this;
    const Headers head{{":status", "200"}, {"content-type", "application/grpc"}};
    const auto trailers = std::make_shared<const Headers>(Headers{{"grpc-status", "0"}});
    if (stream.id % 8 == 7)
      session->reset(stream, Http2Code::cancel);
    else
      session->respond(stream, head, Chain(Bytes::copy(std::string_view("\0\0\0\0\0", 5))),
                       stream.id % 8 == 5 ? nullptr : trailers);
  }
  void on_close(Http2Stream& stream, Http2Code) override { stream.user = nullptr; }
  void on_goaway(std::int32_t, Http2Code, std::string_view) override {}
  void on_ping(bool) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t before = Block::live_bytes();
  {
    Peer peer;
    Http2Options options;
    options.max_concurrent_streams = 16;
    Http2Session session(Http2Session::Side::server, options, peer);
    peer.session = &session;
    const std::size_t step = 1 + data[0] * std::size_t{7};
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool good = true;
    while (good && !rest.empty() && session.wants_io()) {
      const auto part = rest.substr(0, step);
      rest.remove_prefix(part.size());
      good = session.feed(part);
      const bool wanted = session.wants_io();
      WriteQueue out;
      const bool more = session.collect(out, 1u << 20);
      if (!out.empty() && !wanted && good) std::abort();
      if (out.size() > (1u << 20) + (64u << 10)) std::abort();
      good = good && more;
      if (session.open_streams() > 2 * options.max_concurrent_streams + 2) std::abort();
    }
  }
  if (Block::live_bytes() != before) std::abort();  // nothing is kept behind
  return 0;
}
