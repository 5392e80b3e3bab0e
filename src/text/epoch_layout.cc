#include <charconv>
#include <cmath>
#include <cstdio>

#include "text/time_layout.h"

namespace gleaner::text {
namespace {

/// Go's strconv.ParseInt in base 10: the whole text, a sign allowed.
bool integer(std::string_view text, std::int64_t& out) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  return read.ec == std::errc() && read.ptr == end;
}

std::int64_t wrap(std::int64_t a, std::int64_t unit, std::int64_t b, std::int64_t sub) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(unit) +
                                   static_cast<std::uint64_t>(b) * static_cast<std::uint64_t>(sub));
}

}  // namespace

Result<EpochLayout> EpochLayout::compile(std::string_view layout) {
  EpochLayout out;
  out.layout_ = layout;
  const bool dotted = layout.starts_with("s.");
  const auto small = dotted ? layout.substr(2) : layout;
  const std::int64_t unit = small == "s" && !dotted ? 1'000'000'000
                            : small == "ms"         ? 1'000'000
                            : small == "us"         ? 1000
                                                    : 1;
  if (unit == 1 && small != "ns")
    return fail(
        Fault::config,
        "invalid `layout` for `epoch` type: specify 's', 'ms', 'us', 'ns', 's.ms', 's.us', or 's.ns'");
  out.unit_ = dotted ? 1'000'000'000 : unit;
  out.sub_unit_ = dotted ? unit : 0;
  out.decimals_ = !dotted ? 0 : small == "ms" ? 3 : small == "us" ? 6 : 9;
  return out;
}

Result<std::int64_t> EpochLayout::parse(std::string_view text) const {
  std::int64_t whole = 0, part = 0;
  bool ok;
  if (sub_unit_ == 0) {
    ok = integer(text, whole);
  } else {
    const auto dot = text.find('.');
    ok = dot != std::string_view::npos && integer(text.substr(0, dot), whole) &&
         integer(text.substr(dot + 1), part);
  }
  if (!ok)
    return fail(Fault::permanent, "invalid value '" + std::string(text) + "' for layout '" + layout_ + "'");
  return wrap(whole, unit_, part, sub_unit_);
}

std::int64_t EpochLayout::parse(std::int64_t number) const { return wrap(number, unit_, 0, 0); }

Result<std::int64_t> EpochLayout::parse(double number) const {
  constexpr double kLimit = 9223372036854775808.0;
  if (sub_unit_ == 0) {
    // Out of range and NaN give the smallest number, as Go's conversion does on amd64.
    const bool fits = number >= -kLimit && number < kLimit;
    return wrap(fits ? static_cast<std::int64_t>(number) : INT64_MIN, unit_, 0, 0);
  }
  char text[400];
  const int size = std::snprintf(text, sizeof text, "%10.*f", decimals_, number);
  return parse(std::string_view(text, static_cast<std::size_t>(size)));
}

}  // namespace gleaner::text
