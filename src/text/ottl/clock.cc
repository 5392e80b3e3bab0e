#include "text/ottl/clock.h"

#include <array>

#include "text/zone.h"

namespace gleaner::text::ottl {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

void pad(std::string& out, std::int64_t value, int digits, char fill = '0') {
  const std::string text = std::to_string(value < 0 ? -value : value);
  if (value < 0) out += '-';
  for (int i = static_cast<int>(text.size()); i < digits; ++i) out += fill;
  out += text;
}

/// "+0200" with what stands between the parts; `parts` of hours, minutes, seconds.
void offset(std::string& out, int seconds, int parts, std::string_view between) {
  out += seconds < 0 ? '-' : '+';
  const int size = seconds < 0 ? -seconds : seconds;
  pad(out, size / 3600, 2);
  if (parts < 2) return;
  out += between;
  pad(out, size / 60 % 60, 2);
  if (parts < 3) return;
  out += between;
  pad(out, size % 60, 2);
}

/// Up to `digits` digits of the fraction without zeros at the end; a separator in front of it goes with them.
void fraction(std::string& out, int nanos, std::size_t digits) {
  std::string text;
  pad(text, nanos, 9);
  text.resize(digits);
  while (!text.empty() && text.back() == '0') text.pop_back();
  // Nines without a separator in front are only nines to Go.
  const bool separated = !out.empty() && (out.back() == '.' || out.back() == ',');
  if (!separated) text.assign(digits, '9');
  if (text.empty()) out.pop_back();
  out += text;
}

constexpr std::string_view kDirectives = "YymoqbhBdegaAHlIpPMSLfsZzwijkDxFTXrRnt%c";

}  // namespace

Clock clock_of(std::int64_t unix_nanos, int offset_seconds) {
  constexpr std::int64_t kSecond = 1'000'000'000, kDay = 86400;
  std::int64_t seconds = unix_nanos / kSecond;
  std::int64_t nanos = unix_nanos % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  seconds += offset_seconds;
  const std::int64_t days = seconds >= 0 ? seconds / kDay : -((kDay - 1 - seconds) / kDay);
  const auto rest = static_cast<int>(seconds - days * kDay);
  const Civil civil = civil_from_days(days);
  Clock clock;
  clock.year = civil.year;
  clock.month = static_cast<int>(civil.month);
  clock.day = static_cast<int>(civil.day);
  clock.hour = rest / 3600;
  clock.minute = rest / 60 % 60;
  clock.second = rest % 60;
  clock.nanos = static_cast<int>(nanos);
  clock.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  clock.year_day = static_cast<int>(days - days_from_civil(civil.year, 1, 1)) + 1;
  return clock;
}

std::string rfc3339(std::int64_t unix_nanos, int offset_seconds) {
  std::string out;
  append_time(out, "%Y-%m-%dT%H:%M:%S.%s", unix_nanos, offset_seconds);
  if (offset_seconds == 0)
    out += 'Z';
  else
    offset(out, offset_seconds, 2, ":");
  return out;
}

Result<> check_time_format(std::string_view layout) {
  for (std::size_t i = 0; i + 1 < layout.size(); ++i) {
    if (layout[i] != '%') continue;
    const char directive = layout[++i];
    if (directive == '\n') continue;
    if (kDirectives.find(directive) == std::string_view::npos)
      return fail(Fault::config,
                  "invalid strptime format: unsupported directive: %" + std::string(1, directive));
    if (std::string_view("Lfs").find(directive) != std::string_view::npos && i >= 2 && layout[i - 2] != '.' &&
        layout[i - 2] != ',')
      return fail(Fault::config, "invalid fractional seconds directive: '" +
                                     std::string(layout.substr(i - 2, 3)) +
                                     "'. must be preceded with '.' or ','");
  }
  return {};
}

void append_time(std::string& out, std::string_view layout, std::int64_t unix_nanos, int offset_seconds) {
  const Clock c = clock_of(unix_nanos, offset_seconds);
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  const auto again = [&](std::string_view part) { append_time(out, part, unix_nanos, offset_seconds); };
  const auto& month = kMonths[static_cast<std::size_t>(c.month - 1)];
  const auto& weekday = kWeekdays[static_cast<std::size_t>(c.weekday)];
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (layout[i] != '%' || i + 1 == layout.size() || layout[i + 1] == '\n') {
      out += layout[i];
      continue;
    }
    switch (layout[++i]) {
      case 'Y':
        pad(out, c.year, 4);
        break;
      case 'y':
        pad(out, c.year % 100, 2);
        break;
      case 'm':
        pad(out, c.month, 2);
        break;
      case 'o':
        out += '_';
        [[fallthrough]];
      case 'q':
        pad(out, c.month, 1);
        break;
      case 'b':
      case 'h':
        out += month.substr(0, 3);
        break;
      case 'B':
        out += month;
        break;
      case 'd':
        pad(out, c.day, 2);
        break;
      case 'e':
        pad(out, c.day, 2, ' ');
        break;
      case 'g':
        pad(out, c.day, 1);
        break;
      case 'a':
        out += weekday.substr(0, 3);
        break;
      case 'A':
        out += weekday;
        break;
      case 'H':
        pad(out, c.hour, 2);
        break;
      case 'l':
        pad(out, hour12, 1);
        break;
      case 'I':
        pad(out, hour12, 2);
        break;
      case 'p':
        out += c.hour < 12 ? "AM" : "PM";
        break;
      case 'P':
        out += c.hour < 12 ? "am" : "pm";
        break;
      case 'M':
        pad(out, c.minute, 2);
        break;
      case 'S':
        pad(out, c.second, 2);
        break;
      case 'L':
        fraction(out, c.nanos, 3);
        break;
      case 'f':
        fraction(out, c.nanos, 6);
        break;
      case 's':
        fraction(out, c.nanos, 9);
        break;
      case 'Z':
        if (offset_seconds == 0)
          out += "UTC";
        else
          offset(out, offset_seconds, offset_seconds % 3600 == 0 ? 1 : 2, "");
        break;
      case 'z':
        if (offset_seconds == 0)
          out += 'Z';
        else
          offset(out, offset_seconds, 2, "");
        break;
      case 'w':
        offset(out, offset_seconds, 3, "");
        break;
      case 'i':
        offset(out, offset_seconds, 1, "");
        break;
      case 'j':
        offset(out, offset_seconds, 2, ":");
        break;
      case 'k':
        offset(out, offset_seconds, 3, ":");
        break;
      case 'D':
      case 'x':
        again("%m/%d/%Y");
        break;
      case 'F':
        again("%Y-%m-%d");
        break;
      case 'T':
      case 'X':
        again("%H:%M:%S");
        break;
      case 'r':
        again("%I:%M:%S %P");
        break;
      case 'R':
        again("%H:%M");
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'c':
        again("%a %b %d %H:%M:%S %Y");
        break;
      default:
        out += layout[i];
    }
  }
}

}  // namespace gleaner::text::ottl
