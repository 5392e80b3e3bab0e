// The short cut for layouts of the shape YYYY-MM-DDThh:mm:ss, which most logs use.
#include <cstring>

#include "text/time_layout.h"

namespace gleaner::text {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Two digits. @param ok  gets false when they are none
int two_digits(const char* p, bool& ok) {
  const unsigned a = static_cast<unsigned char>(p[0]) - '0', b = static_cast<unsigned char>(p[1]) - '0';
  ok &= a < 10 && b < 10;
  return static_cast<int>(a * 10 + b);
}

/// Seconds since 1970 of "YYYY-MM-DDThh:mm" with any byte for T. Lines of a log stay in the same minute for
/// long, so the last one is remembered.
bool read_minute(const char* p, std::int64_t& seconds) {
  constexpr std::size_t kSize = 16;
  struct Last {
    char text[kSize] = {};
    std::int64_t seconds = 0;
  };
  static thread_local Last last;
  if (std::memcmp(p, last.text, kSize) != 0) {
    bool ok = p[4] == '-' && p[7] == '-' && p[13] == ':';
    const int year = two_digits(p, ok) * 100 + two_digits(p + 2, ok), month = two_digits(p + 5, ok),
              day = two_digits(p + 8, ok), hour = two_digits(p + 11, ok), minute = two_digits(p + 14, ok);
    ok &= year > 0 && month >= 1 && month <= 12 && day >= 1 && hour < 24 && minute < 60;
    if (!ok || (day > 28 && day > days_in(month, year))) return false;
    last.seconds = days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) * 86400 +
                   (hour * 60 + minute) * 60;
    std::memcpy(last.text, p, kSize);
  }
  seconds = last.seconds;
  return true;
}

}  // namespace

bool TimeLayout::parse_iso(std::string_view text, const Zone& zone, std::int64_t& nanos, int& offset) const {
  if (text.size() < 19) return false;
  const char* p = text.data();
  bool ok = p[10] == iso_separator_ && p[16] == ':';
  const int second = two_digits(p + 17, ok);
  std::int64_t wall;
  if (!ok || second >= 60 || !read_minute(p, wall)) return false;
  wall += second;
  std::size_t at = 19;
  int part = 0;
  if (text.size() > 20 && (p[19] == '.' || p[19] == ',') && digit(p[20])) {
    std::size_t end = 20;
    while (end < text.size() && digit(p[end])) {
      if (end < 29) part = part * 10 + (p[end] - '0');
      ++end;
    }
    static constexpr int kScale[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    if (end < 29) part *= kScale[29 - end];
    at = end;
  }
  const std::size_t left = text.size() - at;
  std::int64_t seconds;
  if (iso_tail_ == Tail::none && left == 0) {
    seconds = zone.to_unix(wall);
  } else if (iso_tail_ != Tail::none && left == 1 && p[at] == 'Z') {
    seconds = iso_tail_ == Tail::zone ? wall : zone.to_unix(wall);
  } else if (iso_tail_ == Tail::zone && left == 6 && (p[at] == '+' || p[at] == '-') && p[at + 3] == ':') {
    const int hours = two_digits(p + at + 1, ok), minutes = two_digits(p + at + 4, ok);
    if (!ok || hours > 24 || minutes > 60) return false;
    seconds = wall - (p[at] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
  } else {
    return false;
  }
  nanos = nanos_of(seconds, part);
  offset = static_cast<int>(wall - seconds);
  return true;
}

}  // namespace gleaner::text
