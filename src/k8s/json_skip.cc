#include "k8s/json_skip.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gleaner::k8s {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool pass_number(const char*& at, const char* end) {
  const auto is = [&](char c) { return at < end && *at == c; };
  const auto digits = [&] {
    const char* const from = at;
    while (at < end && digit(*at)) ++at;
    return at > from;
  };
  if (is('-')) ++at;
  if (is('0'))
    ++at;
  else if (!digits())
    return false;
  if (is('.') && (++at, !digits())) return false;
  if (!is('e') && !is('E')) return true;
  ++at;
  if (is('+') || is('-')) ++at;
  return digits();
}

#ifdef __SSE2__
namespace {

// Where in a container the text is; what may follow is a row of kNext.
enum State : std::uint8_t {
  kKeyOrEnd,
  kKey,
  kColon,
  kMember,       // the value of a key
  kAfterMember,  // a comma, or the end
  kItemOrEnd,
  kItem,
  kAfterItem,
  kStates,
  kWrong = kStates
};
enum Token : std::uint8_t {
  kString,
  kComma,
  kColonSign,
  kScalar,
  kOpen,
  kOpenList,
  kClose,
  kCloseList,
  kTokens,
  kNone = kTokens
};

constexpr auto kNext = [] {
  std::array<std::array<std::uint8_t, kTokens + 1>, kStates> to{};
  for (auto& row : to) row.fill(kWrong);
  to[kKeyOrEnd][kString] = to[kKey][kString] = kColon;
  to[kColon][kColonSign] = kMember;
  to[kAfterMember][kComma] = kKey;
  to[kAfterItem][kComma] = kItem;
  for (const auto value : {kString, kScalar}) {
    to[kMember][value] = kAfterMember;
    to[kItem][value] = to[kItemOrEnd][value] = kAfterItem;
  }
  for (const auto from : {kMember, kItem, kItemOrEnd}) {
    to[from][kOpen] = kKeyOrEnd;
    to[from][kOpenList] = kItemOrEnd;
  }
  // What follows the end depends on what lies around it; only whether an end may stand here is said.
  to[kKeyOrEnd][kClose] = to[kAfterMember][kClose] = kAfterMember;
  to[kItemOrEnd][kCloseList] = to[kAfterItem][kCloseList] = kAfterItem;
  return to;
}();

constexpr auto kTokenOf = [] {
  std::array<std::uint8_t, 256> of{};
  of.fill(kNone);
  for (const char c : std::string_view("-0123456789tfn")) of[static_cast<unsigned char>(c)] = kScalar;
  of['"'] = kString;
  of[','] = kComma;
  of[':'] = kColonSign;
  of['{'] = kOpen;
  of['['] = kOpenList;
  of['}'] = kClose;
  of[']'] = kCloseList;
  return of;
}();

/// A bit for each of 64 bytes.
struct Masks {
  std::uint64_t quote = 0, backslash = 0, control = 0, blank = 0, sign = 0;
};

Masks look(const char* at) {
  Masks out;
  const auto is = [](__m128i text, char c) { return _mm_cmpeq_epi8(text, _mm_set1_epi8(c)); };
  const auto bits = [](__m128i found) {
    return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found)));
  };
  for (int i = 0; i < 4; ++i) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at) + i);
    // The four brackets differ in the bits of 0x26 only; Y, _, y and DEL come along and are no tokens.
    const __m128i bracket = is(_mm_or_si128(text, _mm_set1_epi8(0x26)), 0x7f);
    const int shift = 16 * i;
    out.quote |= bits(is(text, '"')) << shift;
    out.backslash |= bits(is(text, '\\')) << shift;
    out.control |= bits(_mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1f)), text)) << shift;
    out.blank |= bits(_mm_or_si128(_mm_or_si128(is(text, ' '), is(text, '\n')),
                                   _mm_or_si128(is(text, '\r'), is(text, '\t'))))
                 << shift;
    out.sign |= bits(_mm_or_si128(bracket, _mm_or_si128(is(text, ','), is(text, ':')))) << shift;
  }
  return out;
}

