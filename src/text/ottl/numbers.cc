#include "text/ottl/numbers.h"

#include <charconv>
#include <cstdlib>

namespace gleaner::text::ottl {
namespace {
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
}
bool same_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}
}  // namespace

NumberFlaw parse_int(std::string_view text, int base, std::int64_t& out) {
  if (text.empty()) return NumberFlaw::syntax;
  const bool minus = text[0] == '-';
  if (minus || text[0] == '+') text.remove_prefix(1);
  const bool underscores = base == 0;
  if (base == 0) {
    base = 10;
    if (text.size() > 1 && text[0] == '0') {
      const char kind = static_cast<char>(text[1] | 0x20);
      base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
      text.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
    }
  }
  if (base < 2 || base > 36) return NumberFlaw::base;
  if (text.empty()) return NumberFlaw::syntax;
  std::uint64_t value = 0;
  bool over = false, seen = false;
  for (const char c : text) {
    if (underscores && c == '_') continue;
    const int d = digit(c);
    if (d >= base) return NumberFlaw::syntax;
    seen = true;
    over |= __builtin_mul_overflow(value, static_cast<std::uint64_t>(base), &value);
    over |= __builtin_add_overflow(value, static_cast<std::uint64_t>(d), &value);
  }
  if (!seen) return NumberFlaw::syntax;
  const std::uint64_t limit = std::uint64_t{1} << 63;
  if (over || value > limit || (value == limit && !minus)) return NumberFlaw::range;
  out = static_cast<std::int64_t>(minus ? 0 - value : value);
  return NumberFlaw::none;
}

bool parse_real(std::string_view text, double& out) {
  std::string_view rest = text;
  const bool minus = !rest.empty() && rest[0] == '-';
  if (minus || (!rest.empty() && rest[0] == '+')) rest.remove_prefix(1);
  if (rest.empty()) return false;
  if (same_word(rest, "inf") || same_word(rest, "infinity")) {
    out = minus ? -HUGE_VAL : HUGE_VAL;
    return true;
  }
  if (same_word(rest, "nan")) {
    out = std::nan("");
    return true;
  }
  const bool hex = rest.size() > 2 && rest[0] == '0' && (rest[1] | 0x20) == 'x';
  if (hex) {
    rest.remove_prefix(2);
    if (rest.find_first_of("pP") == std::string_view::npos) return false;
  }
  if (rest[0] == '-' || rest[0] == '+' || (digit(rest[0]) > (hex ? 15 : 9) && rest[0] != '.')) return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out,
                                            hex ? std::chars_format::hex : std::chars_format::general);
  if (error != std::errc{} || end != rest.data() + rest.size()) return false;
  if (minus) out = -out;
  return true;
}

}  // namespace gleaner::text::ottl
