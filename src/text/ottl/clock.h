#pragma once
// Times taken apart and put together: what the time functions and formats need.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner::text::ottl {

/// A moment as a clock with an offset shows it.
struct Clock {
  std::int64_t year = 1970;
  int month = 1, day = 1, hour = 0, minute = 0, second = 0, nanos = 0;
  int weekday = 4;   ///< 0 = Sunday
  int year_day = 1;  ///< from 1
};
Clock clock_of(std::int64_t unix_nanos, int offset_seconds);

/// "2006-01-02T15:04:05.999999999Z07:00": a fraction only when there is one.
std::string rfc3339(std::int64_t unix_nanos, int offset_seconds);

/// Checks a strptime layout for output. @return Fault::config naming a directive that is none
Result<> check_time_format(std::string_view layout);
/// The moment in a strptime layout (spec/collector.md 6.6, "time layouts"), padded with zeros.
void append_time(std::string& out, std::string_view layout, std::int64_t unix_nanos, int offset_seconds);

}  // namespace gleaner::text::ottl
