#pragma once
// Time stamps in text: strptime and Go layouts, compiled once, parsed without allocating.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "text/zone.h"

namespace gleaner::text {

/// A compiled layout. Immutable; parsing is const and safe from any thread.
///
/// Acceptance is that of the collector 0.159: strptime directives take one or two digits and skip blanks in
/// front of numbers, a fraction may follow the seconds of any layout, %z takes Z, +hhmm, +hh:mm and +hh. A
/// missing year is the current one, or the last one when that lies more than 7 days ahead. A zone
/// abbreviation counts as one of `zone`; failing that, as the name of a zone (EST works, JST does not).
/// Source: spec/filelog.md 13.1, Go's time.Parse.
class TimeLayout {
 public:
  using Now = std::uint64_t (*)();

  /// @param narrow  as the collector 0.102: numbers of two digits have both, %z takes Z and +hhmm only
  /// @return Fault::config for digits, unknown directives, and a fraction not preceded by '.' or ','
  static Result<TimeLayout> strptime(std::string_view layout, bool narrow = false);
  /// @return Fault::config for a fraction of nines not preceded by '.' or ','
  static Result<TimeLayout> gotime(std::string_view layout);

  /// @param zone for texts that name none
  /// @return nanoseconds since 1970 (beyond 1678..2262 the number wraps, as it does in the collector);
  ///         Fault::permanent in Go's words, quoting the text
  /// @param offset  if not null, gets the seconds east of UTC of the zone the text is in
  Result<std::int64_t> parse(std::string_view text, const Zone& zone, Now now = &unix_nanos,
                             int* offset = nullptr) const;

  /// The zone when no location is configured: UTC for layouts that end in 'Z', else the process's own.
  Zone default_zone() const;
  const std::string& layout() const { return layout_; }

 private:
  friend class TimeParse;
  enum class Op : std::uint8_t {
    literal,
    year2,
    year4,
    year_either,
    month_short,
    month_long,
    month,
    day,
    under_day,
    year_day,
    under_year_day,
    weekday_short,
    weekday_long,
    hour,
    hour12,
    minute,
    second,
    upper_pm,
    lower_pm,
    zone_name,
    zone_any,
    zone_hhmm,
    zone_hh_mm,
    zone_hh,
    zone_hhmmss,
    zone_hh_mm_ss,
    fraction_exact,
    fraction_any,
  };
  struct Step {
    Op op = Op::literal;
    bool fixed = false;        ///< both digits are required
    bool skip_blanks = false;  ///< white space in front is no error
    bool or_z = false;         ///< a zone may be 'Z'
    std::uint8_t digits = 0;   ///< fraction_exact: with the separator
    std::string text;          ///< the literal, or the element as the layout spells it
  };
  struct Directive {
    std::string name;
    std::vector<std::string> elements;
  };
  void tokenize(std::string_view native);
  void find_shape();
  bool parse_iso(std::string_view text, const Zone& zone, std::int64_t& nanos, int& offset) const;

  std::string layout_;
  std::vector<Step> steps_;
  std::vector<Directive> directives_;  ///< of a strptime layout, for error words
  /// Layouts of the shape YYYY-MM-DDThh:mm:ss have a short cut.
  enum class Tail : std::uint8_t { none, literal_z, zone };
  char iso_separator_ = 0;  ///< 0 = another shape
  Tail iso_tail_ = Tail::none;
};

/// Numbers of seconds (or parts of them) since 1970.
class EpochLayout {
 public:
  /// @param layout s, ms, us, ns, s.ms, s.us or s.ns
  static Result<EpochLayout> compile(std::string_view layout);
  /// Text must be a decimal integer; with s.ms and its kin it must have exactly one dot, and what is behind
  /// it counts in the smaller unit whatever its length: "1.5" is 1 s + 5 ms.
  /// @return nanoseconds since 1970, Fault::permanent "invalid value 'x' for layout 's'"
  Result<std::int64_t> parse(std::string_view text) const;
  std::int64_t parse(std::int64_t number) const;
  /// Truncated to an integer, or rounded to 3, 6, 9 decimals.
  Result<std::int64_t> parse(double number) const;
  const std::string& layout() const { return layout_; }

 private:
  std::string layout_;
  std::int64_t unit_ = 1;      ///< nanoseconds of the whole number
  std::int64_t sub_unit_ = 0;  ///< nanoseconds of the number behind the dot; 0 = none
  int decimals_ = 0;
};

}  // namespace gleaner::text
