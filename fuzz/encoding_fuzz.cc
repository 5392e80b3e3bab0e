// The first byte chooses an encoding. What it makes is UTF-8, not longer than Unicode allows, and the same
// each time.
#include <cstdlib>

#include "text/encoding.h"
#include "text/utf8.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kNames[] = {"utf-8",       "utf-16le",     "utf-16be", "shift_jis", "euc-jp",
                                           "iso-2022-jp", "big5",         "gbk",      "gb18030",   "euc-kr",
                                           "hz-gb-2312",  "windows-1252", "ibm037"};
  if (size == 0) return 0;
  const auto encoding = text::Encoding::find(kNames[data[0] % std::size(kNames)]);
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  Arena arena;
  const auto out = encoding->decode(input, arena);
  if (!text::is_utf8(out) || out.size() > 4 * input.size() || encoding->decode(input, arena) != out)
    std::abort();
  return 0;
}
