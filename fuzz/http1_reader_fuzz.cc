// The reader that a client hears answers with: however the network cuts them, the same status, fields and
// body come out or both are refused; lines that end with LF alone say what CRLF says. Nothing is kept behind.
// The first byte is the size of the pieces.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "net/http1.h"

namespace {
using namespace gleaner;
using namespace gleaner::net;

constexpr std::size_t kHead = 4096;

/// Gives its text in pieces, then ends.
class Tape final : public Stream {
 public:
  Tape(Loop& loop, std::string_view text, std::size_t step) : loop_(loop), text_(text), step_(step) {}
  Step try_read(char* to, std::size_t room) override {
    const auto piece = text_.substr(0, std::min(step_, room));
    if (piece.empty()) return {.state = Step::eof};
    std::copy(piece.begin(), piece.end(), to);
    text_.remove_prefix(piece.size());
    return {.count = piece.size()};
  }
  Step try_write(std::span<const iovec>) override { return {}; }
  bool has_buffered() const override { return true; }
  void on_ready(Want, std::function<void()> then) override { then(); }
  void shutdown() override {}
  void close() override {}
  const Error& error() const override { return error_; }
  Loop& loop() const override { return loop_; }
  const std::string& peer() const override { return peer_; }
  std::string local() const override { return {}; }

 private:
  Loop& loop_;
  std::string_view text_;
  std::size_t step_;
  Error error_;
  std::string peer_;
};

struct Seen {
  bool head = false, good = true;
  int status = 0;
  std::string fields, body;
  bool operator==(const Seen&) const = default;
};

Task<Seen> read(Loop& loop, std::string_view text, std::size_t step) {
  Tape tape(loop, text, step);
  Http1Reader reader(tape);
  Http1Parser parser(Http1Side::response, kHead);
  Seen seen;
  auto done = co_await reader.head(parser);
  if (!done) co_return Seen{.good = false};
  seen.head = true;
  seen.status = parser.status;
  for (const auto field : parser.headers)
    seen.fields.append(field.name).append(":").append(field.value).append("\n");
  Chain body;
  while (done && !parser.done()) done = co_await reader.body(parser, body);
  seen.good = done.has_value();
  if (!body.empty()) seen.body = body.flat().view();
  co_return seen;
}

Seen run(std::string_view text, std::size_t step) {
  Loop loop(Loop::Clock::manual);
  return loop.run_until_done(read(loop, text, step));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t before = Block::live_bytes();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (text.size() > kHead) return 0;  // there the limit depends on the cut
  const Seen whole = run(text, std::max<std::size_t>(text.size(), 1));
  Seen cut = run(text, 1 + data[0] % 64);
  if (whole.head != cut.head || whole.good != cut.good) std::abort();
  if (whole.good && !(whole == cut)) std::abort();
  // The head alone with LF for CRLF: a body's bytes are its own.
  const auto end = text.find("\r\n\r\n");
  if (whole.head && end != std::string_view::npos &&
      text.substr(0, end).find_first_of("\n") != std::string_view::npos) {
    std::string bare;
    const std::string_view head = text.substr(0, end + 4);
    bool plain = true;  // every line of it ends with CRLF, and no other CR or LF is in it
    for (std::size_t i = 0; i < head.size(); ++i) {
      plain = plain && (head[i] != '\r' || head.substr(i + 1, 1) == "\n") &&
              (head[i] != '\n' || (i > 0 && head[i - 1] == '\r'));
      if (head[i] != '\r') bare += head[i];
    }
    if (plain) {
      const Seen other = run(bare.append(text.substr(end + 4)), text.size() + 1);
      if (other.head != whole.head || other.status != whole.status || other.fields != whole.fields)
        std::abort();
    }
  }
  if (Block::live_bytes() != before) std::abort();
  return 0;
}
