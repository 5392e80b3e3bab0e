#include "k8s/quantity.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace gleaner::k8s {
namespace {

constexpr __int128 kNano = 1'000'000'000;
constexpr __int128 kMax = static_cast<__int128>(INT64_MAX) * kNano;
constexpr int kFarExponent = 1000;  // beyond this everything is either nothing or too much

bool digit(char c) { return c >= '0' && c <= '9'; }

/// What a suffix multiplies by: 2^binary * 10^decimal.
struct Scale {
  int binary = 0, decimal = 0;
};

std::optional<Scale> scale_of(std::string_view suffix) {
  static constexpr std::string_view kBig = "kMGTPE";
  if (suffix.empty()) return Scale{};
  if (suffix == "n") return Scale{0, -9};
  if (suffix == "u") return Scale{0, -6};
  if (suffix == "m") return Scale{0, -3};
  const bool binary = suffix.size() == 2 && suffix[1] == 'i';
  if (suffix.size() == 1 || binary) {
    const char unit = binary && suffix[0] == 'K' ? 'k' : binary && suffix[0] == 'k' ? '?' : suffix[0];
    const auto at = kBig.find(unit);
    if (at == std::string_view::npos) return std::nullopt;
    const int power = static_cast<int>(at) + 1;
    return binary ? Scale{10 * power, 0} : Scale{0, 3 * power};
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return std::nullopt;
  suffix.remove_prefix(1);
  if (suffix[0] == '+') suffix.remove_prefix(1);
  int exponent = 0;
  const auto read = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (read.ec != std::errc() || read.ptr != suffix.data() + suffix.size()) return std::nullopt;
  return Scale{0, exponent};
}

/// value * 10^by, rounded up, at most kMax. Requires value >= 0.
__int128 times_ten(__int128 value, int by) {
  if (value == 0) return 0;
  for (; by > 0 && value <= kMax; --by) value *= 10;
  bool rest = false;
  for (; by < 0 && value > 0; ++by) {
    rest |= value % 10 != 0;
    value /= 10;
  }
  return std::min(value + (rest ? 1 : 0), kMax);
}

/// What stands in front of the suffix: mantissa * 10^exponent.
struct Digits {
  __int128 mantissa = 0;  ///< stops growing past kMax; then it is rounded up
  int exponent = 0;
  bool any = false;
};

Digits read_digits(std::string_view& text) {
  Digits out;
  bool dot = false, rest = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text[0];
    if (c == '.' && !dot) {
      dot = true;
      continue;
    }
    if (!digit(c)) break;
    out.any = true;
    if (out.mantissa > kMax) {
      rest |= c != '0';
      out.exponent += dot ? 0 : 1;
    } else {
      out.mantissa = out.mantissa * 10 + (c - '0');
      out.exponent -= dot ? 1 : 0;
    }
  }
  out.mantissa += rest ? 1 : 0;
  return out;
}

/// digits * 2^power in nanos, rounded up, at most kMax.
__int128 times_two(Digits digits, int power) {
  if (digits.exponent > 0) return kMax;
  bool rest = false;
  for (; digits.exponent < -18; ++digits.exponent) {  // beyond a nano of an Ei
    rest |= digits.mantissa % 10 != 0;
    digits.mantissa /= 10;
  }
  digits.mantissa += rest ? 1 : 0;
  const auto factor = static_cast<__int128>(1) << power;
  const __int128 unit = times_ten(1, -digits.exponent);  // at most 10^18, below 2^60
  const __int128 whole = digits.mantissa / unit;
  if (whole > INT64_MAX / factor) return kMax;
  const __int128 part = digits.mantissa % unit * factor;  // below 2^120
  return std::min(whole * factor * kNano + part / unit * kNano + (part % unit * kNano + unit - 1) / unit,
                  kMax);
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  Digits digits = read_digits(rest);
  const auto scale = scale_of(rest);
  if (!digits.any || !scale)
    return fail(Fault::permanent, "\"" + std::string(text) + "\" is no quantity such as 100m, 2 or 1.5Gi");

  Quantity made;
  if (scale->binary > 0) {
    made.nanos_ = times_two(digits, scale->binary);
    made.real_ = static_cast<double>(made.nanos_) / 1e9;
  } else {
    digits.exponent += std::clamp(scale->decimal, -kFarExponent, kFarExponent);
    made.nanos_ = times_ten(digits.mantissa, digits.exponent + 9);
    // The reference multiplies the digits by a power of ten when both are short, else it divides the nanos.
    const bool is_short =
        digits.mantissa < INT64_MAX && digits.exponent >= -9 && digits.exponent <= 18 && made.nanos_ < kMax;
    const double power = std::pow(10.0, is_short ? std::abs(digits.exponent) : 0);
    made.real_ = !is_short             ? static_cast<double>(made.nanos_) / 1e9
                 : digits.exponent < 0 ? static_cast<double>(digits.mantissa) * (1 / power)
                                       : static_cast<double>(digits.mantissa) * power;
  }
  if (negative) {
    made.nanos_ = -made.nanos_;
    made.real_ = -made.real_;
  }
  return made;
}

std::int64_t Quantity::whole() const {
  const __int128 size = nanos_ < 0 ? -nanos_ : nanos_;
  const auto up = static_cast<std::int64_t>((size + kNano - 1) / kNano);
  return nanos_ < 0 ? -up : up;
}

std::string Quantity::format() const {
  __int128 size = nanos_ < 0 ? -nanos_ : nanos_;
  std::string_view suffix = "n";
  for (const std::string_view larger : {"u", "m", ""}) {
    if (size % 1000 != 0) break;
    size /= 1000;
    suffix = larger;
  }
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(size % 10));
    size /= 10;
  } while (size > 0);
  if (nanos_ < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits + std::string(suffix);
}

}  // namespace gleaner::k8s
