#include "capture/stamp.h"

#include <time.h>

namespace gleaner::capture {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

void put(char* at, std::uint64_t number, int width) {
  for (int i = width - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

/// Days since 1970 to year, month, day in the Gregorian calendar: eras of 400 years, years that begin in
/// March.
void put_date(char* at, std::uint64_t days) {
  const std::uint64_t shifted = days + 719468;
  const std::uint64_t era = shifted / 146097, day_of_era = shifted % 146097;
  const std::uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  put(at, year_of_era + era * 400 + (month <= 2), 4);
  put(at + 5, month, 2);
  put(at + 8, day_of_year - (153 * month_from_march + 2) / 5 + 1, 2);
  at[4] = at[7] = '-';
}

std::uint64_t read_clock(clockid_t which) {
  timespec now{};
  ::clock_gettime(which, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

std::uint64_t wall_clock() { return read_clock(CLOCK_REALTIME); }
std::int64_t steady_clock() { return static_cast<std::int64_t>(read_clock(CLOCK_MONOTONIC)); }

std::string_view Stamper::next() {
  if (now_ <= last_ && ++last_ < second_end_) {  // the usual step of a burst: one digit
    char* digit = text_ + 28;
    for (; *digit == '9'; --digit) *digit = '0';
    ++*digit;
    return {text_, kStampSize};
  }
  if (now_ > last_) last_ = now_;
  const std::uint64_t second = last_ / kSecond;
  if (second != second_) {
    second_ = second;
    second_end_ = (second + 1) * kSecond;
    put_date(text_, second / 86400);
    put(text_ + 11, second / 3600 % 24, 2);
    put(text_ + 14, second / 60 % 60, 2);
    put(text_ + 17, second % 60, 2);
    text_[10] = 'T';
    text_[13] = text_[16] = ':';
    text_[19] = '.';
    text_[29] = 'Z';
  }
  put(text_ + 20, last_ % kSecond, 9);
  return {text_, kStampSize};
}

}  // namespace gleaner::capture