/// Bit i is the parity of the bits 0 to i.
std::uint64_t parity_up_to(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/// What a backslash makes of the byte behind it. @param carry  in and out: the first byte is behind one
std::uint64_t escaped(std::uint64_t backslash, std::uint64_t& carry) {
  std::uint64_t out = carry;
  backslash &= ~carry;
  carry = 0;
  while (backslash) {
    const int at = std::countr_zero(backslash);
    if (at == 63) {
      carry = 1;
      break;
    }
    out |= std::uint64_t{2} << at;
    backslash &= ~(std::uint64_t{3} << at);
  }
  return out;
}

bool hex(char c) { return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

/// The end of a number, or of true, false, null; nullptr when it is none.
const char* scalar_end(const char* at, const char* end) {
  for (const std::string_view word : {"true", "false", "null"})
    if (*at == word[0])
      return std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(word) ? at + word.size()
                                                                                        : nullptr;
  return pass_number(at, end) ? at : nullptr;
}

class Skipper {
 public:
  Skipper(const char* at, const char* end) : at_(at), end_(end) {}

  const char* run() {
    for (; end_ - at_ >= 64; at_ += 64)
      if (block(at_)) return result_;
    std::array<char, 64> rest;
    rest.fill(' ');
    std::memcpy(rest.data(), at_, static_cast<std::size_t>(end_ - at_));
    return block(rest.data()) ? result_ : nullptr;
  }

 private:
  bool stop(const char* result) {
    result_ = result;
    return true;
  }

  /// The 64 bytes of the document at at_, which are read at `text`. True: result_ is known.
  bool block(const char* text) {
    const Masks masks = look(text);
    std::uint64_t signs = 0;
    if (masks.backslash | behind_backslash_) signs = escaped(masks.backslash, behind_backslash_);
    const auto quote = masks.quote & ~signs;
    // From an opening quote to what is before the closing one.
    const auto inside = parity_up_to(quote) ^ in_string_;
    in_string_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
    if ((masks.control & inside) || (masks.backslash & ~inside)) return stop(nullptr);
    if (signs && !escapes(signs)) return stop(nullptr);
    const auto plain = ~(inside | quote | masks.blank | masks.sign);  // of numbers and words
    const auto starts = plain & ~(plain << 1 | in_scalar_);
    in_scalar_ = plain >> 63;
    return tokens((quote & inside) | (masks.sign & ~inside) | starts);
  }

  bool escapes(std::uint64_t signs) const {
    for (; signs; signs &= signs - 1) {
      const char* const sign = at_ + std::countr_zero(signs);
      if (sign >= end_) return false;
      if (*sign == 'u') {
        if (end_ - sign < 5 || !hex(sign[1]) || !hex(sign[2]) || !hex(sign[3]) || !hex(sign[4])) return false;
      } else if (std::string_view("\"\\/bfnrt").find(*sign) == std::string_view::npos) {
        return false;
      }
    }
    return true;
  }

  bool tokens(std::uint64_t bits) {
    auto state = state_;
    for (; bits; bits &= bits - 1) {
      const char* const here = at_ + std::countr_zero(bits);
      const auto token = kTokenOf[static_cast<unsigned char>(*here)];
      state = kNext[state][token];
      if (state == kWrong) return stop(nullptr);
      if (token < kScalar) continue;
      if (token == kScalar) {
        const char* const behind = scalar_end(here, end_);
        if (!behind || (behind < end_ && !ends_scalar(*behind))) return stop(nullptr);
      } else if (token < kClose) {
        if (++depth_ > 64) return stop(nullptr);
        objects_ = objects_ << 1 | (token == kOpen);
      } else {
        if (--depth_ == 0) return stop(here + 1);
        objects_ >>= 1;
        state = objects_ & 1 ? kAfterMember : kAfterItem;
      }
    }
    state_ = state;
    return false;
  }

  static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  const char* at_;
  const char* end_;
  const char* result_ = nullptr;
  std::uint64_t in_string_ = 0;         // all ones: the block begins in a string
  std::uint64_t behind_backslash_ = 0;  // 1: its first byte is escaped
  std::uint64_t in_scalar_ = 0;         // 1: its first byte may go on a scalar
  std::uint64_t objects_ = 0;           // a bit for each level, the innermost lowest: an object, not a list
  int depth_ = 0;
  std::uint8_t state_ = kItem;
};

}  // namespace

const char* skip_container(const char* at, const char* end) { return Skipper(at, end).run(); }
#else
const char* skip_container(const char*, const char*) { return nullptr; }
#endif

}  // namespace gleaner::k8s
