#pragma once
// Tables that make_charsets.py writes at build time. Not for other rooms.
#include <cstdint>
#include <span>
#include <string_view>

namespace gleaner::text {

inline constexpr std::uint16_t kNoLead = 0xfffe;

/// One legacy charset.
struct Charset {
  std::string_view names;                 ///< in lower case, separated by blanks
  const std::uint16_t* single;            ///< code points of bytes 0x80..0xff; 0xfffd = none
                                          ///< or the first of two; kNoLead = none
  const std::uint16_t* low = nullptr;     ///< of bytes 0x00..0x7f; nullptr = ASCII
  const std::uint16_t* pairs = nullptr;   ///< of two-byte characters, lead by lead; nullptr = there are none;
                                          ///< 1 to 4 stand for two code points (Big5)
  const std::uint16_t* plane2 = nullptr;  ///< a bit for every one of `pairs`: it is past U+20000
  std::uint8_t lead_low = 0, lead_high = 0;    ///< first bytes of pairs
  std::uint8_t trail_low = 0, trail_high = 0;  ///< second bytes of pairs
  std::uint8_t swallowed[4] = {};  ///< two ranges of second bytes that go with the first in a broken pair
  char newline = '\n', carriage_return = '\r';

  /// The code point of a pair, as in `pairs`; 0xfffd = none.
  char32_t pair(unsigned first, unsigned second) const {
    if (first < lead_low || first > lead_high || second < trail_low || second > trail_high) return 0xfffd;
    const unsigned at = (first - lead_low) * (trail_high - trail_low + 1u) + (second - trail_low);
    return pairs[at] | (plane2 && (plane2[at / 16] >> (at % 16) & 1) ? 0x20000u : 0u);
  }
};

std::span<const Charset> charsets();

/// JIS X 0212, row by row, 94 cells each.
std::span<const std::uint16_t> jis0212();

/// Four-byte characters of GB 18030: from `number` on, code points begin at `point`.
struct Gb18030Range {
  std::uint16_t number, point;
};
std::span<const Gb18030Range> gb18030_ranges();

}  // namespace gleaner::text
