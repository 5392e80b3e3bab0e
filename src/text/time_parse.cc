// Running compiled layouts over text as Go's time.Parse does, step by step.
#include <algorithm>
#include <array>
#include <cstring>

#include "text/time_layout.h"

namespace gleaner::text {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool digit_at(std::string_view s, std::size_t i) { return i < s.size() && digit(s[i]); }
bool point(char c) { return c == '.' || c == ','; }

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

bool starts_with_any_case(std::string_view text, std::string_view name) {
  if (text.size() < name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if ((text[i] | 0x20) != (name[i] | 0x20)) return false;
  return true;
}

template <std::size_t N>
int lookup(const std::array<std::string_view, N>& names, bool brief, std::string_view& value) {
  for (std::size_t i = 0; i < N; ++i) {
    const auto name = brief ? names[i].substr(0, 3) : names[i];
    if (!starts_with_any_case(value, name)) continue;
    value.remove_prefix(name.size());
    return static_cast<int>(i);
  }
  return -1;
}

/// Up to nine digits count, the others are cut off.
int fraction(std::string_view digits) {
  int value = 0;
  for (std::size_t i = 0; i < 9; ++i) value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return value;
}

/// How long the zone abbreviation in front of `value` is; 0 = there is none. Go's parseTimeZone.
std::size_t abbreviation(std::string_view value) {
  const auto signed_offset = [](std::string_view text) -> std::size_t {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
    std::size_t i = 1;
    unsigned long number = 0;
    for (; digit_at(text, i); ++i)
      number = std::min(number * 10 + static_cast<unsigned long>(text[i] - '0'), 1000ul);
    return i == 1 || number > 23 ? 0 : i;
  };
  if (value.size() < 3) return 0;
  if (value.starts_with("ChST") || value.starts_with("MeST")) return 4;
  if (value.starts_with("GMT")) return 3 + signed_offset(value.substr(3));
  if (value[0] == '+' || value[0] == '-') return signed_offset(value);
  std::size_t upper = 0;
  while (upper < 6 && upper < value.size() && value[upper] >= 'A' && value[upper] <= 'Z') ++upper;
  if (upper == 5) return value[4] == 'T' ? 5 : 0;
  if (upper == 4) return value[3] == 'T' || value.starts_with("WITA") ? 4 : 0;
  return upper == 3 ? 3 : 0;
}

/// A string as Go's time package quotes it.
std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < ' ') {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

/// One parse: the fields found so far, and what went wrong.
class TimeParse {
 public:
  using Op = TimeLayout::Op;
  using Step = TimeLayout::Step;

  TimeParse(const TimeLayout& layout, std::string_view text) : layout_(layout), text_(text), value_(text) {}

  bool run();
  Result<std::int64_t> resolve(const Zone& zone, TimeLayout::Now now, int& offset) const;
  tl::unexpected<Error> error() const;

 private:
  bool step(const Step& step, bool fraction_follows);
  bool zone_offset(Op op);
  bool number(int& out, bool fixed);
  bool out_of_range(const char* what) {
    range_ = what;
    return false;
  }
  bool finish_date();

  const TimeLayout& layout_;
  std::string_view text_, value_;
  std::int64_t year_ = 0;
  int month_ = -1, day_ = -1, year_day_ = -1, hour_ = 0, minute_ = 0, second_ = 0, nanos_ = 0;
  bool am_ = false, pm_ = false, z_ = false, has_offset_ = false;
  int offset_ = 0;
  std::string_view zone_name_;
  // Of the failure:
  std::string_view element_, hold_;
  const char* range_ = nullptr;
  bool extra_ = false;
};

bool TimeParse::number(int& out, bool fixed) {
  if (!digit_at(value_, 0) || (fixed && !digit_at(value_, 1))) return false;
  const bool two = digit_at(value_, 1);
  out = two ? (value_[0] - '0') * 10 + (value_[1] - '0') : value_[0] - '0';
  value_.remove_prefix(two ? 2 : 1);
  return true;
}

bool TimeParse::zone_offset(Op op) {
  if (op == Op::zone_any) {
    for (const Op form : {Op::zone_hhmm, Op::zone_hh_mm, Op::zone_hh}) {
      const auto before = value_;
      if (zone_offset(form)) return true;
      if (range_) return false;
      value_ = before;
    }
    return false;
  }
  const std::size_t size = op == Op::zone_hh       ? 3
                           : op == Op::zone_hhmm   ? 5
                           : op == Op::zone_hh_mm  ? 6
                           : op == Op::zone_hhmmss ? 7
                                                   : 9;
  if (value_.size() < size) return false;
  const bool colons = op == Op::zone_hh_mm || op == Op::zone_hh_mm_ss;
  int part[3] = {0, 0, 0};
  std::size_t at = 1;
  for (int i = 0; at < size; ++i) {
    if (i > 0 && colons && value_[at++] != ':') return false;
    if (!digit(value_[at]) || !digit(value_[at + 1])) return false;
    part[i] = (value_[at] - '0') * 10 + (value_[at + 1] - '0');
    at += 2;
  }
  const char sign = value_[0];
  if (sign != '+' && sign != '-') return false;
  value_.remove_prefix(size);
  if (part[0] > 24) return out_of_range("time zone offset hour");
  if (part[1] > 60) return out_of_range("time zone offset minute");
  if (part[2] > 60) return out_of_range("time zone offset second");
  offset_ = (part[0] * 60 + part[1]) * 60 + part[2];
  if (sign == '-') offset_ = -offset_;
  has_offset_ = offset_ != -1;
  return true;
}

bool TimeParse::step(const Step& step, bool fraction_follows) {
  const auto in = [&](int value, int low, int high, const char* what) {
    return value >= low && value <= high ? true : out_of_range(what);
  };
  switch (step.op) {
    case Op::literal:
      for (std::size_t i = 0; i < step.text.size();) {
        if (step.text[i] == ' ') {
          if (!value_.empty() && value_[0] != ' ') return false;
          i = std::min(step.text.find_first_not_of(' ', i), step.text.size());
          value_.remove_prefix(std::min(value_.find_first_not_of(' '), value_.size()));
          continue;
        }
        if (value_.empty() || value_[0] != step.text[i]) return false;
        ++i;
        value_.remove_prefix(1);
      }
      return true;
    case Op::year_either:
    case Op::year4:
      if (digit_at(value_, 0) && digit_at(value_, 1) && digit_at(value_, 2) && digit_at(value_, 3)) {
        year_ =
            (value_[0] - '0') * 1000 + (value_[1] - '0') * 100 + (value_[2] - '0') * 10 + (value_[3] - '0');
        value_.remove_prefix(4);
        return true;
      }
      if (step.op == Op::year4) return false;
      [[fallthrough]];
    case Op::year2: {
      int year = 0;
      if (!number(year, true)) return false;
      year_ = year + (year >= 69 ? 1900 : 2000);
      return true;
    }
    case Op::month_short:
    case Op::month_long:
      month_ = lookup(kMonths, step.op == Op::month_short, value_) + 1;
      return month_ > 0;
    case Op::weekday_short:
    case Op::weekday_long:
      return lookup(kWeekdays, step.op == Op::weekday_short, value_) >= 0;
    case Op::month:
      return number(month_, step.fixed) && in(month_, 1, 12, "month");
    case Op::under_day:
      if (value_.starts_with(' ')) value_.remove_prefix(1);
      [[fallthrough]];
    case Op::day:
      return number(day_, step.fixed);
    case Op::year_day:
    case Op::under_year_day: {
      for (int i = 0; step.op == Op::under_year_day && i < 2 && value_.starts_with(' '); ++i)
        value_.remove_prefix(1);
      std::size_t digits = 0;
      year_day_ = 0;
      for (; digits < 3 && digit_at(value_, digits); ++digits)
        year_day_ = year_day_ * 10 + (value_[digits] - '0');
      value_.remove_prefix(digits);
      return digits > 0 && (!step.fixed || digits == 3);
    }
    case Op::hour:
      return number(hour_, false) && in(hour_, 0, 23, "hour");
    case Op::hour12:
      return number(hour_, step.fixed) && in(hour_, 0, 12, "hour");
    case Op::minute:
      return number(minute_, step.fixed) && in(minute_, 0, 59, "minute");
    case Op::second:
      if (!number(second_, step.fixed) || !in(second_, 0, 59, "second")) return false;
      if (fraction_follows) return true;
      [[fallthrough]];  // a fraction the layout does not mention
    case Op::fraction_any: {
      if (value_.size() < 2 || !point(value_[0]) || !digit(value_[1])) return true;
      std::size_t end = 2;
      while (digit_at(value_, end)) ++end;
      nanos_ = fraction(value_.substr(1, end - 1));
      value_.remove_prefix(end);
      return true;
    }
    case Op::fraction_exact: {
      if (value_.size() < step.digits || !point(value_[0])) return false;
      const auto digits = value_.substr(1, step.digits - 1u);
      if (!std::all_of(digits.begin(), digits.end(), digit)) return false;
      nanos_ = fraction(digits);
      value_.remove_prefix(step.digits);
      return true;
    }
    case Op::upper_pm:
    case Op::lower_pm: {
      const auto word = value_.substr(0, 2);
      pm_ = word == (step.op == Op::upper_pm ? "PM" : "pm");
      am_ = word == (step.op == Op::upper_pm ? "AM" : "am");
      if (!pm_ && !am_) return false;
      value_.remove_prefix(2);
      return true;
    }
    case Op::zone_name: {
      if (value_.starts_with("UTC")) {
        z_ = true;
        value_.remove_prefix(3);
        return true;
      }
      const std::size_t size = abbreviation(value_);
      zone_name_ = value_.substr(0, size);
      value_.remove_prefix(size);
      return size > 0;
    }
    default:
      if (step.or_z && value_.starts_with('Z')) {
        z_ = true;
        value_.remove_prefix(1);
        return true;
      }
      return zone_offset(step.op);
  }
}

bool TimeParse::run() {
  const auto& steps = layout_.steps_;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& now = steps[i];
    element_ = now.text;
    hold_ = value_;
    const bool fraction_follows = i + 1 < steps.size() && (steps[i + 1].op == Op::fraction_exact ||
                                                           steps[i + 1].op == Op::fraction_any);
    if (step(now, fraction_follows)) continue;
    const auto blanks = hold_.find_first_not_of(" \t\n\f\r");
    if (range_ || !now.skip_blanks || blanks == 0 || blanks == std::string_view::npos) {
      if (now.op == Op::literal) hold_ = value_;
      return false;
    }
    value_ = hold_ = hold_.substr(blanks);
    if (!step(now, fraction_follows)) return false;
  }
  element_ = {};
  if (!value_.empty()) {
    extra_ = true;
    return false;
  }
  if (pm_ && hour_ < 12) hour_ += 12;
  if (am_ && hour_ == 12) hour_ = 0;
  return finish_date();
}

bool TimeParse::finish_date() {
  if (year_day_ >= 0) {
    if (year_day_ < 1 || year_day_ > 365 + is_leap(year_)) return out_of_range("day-of-year");
    int month = 1, day = year_day_;
    while (day > days_in(month, year_)) day -= days_in(month++, year_);
    if (month_ >= 0 && month_ != month) return out_of_range("day-of-year does not match month");
    if (day_ >= 0 && day_ != day) return out_of_range("day-of-year does not match day");
    month_ = month;
    day_ = day;
  }
  if (month_ < 0) month_ = 1;
  if (day_ < 0) day_ = 1;
  return day_ >= 1 && day_ <= days_in(month_, year_) ? true : out_of_range("day");
}

Result<std::int64_t> TimeParse::resolve(const Zone& zone, TimeLayout::Now now, int& shown) const {
  const int clock = (hour_ * 60 + minute_) * 60 + second_;
  const auto wall_in = [&](std::int64_t year) {
    return days_from_civil(year, static_cast<unsigned>(month_), static_cast<unsigned>(day_)) * 86400 + clock;
  };
  const std::int64_t wall = wall_in(year_);
  Zone in = zone;   // the zone the result is in, for the missing year
  std::int64_t at;  // seconds since 1970
  if (z_) {
    in = Zone::utc();
    at = wall;
  } else if (has_offset_) {
    in = Zone::fixed(offset_);
    at = wall - offset_;
  } else if (!zone_name_.empty()) {
    const auto own = zone.offset_of(zone_name_, wall);
    if (own) {
      at = wall - *own;
    } else if (zone_name_.starts_with("GMT") && zone_name_.size() > 3 &&
               std::any_of(zone_name_.begin() + 4, zone_name_.end(), [](char c) { return c != '0'; })) {
      // Go's quirk: the clock is taken as UTC and the zone only remembered.
      in = Zone::fixed((zone_name_[3] == '-' ? -3600 : 3600) * std::atoi(zone_name_.data() + 4));
      at = wall;
    } else {
      auto named = Zone::load(zone_name_);
      if (!named)
        return fail(Fault::permanent,
                    "failed to load location " + std::string(zone_name_) + ": " + named.error().what);
      const auto offset = named->offset_of(zone_name_, wall);
      in = offset ? *named : Zone::utc();
      at = wall - offset.value_or(0);
    }
  } else {
    at = zone.to_unix(wall);
  }
  if (year_ > 0) {
    shown = static_cast<int>(wall - at);
    return nanos_of(at, nanos_);
  }

  const auto present = static_cast<std::int64_t>(now() / 1'000'000'000);
  const Zone here = Zone::local();
  const std::int64_t present_wall = present + here.offset_at(present);
  const std::int64_t year = civil_from_days((present_wall - (present_wall < 0 ? 86399 : 0)) / 86400).year;
  at = in.to_unix(wall_in(year));
  if (at > here.to_unix(present_wall + 7 * 86400)) at = in.to_unix(wall_in(year - 1));
  shown = in.offset_at(at);
  return nanos_of(at, nanos_);
}

tl::unexpected<Error> TimeParse::error() const {
  std::string what = "parsing time " + quoted(text_);
  if (range_) {
    const std::string_view range = range_;
    what.append(": ").append(range);
    if (range.find("match") == std::string_view::npos) what += " out of range";
  } else if (extra_) {
    what += ": extra text: " + quoted(value_);
  } else {
    std::string_view element = element_;
    for (auto d = layout_.directives_.rbegin(); d != layout_.directives_.rend(); ++d) {
      if (std::find(d->elements.begin(), d->elements.end(), element) == d->elements.end()) continue;
      element = d->name;
      break;
    }
    what += " as " + quoted(layout_.layout_) + ": cannot parse " + quoted(hold_) + " as " + quoted(element);
  }
  return fail(Fault::permanent, std::move(what));
}

Result<std::int64_t> TimeLayout::parse(std::string_view text, const Zone& zone, Now now, int* offset) const {
  std::int64_t nanos;
  int ignored = 0;
  int& shown = offset ? *offset : ignored;
  if (iso_separator_ && parse_iso(text, zone, nanos, shown)) return nanos;
  TimeParse parse(*this, text);
  if (!parse.run()) return parse.error();
  return parse.resolve(zone, now, shown);
}

}  // namespace gleaner::text
