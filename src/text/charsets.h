#pragma once
// Tables that make_charsets.py writes at build time. Not for other rooms.
#include <cstdint>
#include <span>
#include <string_view>

namespace gleaner::text {

/// One legacy charset.
struct Charset {
  std::string_view names;       ///< in lower case, separated by blanks
  const std::uint16_t* single;  ///< code points of bytes 0x80..0xff; 0xfffd = none
  const std::uint16_t* pairs;  ///< code points of two-byte characters, lead by lead; nullptr = there are none
  std::uint8_t lead_low, lead_high;    ///< first bytes of pairs
  std::uint8_t trail_low, trail_high;  ///< second bytes of pairs
};

std::span<const Charset> charsets();

}  // namespace gleaner::text
