// Property: whatever the kernel says about writes and however reads cut them, gleaner exec gives on every
// byte of a stream once and in order; and lines put together again from their pieces are what was fed, with
// no other stream in between.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "capture/lines.h"
#include "capture/order.h"

namespace {
using namespace gleaner::capture;

struct Joined final : LineSink {
  std::string lines[2];
  int open = -1;
  bool cut = false;
  void line(Stream stream, std::string_view text, bool partial) override {
    const int s = index_of(stream);
    if (open >= 0 && open != s) std::abort();
    lines[s] += text;
    if (!partial) lines[s] += '\n';
    open = partial ? s : -1;
  }
};

struct Kept final : Ordered {
  std::string bytes[2];
  Joined joined;
  Lines lines{joined, 1 << 16};
  void ordered(Stream stream, std::string_view text) override {
    bytes[index_of(stream)] += text;
    lines.feed(stream, text);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Order* order = new Order(2 << 20);
  Kept kept;
  std::string in[2];
  for (std::size_t i = 0; i + 2 < size; i += 3) {
    const auto stream = static_cast<Stream>(data[i] & 1);
    const int s = index_of(stream);
    switch (data[i] >> 1 & 7) {
      case 0:
      case 1:
        (void)order->event(stream);
        break;
      case 2:
      case 3: {
        // A read: as the kernel, of up to a page; a newline where the input says.
        std::size_t length = data[i + 1] == 255 ? 4096 : data[i + 1] + std::size_t(1);
        if (order->window(stream).room() < 4096) break;
        std::string text(length, 'x');
        if (data[i + 2] & 1) text.back() = '\n';
        if (data[i + 2] & 2) text[length / 2] = '\n';
        text.copy(order->window(stream).space(), length);
        if (order->window(stream).room() < length) break;
        order->window(stream).add(length);
        in[s] += text;
        break;
      }
      case 4:
        order->draining();
        break;
      case 5: {
        auto& reading = order->reading(stream);
        reading = {};
        reading.packets = data[i + 1] & 1;
        reading.started = data[i + 1] & 2;
        reading.stable = data[i + 1] & 4;
        reading.quiet = data[i + 1] & 8;
        reading.emptied = data[i + 1] & 16;
        reading.slots = data[i + 2];
        reading.reads = data[i + 2] & 3 ? 300 : 0;
        break;
      }
      case 6:
        (void)order->doubtful(stream);
        order->match(kept, data[i + 1] & 1);
        break;
      default:
        order->give_up(stream, kept);
        break;
    }
  }
  for (const auto stream : kStreams) {
    order->give_up(stream, kept);
    order->reading(stream) = {true, false, false, false, true};
  }
  order->draining();
  order->match(kept, false);  // the events that are left mean nothing
  for (const auto stream : kStreams) {
    const int s = index_of(stream);
    if (kept.bytes[s] != in[s]) std::abort();
    kept.lines.finish(stream);
    if (!in[s].empty() && in[s].back() != '\n') in[s] += '\n';
    // Lines of up to 64 KiB come out as they were fed.
    bool long_line = false;
    for (std::size_t at = 0, end; at < in[s].size(); at = end + 1) {
      end = in[s].find('\n', at);
      long_line |= end - at > (1 << 16);
    }
    if (!long_line && kept.joined.lines[s] != in[s]) std::abort();
  }
  return 0;
}
