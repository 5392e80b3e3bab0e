#pragma once
// Time zones by their names, with Go's rules for wall clocks and abbreviations.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner::text {

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. month 1..12; day may overflow.
constexpr std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468 + day - 1;
}

constexpr bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
/// @param month 1..12
constexpr int days_in(int month, std::int64_t year) {
  return month == 2 ? 28 + is_leap(year) : 30 + ((month + (month > 7)) & 1);
}

/// Seconds and nanoseconds as one number; wraps as Go's UnixNano does.
constexpr std::int64_t nanos_of(std::int64_t seconds, int nanos) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * 1'000'000'000u +
                                   static_cast<std::uint64_t>(nanos));
}

struct Civil {
  std::int64_t year;
  unsigned month, day;
};
/// The date `days` after 1970-01-01.
Civil civil_from_days(std::int64_t days);

/// A time zone: one pointer, cheap to copy, valid for the life of the process.
class Zone {
 public:
  Zone() = default;  ///< UTC
  static Zone utc() { return {}; }
  /// The zone of the process: $TZ, else /etc/localtime, else UTC.
  static Zone local();
  /// @param name an IANA name ("Asia/Tokyo", "EST"), "UTC", "Local", or "" for UTC
  /// @return Fault::config "unknown time zone NAME" when the tz database has no such name. The database is
  ///         looked for in $ZONEINFO, $TZDIR and /usr/share/zoneinfo; a scratch image has none.
  static Result<Zone> load(std::string_view name);
  static Zone fixed(int offset_seconds);

  bool is_utc() const { return data_ == nullptr && offset_ == 0; }
  /// Seconds east of UTC at a moment (seconds since 1970).
  int offset_at(std::int64_t unix_seconds) const;
  /// The moment at which clocks here show `wall` (seconds since 1970 as if the zone were UTC). In gaps and
  /// overlaps the one Go's time.Date returns.
  std::int64_t to_unix(std::int64_t wall) const;
  /// The offset this zone has under the abbreviation `name`, preferably the one in force at `wall`.
  std::optional<int> offset_of(std::string_view name, std::int64_t wall) const;

 private:
  struct Data;
  explicit Zone(const Data* data) : data_(data) {}
  const Data* data_ = nullptr;
  int offset_ = 0;  ///< without data
};

}  // namespace gleaner::text
