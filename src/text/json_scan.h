#pragma once
// The inside of a JSON string, eight bytes a step.
#include <bit>
#include <cstdint>
#include <cstring>

namespace gleaner::text {

/// The first '"', '\\' or control character in [at, end).
/// @param seen  gets the bits of what was passed, and perhaps of a few bytes behind it: without kHighBits all
/// of it is ASCII
inline const char* string_stop(const char* at, const char* end, std::uint64_t& seen) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    seen |= word;
    const std::uint64_t hit =
        zero(word ^ (kOnes * '"')) | zero(word ^ (kOnes * '\\')) | ((word - kOnes * 0x20) & ~word & kHigh);
    if (hit) return at + std::countr_zero(hit) / 8;
    at += 8;
  }
  for (; at < end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20; ++at)
    seen |= static_cast<unsigned char>(*at);
  return at;
}

inline const char* string_stop(const char* at, const char* end) {
  std::uint64_t seen = 0;
  return string_stop(at, end, seen);
}
inline constexpr std::uint64_t kHighBits = 0x8080808080808080;

}  // namespace gleaner::text
