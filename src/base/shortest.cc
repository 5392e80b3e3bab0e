#include "base/shortest.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace gleaner {
namespace {

/// 0.DIGITS times ten to the power of `point`; no zeros at either end. Zero has no digits and point 1.
struct Decimal {
  bool negative = false;
  std::string digits;
  int point = 1;
};

Decimal decimal(double value) {
  const std::string written = fmt::format("{}", value);  // the fewest digits, in a form of fmt's choice
  std::string_view text = written;
  Decimal out;
  if (text.starts_with('-')) {
    out.negative = true;
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const auto e = text.find('e'); e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    text = text.substr(0, e);
  }
  const auto dot = text.find('.');
  out.digits = text.substr(0, dot);
  out.point = static_cast<int>(out.digits.size()) + exponent;
  if (dot != std::string_view::npos) out.digits += text.substr(dot + 1);
  const auto first = out.digits.find_first_not_of('0');
  if (first == std::string::npos) return {out.negative, "", 1};
  out.digits.erase(0, first);
  out.point -= static_cast<int>(first);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  return out;
}

}  // namespace

std::string shortest(double value, DoubleForm form) {
  const Decimal number = decimal(value);
  const int size = static_cast<int>(number.digits.size());
  std::string out = number.negative ? "-" : "";
  if (form == DoubleForm::scientific) {
    out += size > 0 ? number.digits.substr(0, 1) : "0";
    if (size > 1) out += '.' + number.digits.substr(1);
    return out + fmt::format("e{:+03d}", size > 0 ? number.point - 1 : 0);
  }
  const auto point = static_cast<std::size_t>(number.point > 0 ? number.point : 0);
  if (number.point <= 0)
    return out + "0." + std::string(static_cast<std::size_t>(-number.point), '0') + number.digits;
  if (size <= number.point) return out + number.digits + std::string(point - number.digits.size(), '0');
  return out + number.digits.substr(0, point) + '.' + number.digits.substr(point);
}

}  // namespace gleaner
