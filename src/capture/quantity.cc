#include "capture/quantity.h"

#include "capture/stream.h"

namespace gleaner::capture {
namespace {

constexpr std::uint64_t kTooMuch = std::uint64_t(1) << 62;

struct Decimal {
  std::uint64_t digits = 0;  ///< all digits, the point left out
  int below = 0;             ///< how many of them stand behind the point
};

/// Takes digits[.digits] off the front. false: there is none, or more than 18 digits count.
bool take_decimal(std::string_view& text, Decimal& number) {
  bool seen = false, point = false;
  int kept = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text[0];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    seen = true;
    if (number.digits == 0 && c == '0' && !point) continue;  // leading zeroes do not count
    if (++kept > 18) return false;
    number.digits = number.digits * 10 + static_cast<std::uint64_t>(c - '0');
    number.below += point;
  }
  return seen;
}

/// digits * unit / 10^below, rounded up; false above the limit.
bool scale(Decimal number, std::uint64_t unit, std::uint64_t& value) {
  std::uint64_t whole = number.digits, divisor = 1;
  for (int i = 0; i < number.below; ++i) divisor *= 10;
  // Whole and rest apart: their product with a unit of up to 2^60 stays in reach when the result does.
  const std::uint64_t rest = whole % divisor;
  whole /= divisor;
  if (whole && unit > kTooMuch / whole) return false;
  // The rest is below one unit: long division, one decimal digit after the other, avoids 128 bits.
  std::uint64_t part = 0;
  bool inexact = false;
  if (rest) {
    const double exact = static_cast<double>(rest) * static_cast<double>(unit) / static_cast<double>(divisor);
    part = static_cast<std::uint64_t>(exact);
    inexact = static_cast<double>(part) < exact;
  }
  value = whole * unit + part + (inexact ? 1 : 0);
  return value <= kTooMuch;
}

bool unit_of(std::string_view suffix, std::uint64_t& unit, int& shift) {
  unit = 1;
  shift = 0;
  if (suffix.empty()) return true;
  constexpr std::string_view kLarge = "kMGTPE", kBinary = "KMGTPE", kSmall = "mun";
  if (suffix.size() == 1) {
    if (const auto at = kLarge.find(suffix[0]); at != std::string_view::npos) {
      for (std::size_t i = 0; i <= at; ++i) unit *= 1000;
      return true;
    }
    if (const auto at = kSmall.find(suffix[0]); at != std::string_view::npos) {
      shift = 3 * (static_cast<int>(at) + 1);
      return true;
    }
    return false;
  }
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const auto at = kBinary.find(suffix[0]);
    if (at == std::string_view::npos) return false;
    unit <<= 10 * (at + 1);
    return true;
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return false;
  suffix.remove_prefix(1);
  const bool negative = !suffix.empty() && suffix[0] == '-';
  if (!suffix.empty() && (suffix[0] == '-' || suffix[0] == '+')) suffix.remove_prefix(1);
  if (suffix.empty() || suffix.size() > 2) return false;
  int power = 0;
  for (const char c : suffix) {
    if (c < '0' || c > '9') return false;
    power = power * 10 + (c - '0');
  }
  if (power > 18) return false;
  if (negative)
    shift = power;
  else
    for (int i = 0; i < power; ++i) unit *= 10;
  return true;
}

}  // namespace

bool parse_quantity(std::string_view text, std::uint64_t& bytes) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  Decimal number;
  std::uint64_t unit = 1;
  int shift = 0;
  if (!take_decimal(text, number) || !unit_of(text, unit, shift)) return false;
  number.below += shift;
  if (number.below > 18) {  // less than 10^-18 of something: a byte, if it is anything
    bytes = number.digits ? 1 : 0;
    return true;
  }
  return scale(number, unit, bytes);
}

bool parse_duration(std::string_view text, std::int64_t& nanos) {
  if (text == "0") {
    nanos = 0;
    return true;
  }
  std::uint64_t sum = 0;
  if (text.empty()) return false;
  while (!text.empty()) {
    Decimal number;
    if (!take_decimal(text, number)) return false;
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const std::string_view unit(text.data(), letters);
    text.remove_prefix(letters);
    std::uint64_t scale_of = 0, value = 0;
    if (unit == "h") scale_of = 3600'000'000'000;
    if (unit == "m") scale_of = 60'000'000'000;
    if (unit == "s") scale_of = 1'000'000'000;
    if (unit == "ms") scale_of = 1'000'000;
    if (unit == "us") scale_of = 1'000;
    if (unit == "ns") scale_of = 1;
    if (!scale_of || !scale(number, scale_of, value)) return false;
    sum += value;
    if (sum > kTooMuch) return false;
  }
  nanos = static_cast<std::int64_t>(sum);
  return true;
}

}  // namespace gleaner::capture
