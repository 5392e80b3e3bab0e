#include "text/ottl/printf.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/duration.h"
#include "text/go_format.h"
#include "text/ottl/clock.h"
#include "text/utf8.h"

namespace gleaner::text::ottl {
namespace {

using Kind = Any::Kind;
constexpr int kMost = 1000;  // characters of width or precision

struct Spec {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  int width = -1, precision = -1;
};

void pad(std::string& out, std::string_view text, const Spec& spec) {
  const int size = static_cast<int>(count_runes(text));
  const int gap = spec.width > size ? spec.width - size : 0;
  if (!spec.minus) out.append(static_cast<std::size_t>(gap), spec.zero ? '0' : ' ');
  out += text;
  if (spec.minus) out.append(static_cast<std::size_t>(gap), ' ');
}

/// A number in a base, with sign, prefix and zeros.
void integer(std::string& out, std::int64_t value, int base, char verb, Spec spec) {
  const bool negative = value < 0;
  std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  char buffer[65];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, size, base);
  std::string digits(buffer, end);
  if (verb == 'X')
    std::transform(digits.begin(), digits.end(), digits.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  if (spec.precision == 0 && value == 0) digits.clear();
  std::string prefix;
  if (spec.sharp) {
    if (base == 2) prefix = "0b";
    if (base == 8 && digits[0] != '0') prefix = "0";
    if (base == 16) prefix = verb == 'X' ? "0X" : "0x";
  }
  if (verb == 'O') prefix = "0o";
  const std::string sign = negative ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  int least = spec.precision;
  if (least < 0 && spec.zero && !spec.minus && spec.width > 0)
    least = spec.width - static_cast<int>(sign.size());
  if (least > static_cast<int>(digits.size()))
    digits.insert(0, static_cast<std::size_t>(least) - digits.size(), '0');
  spec.zero = false;
  pad(out, sign + prefix + digits, spec);
}

void real(std::string& out, double value, char verb, Spec spec) {
  std::string sign = std::signbit(value) && !std::isnan(value) ? "-"
                     : spec.plus                               ? "+"
                     : spec.space                              ? " "
                                                               : "";
  const double size = std::fabs(value);
  std::string digits;
  if (std::isnan(value) || std::isinf(value)) {
    digits = std::isnan(value) ? "NaN" : "Inf";
    if (std::isinf(value) && sign.empty() && verb != 'v') sign = "+";
    if (std::isinf(value) && verb == 'v' && !std::signbit(value)) sign = "+";
    spec.zero = false;
  } else if (verb == 'v' || ((verb == 'g' || verb == 'G') && spec.precision < 0)) {
    digits = go_double(size);
  } else {
    char buffer[1500];
    const char* const form = verb == 'e' || verb == 'E'   ? "%.*e"
                             : verb == 'g' || verb == 'G' ? "%.*g"
                                                          : "%.*f";
    const int length =
        std::snprintf(buffer, sizeof buffer, form, spec.precision < 0 ? 6 : spec.precision, size);
    digits.assign(buffer, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof buffer - 1));
  }
  if (verb == 'E' || verb == 'G')
    std::transform(digits.begin(), digits.end(), digits.begin(), [](char c) { return c == 'e' ? 'E' : c; });
  const int gap = spec.width - static_cast<int>(sign.size() + digits.size());
  if (spec.zero && !spec.minus && gap > 0) digits.insert(0, static_cast<std::size_t>(gap), '0');
  spec.zero = false;
  pad(out, sign + digits, spec);
}

std::string hex_of(std::string_view bytes, bool upper, const Spec& spec) {
  static constexpr char kLow[] = "0123456789abcdef", kHigh[] = "0123456789ABCDEF";
  const auto* digits = upper ? kHigh : kLow;
  std::string out;
  if (spec.precision >= 0) bytes = bytes.substr(0, static_cast<std::size_t>(spec.precision));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (spec.space && i) out += ' ';
    if (spec.sharp && (i == 0 || spec.space)) out += upper ? "0X" : "0x";
    out += digits[static_cast<unsigned char>(bytes[i]) >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

std::string_view cut(std::string_view text, int precision) {
  if (precision < 0) return text;
  std::size_t end = 0;
  while (end < text.size() && precision-- > 0) end += next_rune(text.substr(end)).size;
  return text.substr(0, end);
}

/// "%v" of anything.
std::string plain(const Any& value) {
  switch (value.kind()) {
    case Kind::nil:
      return "<nil>";
    case Kind::boolean:
      return value.as_bool() ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.number());
    case Kind::real:
      return go_double(value.as_real());
    case Kind::string:
      return std::string(value.text());
    case Kind::bytes:
      return go_text(pdata::Value::bytes(value.text()));
    case Kind::list:
      return go_text(pdata::Value::array(&value.as_list()));
    case Kind::map:
      return go_text(pdata::Value::map(&value.as_map()));
    case Kind::duration:
      return format_duration(std::chrono::nanoseconds(value.number()));
    case Kind::trace_id:
    case Kind::span_id:
      return pdata::hex(value.id());
    case Kind::time: {
      std::string out;
      append_time(out, "%Y-%m-%d %H:%M:%S.%s ", value.number(), value.zone_offset());
      append_time(out, value.zone_offset() ? "%w" : "+0000 UTC", value.number(), value.zone_offset());
      return out;
    }
    default:
      return std::string(value.type());
  }
}

std::string_view go_name(const Any& value) {
  return value.is_nil() ? std::string_view("<nil>") : value.type();
}
void mistake(std::string& out, char32_t verb, const Any& value) {
  out += "%!";
  append_utf8(out, verb);
  if (value.is_nil()) {
    out += "(<nil>)";
    return;
  }
  (((out += '(') += go_name(value)) += '=') += plain(value);
  out += ')';
}

void put(std::string& out, char32_t verb, const Any& value, Spec spec) {
  if (verb == 'T') return pad(out, go_name(value), spec);
  if (value.is_nil()) {
    if (verb == 'v') return pad(out, "<nil>", spec);
    return mistake(out, verb, value);
  }
  const bool whole = value.is(Kind::integer) || value.is(Kind::duration);
  const bool text = value.is_string() || value.is(Kind::bytes);
  switch (verb) {
    case 'v':
      if (value.is(Kind::integer)) return integer(out, value.number(), 10, 'd', spec);
      if (value.is(Kind::real)) return real(out, value.as_real(), 'v', spec);
      if (value.is_string() && spec.sharp) return pad(out, go_quote(value.text()), spec);
      if (value.is_string()) return pad(out, cut(value.text(), spec.precision), spec);
      return pad(out, plain(value), spec);
    case 't':
      if (!value.is(Kind::boolean)) break;
      return pad(out, plain(value), spec);
    case 'd':
      if (!whole) break;
      return integer(out, value.number(), 10, 'd', spec);
    case 'b':
      if (!whole) break;
      return integer(out, value.number(), 2, 'b', spec);
    case 'o':
    case 'O':
      if (!whole) break;
      return integer(out, value.number(), 8, static_cast<char>(verb), spec);
    case 'x':
    case 'X':
      if (whole) return integer(out, value.number(), 16, static_cast<char>(verb), spec);
      if (text) return pad(out, hex_of(value.text(), verb == 'X', spec), spec);
      if (value.is(Kind::trace_id) || value.is(Kind::span_id))
        return pad(out, hex_of(value.id(), verb == 'X', spec), spec);
      break;
    case 'c':
    case 'U': {
      if (!whole) break;
      const auto code =
          value.number() < 0 || value.number() > 0x10ffff ? 0xfffd : static_cast<char32_t>(value.number());
      std::string made;
      if (verb == 'c') {
        append_utf8(made, code);
      } else {
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "U+%04llX", static_cast<unsigned long long>(value.number()));
        made = buffer;
      }
      return pad(out, made, spec);
    }
    case 'q':
      if (text) return pad(out, go_quote(cut(value.text(), spec.precision)), spec);
      if (whole) {
        std::string made = "'";
        append_utf8(made, value.number() < 0 || value.number() > 0x10ffff
                              ? 0xfffd
                              : static_cast<char32_t>(value.number()));
        return pad(out, made + "'", spec);
      }
      break;
    case 's':
      if (whole && value.is(Kind::integer)) break;
      if (value.is(Kind::boolean) || value.is(Kind::real)) break;
      if (text) return pad(out, cut(value.text(), spec.precision), spec);
      return pad(out, plain(value), spec);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      if (!value.is(Kind::real)) break;
      return real(out, value.as_real(), verb == 'F' ? 'f' : static_cast<char>(verb), spec);
    default:
      break;
  }
  mistake(out, verb, value);
}

}  // namespace

