#pragma once
// Numbers in texts, by Go's rules.
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace gleaner::text::ottl {

enum class NumberFlaw : std::uint8_t { none, syntax, range, base };

/// strconv.ParseInt(text, base, 64). Base 0 reads prefixes 0x, 0o, 0b, 0 and underscores.
NumberFlaw parse_int(std::string_view text, int base, std::int64_t& out);
/// strconv.ParseFloat, with inf, nan, hex floats.
bool parse_real(std::string_view text, double& out);
/// int64(x) as amd64 computes it: what does not fit is the smallest number.
inline std::int64_t truncated(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return INT64_MIN;
  return static_cast<std::int64_t>(value);
}

}  // namespace gleaner::text::ottl
