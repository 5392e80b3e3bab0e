#pragma once
// Newlines and copies of a line's length, sixteen bytes a step where the processor can. The small program's
// libc goes by words here and starts a string instruction for every copy, which was a quarter of its time.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gleaner::capture {

/// Where the first newline of `text` is; its size when there is none.
inline std::size_t newline_in(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  const __m128i newline = _mm_set1_epi8('\n');
  for (; text.size() - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    if (const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(block, newline)))
      return at + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(hits)));
  }
  while (at < text.size() && text.data()[at] != '\n') ++at;
  return at;
#else
  const void* found = text.empty() ? nullptr : std::memchr(text.data(), '\n', text.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : text.size();
  (void)at;
#endif
}

/// How many newlines `text` has.
inline std::uint32_t newlines_in(std::string_view text) {
  std::uint32_t count = 0;
  std::size_t at = 0;
#ifdef __SSE2__
  const __m128i newline = _mm_set1_epi8('\n'), zero = _mm_setzero_si128();
  while (text.size() - at >= 16) {
    // Each byte of `seen` counts one column of blocks, and holds 255 at most.
    std::size_t blocks = (text.size() - at) / 16;
    if (blocks > 255) blocks = 255;
    __m128i seen = zero;
    for (; blocks; --blocks, at += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
      seen = _mm_sub_epi8(seen, _mm_cmpeq_epi8(block, newline));
    }
    const __m128i sums = _mm_sad_epu8(seen, zero);
    count += static_cast<std::uint32_t>(_mm_cvtsi128_si32(sums)) +
             static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_srli_si128(sums, 8)));
  }
#endif
  for (; at < text.size(); ++at) count += text.data()[at] == '\n';
  return count;
}

/// Copies `from` to `to`. @return behind the copy
inline char* copy(char* to, std::string_view from) {
  const std::size_t size = from.size();
#ifdef __SSE2__
  if (size >= 16 && size <= 1024) {
    const auto block = [&](std::size_t at) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from.data() + at)));
    };
    for (std::size_t at = 0; at + 16 <= size; at += 16) block(at);
    block(size - 16);  // twice what is not a whole block
    return to + size;
  }
#endif
  if (size) std::memcpy(to, from.data(), size);
  return to + size;
}

}  // namespace gleaner::capture
