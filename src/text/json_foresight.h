#pragma once
// What comes next in JSON text, when it comes as the last time.
#include <cstdint>
#include <cstring>
#include <memory>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gleaner::text {

/// The keys of one document in the order they were read. Lines of a log have the same keys in the same order
/// nearly always: a key that is known beforehand is one comparison, and as long as all keys of an object are
/// those of before, none of them is there twice.
class JsonForesight {
 public:
  static constexpr std::size_t kNot = ~std::size_t{0};

  /// A new document begins.
  void restart() { next_ = 0; }
  /// A key was there twice: what is remembered would hide it the next time.
  void forget() { next_ = known_ = 0; }

  /// Where one object ends and the next begins is told by depths and first keys. @param depth  from 1
  static std::uint8_t place(int depth, bool first) {
    return depth > kDeepest ? kNowhere : static_cast<std::uint8_t>(depth << 1 | int{first});
  }

  /// Whether the next key is the one foreseen.
  /// @param at  behind the opening quote
  /// @return the key's size without quotes, or kNot: learn() then
  std::size_t match(const char* at, const char* end, std::uint8_t place) {
    if (next_ == known_) return kNot;
    const Key& key = keys_[next_];
    if (key.place != place || end - at <= key.size || !begins_with(at, end, key)) return kNot;
    ++next_;
    return key.size;
  }

  /// The next key was another one. What is remembered behind it belongs to another document.
  /// @param size  of the key as it is written, with a quote behind it; kNot: it is not written as it is
  void learn(const char* at, std::size_t size, std::uint8_t place) {
    if (next_ == kKeys) return;
    if (!keys_) keys_ = std::make_unique<Key[]>(kKeys);
    Key& key = keys_[next_];
    known_ = ++next_;
    key.place = 0;
    if (size >= sizeof key.text || place == kNowhere) return;
    std::memcpy(key.text, at, size + 1);
    key.size = static_cast<std::uint8_t>(size);
    key.place = place;
  }

 private:
  static constexpr std::size_t kKeys = 64;  ///< that are remembered
  static constexpr int kDeepest = 120;
  static constexpr std::uint8_t kNowhere = 1;  ///< no key's place
  static constexpr std::size_t kBlock = 16;

  struct Key {
    char text[2 * kBlock] = {};  ///< with the closing quote
    std::uint8_t size = 0;
    std::uint8_t place = 0;  ///< 0: a key that cannot be foreseen
  };

  /// [at, end) is longer than the key.
  static bool begins_with(const char* at, const char* end, const Key& key) {
#ifdef __SSE2__
    if (end - at >= static_cast<std::ptrdiff_t>(kBlock) && key.size < kBlock) {
      const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i foreseen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key.text));
      const auto differs = ~static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(there, foreseen)));
      return (differs & ((2u << key.size) - 1)) == 0;
    }
#endif
    return std::memcmp(at, key.text, key.size + 1u) == 0;
  }

  std::unique_ptr<Key[]> keys_;
  std::size_t next_ = 0, known_ = 0;
};

}  // namespace gleaner::text
