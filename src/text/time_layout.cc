// Compiling layouts. Parsing is in time_parse.cc.
#include "text/time_layout.h"

#include <algorithm>
#include <array>

namespace gleaner::text {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

struct Substitute {
  char directive;
  const char* native;    ///< in Go's spelling
  const char* elements;  ///< what the collector's parser looks for, separated by '|'
};
/// The elements are the collector's ctimeParseSubstitutes: numbers without leading zeros.
constexpr std::array<Substitute, 39> kStrptime = {{
    {'Y', "2006", "2006"},
    {'y', "06", "06"},
    {'m', "1", "1"},
    {'o', "1", "1"},
    {'q', "1", "1"},
    {'b', "Jan", "Jan"},
    {'h', "Jan", "Jan"},
    {'B', "January", "January"},
    {'d', "2", "2"},
    {'e', "2", "2"},
    {'g', "2", "2"},
    {'a', "Mon", "Mon"},
    {'A', "Monday", "Monday"},
    {'H', "15", "15"},
    {'l', "3", "3"},
    {'I', "3", "3"},
    {'p', "PM", "PM"},
    {'P', "pm", "pm"},
    {'M', "4", "4"},
    {'S', "5", "5"},
    {'L', "999", "999"},
    {'f', "999999", "999999"},
    {'s', "999999999", "999999999"},
    {'Z', "MST", "MST"},
    {'z', "Z0700", "Z0700|Z07:00|Z07"},
    {'w', "-070000", "-070000"},
    {'i', "-07", "-07"},
    {'j', "-07:00", "-07:00"},
    {'k', "-07:00:00", "-07:00:00"},
    {'D', "1/2/2006", "1|/|2|2006|06"},
    {'x', "1/2/2006", "1|/|2|2006|06"},
    {'F', "2006-1-2", "2006|-|1|2"},
    {'T', "15:4:5", "15|:|4|5"},
    {'X', "15:4:5", "15|:|4|5"},
    {'r', "3:4:5 pm", "3|:|4|5| |pm"},
    {'R', "15:4", "15|:|4"},
    {'n', "\n", "\n"},
    {'t', "\t", "\t"},
    {'c', "Mon Jan 2 15:4:5 2006", "Mon| |Jan|2|15|:|4|5|2006"},
}};

/// What 0.102 had for them.
constexpr std::pair<char, const char*> kNarrow[] = {
    {'m', "01"},         {'d', "02"},          {'e', "_2"},
    {'I', "03"},         {'M', "04"},          {'S', "05"},
    {'z', "Z0700"},      {'D', "01/02/2006"},  {'x', "01/02/2006"},
    {'F', "2006-01-02"}, {'T', "15:04:05"},    {'X', "15:04:05"},
    {'R', "15:04"},      {'r', "03:04:05 pm"}, {'c', "Mon Jan 02 15:04:05 2006"},
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t from = 0, bar; from <= text.size(); from = bar + 1) {
    bar = std::min(text.find('|', from), text.size());
    parts.emplace_back(text.substr(from, bar - from));
  }
  return parts;
}

}  // namespace

Result<TimeLayout> TimeLayout::strptime(std::string_view layout, bool narrow) {
  const auto refuse = [](std::string why) {
    return fail(Fault::config, "invalid strptime layout: " + std::move(why));
  };
  if (std::any_of(layout.begin(), layout.end(), digit))
    return refuse("format string should not contain decimals");
  TimeLayout out;
  out.layout_ = layout;
  std::string native, unknown;
  std::vector<bool> lenient;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (layout[i] != '%' || i + 1 == layout.size() || layout[i + 1] == '\n') {
      native += layout[i];
      lenient.push_back(false);
      continue;
    }
    const char directive = layout[++i];
    const std::string name{'%', directive};
    if (std::string_view("Lfs").find(directive) != std::string_view::npos && i >= 2 && layout[i - 2] != '.' &&
        layout[i - 2] != ',')
      return refuse("invalid fractional seconds directive: '" + std::string(layout.substr(i - 2, 3)) +
                    "'. must be preceded with '.' or ','");
    std::string_view text = "%", elements = "%";
    if (directive != '%') {
      const auto* there =
          std::find_if(kStrptime.begin(), kStrptime.end(), [&](auto& s) { return s.directive == directive; });
      if (there == kStrptime.end()) {
        unknown +=
            (unknown.empty() ? "" : " ") + std::string("unsupported ctimefmt.toNative() directive: ") + name;
        continue;
      }
      text = there->native;
      elements = there->elements;
      if (narrow)
        for (const auto& [of, native_then] : kNarrow)
          if (of == directive) text = elements = native_then;
    }
    native += text;
    lenient.resize(native.size(), true);
    out.directives_.push_back({name, split(elements)});
  }
  if (!unknown.empty()) return refuse("invalid strptime format: [" + unknown + "]");
  out.tokenize(native);
  // What one directive takes in several forms.
  std::size_t at = 0;
  for (auto& step : out.steps_) {
    const bool ours = at < lenient.size() && lenient[at];
    at += step.text.size();
    if (!ours || narrow) continue;
    if (step.text == "Z0700") step.op = Op::zone_any;
    step.skip_blanks = step.op != Op::literal && (digit(step.text[0]) || step.text[0] == 'Z');
  }
  // %D and %x take a year of two or of four digits.
  if (!narrow && (layout.find("%D") != std::string_view::npos || layout.find("%x") != std::string_view::npos))
    for (std::size_t i = 4; i < out.steps_.size(); ++i)
      if (out.steps_[i].op == Op::year4 && out.steps_[i - 1].text == "/" && out.steps_[i - 3].text == "/")
        out.steps_[i].op = Op::year_either;
  out.find_shape();
  return out;
}

