#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner {

/// Parses a duration the way collector YAML writes it: "200ms", "1m30s", "-1.5h", "0".
/// @param text  the whole scalar; no surrounding spaces
/// @return nanoseconds, truncated toward zero; Fault::config naming the bad part when a unit
///         is missing or unknown, or the value leaves the 64-bit range (about ±292 years)
/// Units: ns, us (also µs, μs), ms, s, m, h. Nothing longer: Go has no "d".
/// Source: Go time.ParseDuration, which the collector's decoder calls.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest Go form: "1h30m0s", "200ms", "1.5s", "0s". Parses back to the same value.
std::string format_duration(std::chrono::nanoseconds value);

}  // namespace gleaner