std::string go_sprintf(std::string_view format, std::span<const Any> values) {
  std::string out;
  std::size_t next = 0;
  const auto number = [&](std::size_t& i, int& into) {
    if (i < format.size() && format[i] == '*') {
      ++i;
      if (next < values.size() && values[next].is(Kind::integer) && std::abs(values[next].number()) <= kMost)
        into = static_cast<int>(values[next].number());
      else
        out += "%!(BADWIDTH)";
      ++next;
      return;
    }
    for (; i < format.size() && format[i] >= '0' && format[i] <= '9'; ++i)
      into = std::min(std::max(into, 0) * 10 + (format[i] - '0'), kMost);
  };
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      out += format[i++];
      continue;
    }
    Spec spec;
    for (++i; i < format.size(); ++i) {
      if (format[i] == '-')
        spec.minus = true;
      else if (format[i] == '+')
        spec.plus = true;
      else if (format[i] == '#')
        spec.sharp = true;
      else if (format[i] == ' ')
        spec.space = true;
      else if (format[i] == '0')
        spec.zero = true;
      else
        break;
    }
    number(i, spec.width);
    if (spec.width < -1) {
      spec.minus = true;
      spec.width = -spec.width;
    }
    if (i < format.size() && format[i] == '.') {
      ++i;
      spec.precision = 0;
      number(i, spec.precision);
    }
    if (spec.minus) spec.zero = false;
    if (i >= format.size()) {
      out += "%!(NOVERB)";
      break;
    }
    const auto verb = next_rune(format.substr(i));
    i += verb.size;
    if (verb.code == '%') {
      out += '%';
    } else if (next >= values.size()) {
      out += "%!";
      append_utf8(out, verb.code);
      out += "(MISSING)";
    } else {
      put(out, verb.code, values[next++], spec);
    }
  }
  if (next < values.size()) {
    out += "%!(EXTRA ";
    for (std::size_t i = next; i < values.size(); ++i) {
      if (i > next) out += ", ";
      out += go_name(values[i]);
      if (!values[i].is_nil()) (out += '=') += plain(values[i]);
    }
    out += ')';
  }
  return out;
}

}  // namespace gleaner::text::ottl
