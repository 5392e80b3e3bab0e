#pragma once
// The inside of a JSON string, sixteen bytes a step where the processor can, eight elsewhere.
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gleaner::text {

inline constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// The first '"', '\\' or control character in [at, end) as far as whole blocks of sixteen reach; nullptr
/// when there is none, or no such instruction.
inline const char* string_stop_in_blocks(const char* at, const char* end, std::uint64_t& seen) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  for (; end - at >= 16; at += 16) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    if (_mm_movemask_epi8(text)) seen |= kHighBits;
    const __m128i stops =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));
    if (const auto hit = static_cast<unsigned>(_mm_movemask_epi8(stops))) return at + std::countr_zero(hit);
  }
#else
  (void)at, (void)end, (void)seen;
#endif
  return nullptr;
}

/// The first '"', '\\' or control character in [at, end).
/// @param seen  gets the bits of what was passed, and perhaps of a few bytes behind it: without kHighBits all
/// of it is ASCII
inline const char* string_stop(const char* at, const char* end, std::uint64_t& seen) {
  if (const char* stop = string_stop_in_blocks(at, end, seen)) return stop;
#ifdef __SSE2__
  at += (end - at) / 16 * 16;
#endif
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighBits; };
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    seen |= word;
    const std::uint64_t hit = zero(word ^ (kOnes * '"')) | zero(word ^ (kOnes * '\\')) |
                              ((word - kOnes * 0x20) & ~word & kHighBits);
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
}  // namespace gleaner::text
