// Records cut out of the bytes of files. Properties: the splitter always gets on, stays inside its bytes and
// its limit, and finds the same records however the bytes arrive.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "stanza/files/split.h"

using namespace gleaner;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// The records of `bytes`, of which `step` more are there at each look; what stays is flushed at the end.
std::vector<std::string> records(const stanza::files::Splitter& splitter, std::string_view bytes,
                                 std::size_t step) {
  std::vector<std::string> out;
  bool skipping = false;
  std::size_t at = 0, there = 0;
  while (at < bytes.size()) {
    there = std::min(bytes.size(), there + step);
    for (;;) {
      const auto ahead = bytes.substr(at, there - at);
      const auto token = splitter.next(ahead, true, false, skipping);
      require(token.consumed <= ahead.size());
      if (token.consumed == 0) break;
      require(token.text.empty() || (token.text.data() >= ahead.data() &&
                                     token.text.data() + token.text.size() <= ahead.data() + ahead.size()));
      require(token.text.size() <= std::max<std::size_t>(splitter.options().max_size, 2));
      if (token.is_record && !token.text.empty()) out.emplace_back(token.text);
      at += token.consumed;
    }
    if (there < bytes.size()) continue;
    while (at < bytes.size()) {
      const auto token = splitter.next(bytes.substr(at), true, true, skipping);
      if (token.consumed == 0) break;  // half a character, inside a record that is passed over
      if (token.is_record && !token.text.empty()) out.emplace_back(token.text);
      at += token.consumed;
    }
    break;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  static constexpr const char* kNames[] = {"utf-8", "utf-16le", "utf-16be"};
  stanza::files::SplitOptions options;
  options.encoding = *text::Encoding::find(kNames[data[0] % 3]);
  options.truncate = data[0] & 64;
  if ((data[0] & 128) && !options.truncate) {  // refused together
    options.encoding = {};
    options.traces = text::StackTrace(static_cast<text::StackTrace::Language>((data[0] >> 3) % 6));
  }
  options.max_size = 1 + data[1] % 64;
  const std::size_t step = 1 + data[2] % 16;
  const stanza::files::Splitter splitter(std::move(options));
  const std::string_view bytes(reinterpret_cast<const char*>(data + 3), size - 3);
  require(records(splitter, bytes, bytes.size() + 1) == records(splitter, bytes, step));
  return 0;
}