Result<TimeLayout> TimeLayout::gotime(std::string_view layout) {
  for (std::size_t i = 1; i < layout.size(); ++i) {
    const char before = layout[i - 1];
    if (layout[i] == '9' && before != '9' && before != '.' && before != ',') {
      auto end = std::min(layout.find_first_not_of('9', i), layout.size());
      return fail(Fault::config, "invalid gotime layout: invalid fractional seconds directive: '" +
                                     std::string(layout.substr(i - 1, end - i + 1)) +
                                     "'. must be preceded with '.' or ','");
    }
  }
  TimeLayout out;
  out.layout_ = layout;
  out.tokenize(layout);
  out.find_shape();
  return out;
}

void TimeLayout::tokenize(std::string_view native) {
  std::string literal;
  const auto flush = [&] {
    if (literal.empty()) return;
    Step step;
    step.text = std::exchange(literal, {});
    steps_.push_back(std::move(step));
  };
  struct Token {
    std::string_view text;
    Op op;
    bool fixed = false, or_z = false;
  };
  // In the order in which Go tries them; the longer spelling of a letter first.
  static constexpr Token kTokens[] = {
      {"January", Op::month_long},
      {"Jan", Op::month_short},
      {"Monday", Op::weekday_long},
      {"Mon", Op::weekday_short},
      {"MST", Op::zone_name},
      {"01", Op::month, true},
      {"02", Op::day, true},
      {"03", Op::hour12, true},
      {"04", Op::minute, true},
      {"05", Op::second, true},
      {"06", Op::year2},
      {"002", Op::year_day, true},
      {"15", Op::hour},
      {"1", Op::month},
      {"2006", Op::year4},
      {"2", Op::day},
      {"_2", Op::under_day},
      {"__2", Op::under_year_day},
      {"3", Op::hour12},
      {"4", Op::minute},
      {"5", Op::second},
      {"PM", Op::upper_pm},
      {"pm", Op::lower_pm},
      {"-070000", Op::zone_hhmmss},
      {"-07:00:00", Op::zone_hh_mm_ss},
      {"-0700", Op::zone_hhmm},
      {"-07:00", Op::zone_hh_mm},
      {"-07", Op::zone_hh},
      {"Z070000", Op::zone_hhmmss, false, true},
      {"Z07:00:00", Op::zone_hh_mm_ss, false, true},
      {"Z0700", Op::zone_hhmm, false, true},
      {"Z07:00", Op::zone_hh_mm, false, true},
      {"Z07", Op::zone_hh, false, true},
  };
  for (std::size_t i = 0; i < native.size();) {
    const auto rest = native.substr(i);
    if ((rest[0] == '.' || rest[0] == ',') && rest.size() > 1 && (rest[1] == '0' || rest[1] == '9')) {
      const auto end = std::min(rest.find_first_not_of(rest[1], 1), rest.size());
      if (end == rest.size() || !digit(rest[end])) {
        flush();
        Step step;
        step.op = rest[1] == '0' ? Op::fraction_exact : Op::fraction_any;
        step.digits = static_cast<std::uint8_t>(std::min<std::size_t>(end, 255));
        step.text = rest.substr(0, end);
        steps_.push_back(std::move(step));
        i += end;
        continue;
      }
    }
    const Token* found = nullptr;
    for (const auto& token : kTokens) {
      if (!rest.starts_with(token.text)) continue;
      const bool lower_next = rest.size() > 3 && rest[3] >= 'a' && rest[3] <= 'z';
      if ((token.op == Op::month_short || token.op == Op::weekday_short) && lower_next) continue;
      if (token.op == Op::under_day && rest.substr(1).starts_with("2006")) continue;  // a '_' and a year
      found = &token;
      break;
    }
    if (!found) {
      literal += rest[0];
      ++i;
      continue;
    }
    flush();
    Step step;
    step.op = found->op;
    step.fixed = found->fixed;
    step.or_z = found->or_z;
    step.text = found->text;
    steps_.push_back(std::move(step));
    i += found->text.size();
  }
  flush();
}

void TimeLayout::find_shape() {
  const auto is = [&](std::size_t i, Op op) { return i < steps_.size() && steps_[i].op == op; };
  const auto literal = [&](std::size_t i, std::string_view text) {
    return is(i, Op::literal) && steps_[i].text == text;
  };
  const bool shape = is(0, Op::year4) && literal(1, "-") && is(2, Op::month) && literal(3, "-") &&
                     is(4, Op::day) && (literal(5, "T") || literal(5, " ")) && is(6, Op::hour) &&
                     literal(7, ":") && is(8, Op::minute) && literal(9, ":") && is(10, Op::second);
  if (!shape) return;
  std::size_t i = 11;
  if (is(i, Op::fraction_any)) ++i;  // one may follow the seconds in any case
  if (i == steps_.size()) {
    iso_tail_ = Tail::none;
  } else if (i + 1 == steps_.size() && literal(i, "Z")) {
    iso_tail_ = Tail::literal_z;
  } else if (i + 1 == steps_.size() && (is(i, Op::zone_any) || (steps_[i].or_z && is(i, Op::zone_hh_mm)))) {
    iso_tail_ = Tail::zone;
  } else {
    return;
  }
  iso_separator_ = steps_[5].text[0];
}

Zone TimeLayout::default_zone() const { return layout_.ends_with('Z') ? Zone::utc() : Zone::local(); }

}  // namespace gleaner::text
