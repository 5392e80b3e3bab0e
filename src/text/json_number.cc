// Numbers of JSON, with the slips that Go's readers let pass.
#include <charconv>
#include <cstdint>

#include "text/json.h"

namespace gleaner::text {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// What strconv.ParseFloat makes of a run of "0-9+-.eE".
enum class Read : std::uint8_t { ok, syntax, range };
Read to_double(std::string_view text, bool strict, double& out) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = *p == '-';
  p += negative;
  std::uint64_t mantissa = 0;
  int digits = 0, after = 0;
  const char* const whole = p;
  for (; p < end && digit(*p); ++p, ++digits) mantissa = mantissa * 10 + static_cast<unsigned>(*p - '0');
  const auto whole_digits = p - whole;
  if (strict && (whole_digits == 0 || (whole_digits > 1 && *whole == '0'))) return Read::syntax;
  if (p < end && *p == '.') {
    for (++p; p < end && digit(*p); ++p, ++digits, ++after)
      mantissa = mantissa * 10 + static_cast<unsigned>(*p - '0');
    if (strict && after == 0) return Read::syntax;
  }
  if (digits == 0) return Read::syntax;
  const char* const body_end = p;
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (p == end) return Read::syntax;
    while (p < end && digit(*p)) ++p;
  }
  if (p != end) return Read::syntax;
  if (p == body_end && digits <= 15 && after <= 22) {
    // Exact: both numbers are doubles without rounding.
    const double value = static_cast<double>(mantissa) / kPowers[after];
    out = negative ? -value : value;
    return Read::ok;
  }
  const auto read = std::from_chars(text.data(), end, out);
  if (read.ec != std::errc::result_out_of_range) return Read::ok;
  // Too small is zero for Go; too large is an error.
  const auto e = text.find_first_of("eE");
  const bool tiny = e != std::string_view::npos ? text[e + 1] == '-' : mantissa == 0 || whole_digits < 300;
  if (!tiny) return Read::range;
  out = negative ? -0.0 : 0.0;
  return Read::ok;
}

}  // namespace

/// Numbers as most are: up to fifteen digits, a dot among them or not, and an end that is one.
bool JsonReader::plain_number(pdata::Value& out) {
  const char* p = at_;
  const bool negative = *p == '-';
  p += negative;
  const char* const whole = p;
  const char* const far = end_ - p > 17 ? p + 17 : end_;
  std::int64_t digits = 0;
  const auto read_digits = [&] {
    for (unsigned next; p < far && (next = static_cast<unsigned char>(*p) - '0') < 10; ++p)
      digits = digits * 10 + next;
  };
  read_digits();
  const auto before = p - whole;
  std::ptrdiff_t after = 0;
  if (p < far && *p == '.') {
    const char* const fraction = ++p;
    read_digits();
    after = p - fraction;
    if (after == 0) return false;
  }
  if (before == 0 || before + after > 15 || p == end_ || (*p != ',' && *p != '}' && *p != ']')) return false;
  if (options_.strict && before > 1 && *whole == '0') return false;
  if (options_.parse_ints && after == 0) {
    out = pdata::Value::integer(negative ? -digits : digits);
  } else {  // exact: both numbers are doubles without rounding
    const double value = static_cast<double>(digits) / kPowers[after];
    out = pdata::Value::real(negative ? -value : value);
  }
  at_ = p;
  return true;
}

bool JsonReader::number(pdata::Value& out) {
  if (plain_number(out)) return true;
  const char* const from = at_;
  const auto part = [](char c) {
    return digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
  };
  while (at_ < end_ && part(*at_)) ++at_;
  word_ = {from, static_cast<std::size_t>(at_ - from)};
  double real = 0;
  const Read read = to_double(word_, options_.strict, real);
  if (read == Read::syntax) return fail_at(Flaw::number);
  if (read == Read::range) return fail_at(Flaw::range);
  if (!options_.parse_ints) {
    if (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && *at_ != ' ' && *at_ != '\t' &&
        *at_ != '\n' && *at_ != '\r' && *at_ != 0) {
      as_ = "float";
      return fail_at(Flaw::end);
    }
    out = pdata::Value::real(real);
    return true;
  }
  std::int64_t whole;
  const auto exact = std::from_chars(from, at_, whole);
  out = exact.ec == std::errc() && exact.ptr == at_ ? pdata::Value::integer(whole) : pdata::Value::real(real);
  return true;
}

}  // namespace gleaner::text
