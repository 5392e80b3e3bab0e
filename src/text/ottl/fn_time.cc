// Times and durations.
#include <algorithm>
#include <cmath>

#include "base/duration.h"
#include "base/loop.h"
#include "text/ottl/clock.h"
#include "text/ottl/function.h"
#include "text/time_layout.h"

namespace gleaner::text::ottl {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

bool now(const Call&, Env&, Any& out) {
  out = Any::time(static_cast<std::int64_t>(unix_nanos()));
  return true;
}

struct TimeState : CallState {
  TimeState(TimeLayout made, Zone where) : layout(std::move(made)), zone(where) {}
  TimeLayout layout;
  Zone zone;
};
Result<> prepare_time(Call& call) {
  if (call.args[1].text.empty()) return fail(Fault::config, "format cannot be nil");
  auto layout = TimeLayout::strptime(call.args[1].text);
  if (!layout) return fail(std::move(layout.error()));
  Zone zone = layout->default_zone();
  if (call.given(2)) {
    auto named = Zone::load(call.args[2].text);
    if (!named)
      return fail(Fault::config, "failed to load location " + call.args[2].text + ": " + named.error().what);
    zone = *named;
  }
  if (call.given(3) && !call.args[3].text.starts_with("en"))
    return fail(Fault::config,
                "locale " + call.args[3].text + " is not known: month and day names are English");
  call.state = std::make_unique<TimeState>(std::move(*layout), zone);
  return {};
}
bool time(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  if (text.empty()) return env.fail("time cannot be nil");
  const auto& state = call.state_as<TimeState>();
  int offset = 0;
  auto nanos = state.layout.parse(text, state.zone, &unix_nanos, &offset);
  if (!nanos) return env.fail(nanos.error().what);
  out = Any::time(*nanos, offset);
  return true;
}

Result<> prepare_format(Call& call) {
  if (call.args[1].text.empty()) return fail(Fault::config, "format cannot be nil");
  return check_time_format(call.args[1].text);
}
bool format_time(const Call& call, Env& env, Any& out) {
  Any when;
  if (!call.time(env, 0, when)) return false;
  std::string text;
  append_time(text, call.args[1].text, when.number(), when.zone_offset());
  out = Any::string(env.keep(text));
  return true;
}

bool duration(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  const auto made = parse_duration(text);
  if (!made) return env.fail(made.error().what);
  out = Any::duration(made->count());
  return true;
}

/// The distance of a time from Go's zero time, year 1, is what is cut to a multiple of the duration.
bool truncate_time(const Call& call, Env& env, Any& out) {
  Any when;
  std::int64_t step = 0;
  if (!call.time(env, 0, when) || !call.duration(env, 1, step)) return false;
  out = when;
  if (step <= 0) return true;
  const __int128 since = static_cast<__int128>(when.number()) + static_cast<__int128>(62135596800) * kSecond;
  const auto rest = static_cast<std::int64_t>(since % step);
  out = Any::time(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(when.number()) - static_cast<std::uint64_t>(rest)),
      when.zone_offset());
  return true;
}

bool from_unix(const Call& call, Env& env, Any& out) {
  std::int64_t seconds = 0, nanos = 0;
  if (!call.integer(env, 0, seconds) || (call.given(1) && !call.integer(env, 1, nanos))) return false;
  const auto total = static_cast<std::uint64_t>(seconds) * static_cast<std::uint64_t>(kSecond) +
                     static_cast<std::uint64_t>(nanos);
  const auto at = static_cast<std::int64_t>(total);
  out = Any::time(at, Zone::local().offset_at(seconds));
  return true;
}

std::int64_t floor_by(std::int64_t value, std::int64_t step) {
  return value / step - (value % step < 0 ? 1 : 0);
}
/// Whole units since 1970.
template <std::int64_t kUnit>
bool since_epoch(const Call& call, Env& env, Any& out) {
  Any when;
  if (!call.time(env, 0, when)) return false;
  out = Any::integer(floor_by(when.number(), kUnit));
  return true;
}

template <auto kField>
bool part(const Call& call, Env& env, Any& out) {
  Any when;
  if (!call.time(env, 0, when)) return false;
  out = Any::integer(clock_of(when.number(), when.zone_offset()).*kField);
  return true;
}

/// As a number with a fraction. The whole part is divided as an integer first, as Go does: it loses no bits.
template <std::int64_t kUnit>
bool units(const Call& call, Env& env, Any& out) {
  std::int64_t nanos = 0;
  if (!call.duration(env, 0, nanos)) return false;
  const std::int64_t whole = nanos / kUnit, rest = nanos % kUnit;
  out = Any::real(static_cast<double>(whole) + static_cast<double>(rest) / static_cast<double>(kUnit));
  return true;
}
template <std::int64_t kUnit>
bool whole_units(const Call& call, Env& env, Any& out) {
  std::int64_t nanos = 0;
  if (!call.duration(env, 0, nanos)) return false;
  out = Any::integer(nanos / kUnit);
  return true;
}

constexpr ParamRow kTime{"Time", Param::time};
constexpr ParamRow kDuration{"Duration", Param::duration};

}  // namespace

std::span<const Function> time_functions() {
  static constexpr Function kRows[] = {
      {"Now", {}, now},
      {"Time",
       {{{"Time", Param::string},
         {"Format", Param::text},
         {"Location", Param::text, true},
         {"Locale", Param::text, true}}},
       time,
       prepare_time},
      {"FormatTime", {{kTime, {"Format", Param::text}}}, format_time, prepare_format},
      {"Duration", {{{"Duration", Param::string}}}, duration},
      {"TruncateTime", {{kTime, kDuration}}, truncate_time},
      {"Unix", {{{"Seconds", Param::integer}, {"Nanoseconds", Param::integer, true}}}, from_unix},
      {"UnixSeconds", {{kTime}}, since_epoch<kSecond>},
      {"UnixMilli", {{kTime}}, since_epoch<1'000'000>},
      {"UnixMicro", {{kTime}}, since_epoch<1'000>},
      {"UnixNano", {{kTime}}, since_epoch<1>},
      {"Year", {{kTime}}, part<&Clock::year>},
      {"Month", {{kTime}}, part<&Clock::month>},
      {"Day", {{kTime}}, part<&Clock::day>},
      {"Weekday", {{kTime}}, part<&Clock::weekday>},
      {"Hour", {{kTime}}, part<&Clock::hour>},
      {"Minute", {{kTime}}, part<&Clock::minute>},
      {"Second", {{kTime}}, part<&Clock::second>},
      {"Nanosecond", {{kTime}}, part<&Clock::nanos>},
      {"Hours", {{kDuration}}, units<3600 * kSecond>},
      {"Minutes", {{kDuration}}, units<60 * kSecond>},
      {"Seconds", {{kDuration}}, units<kSecond>},
      {"Milliseconds", {{kDuration}}, whole_units<1'000'000>},
      {"Microseconds", {{kDuration}}, whole_units<1'000>},
      {"Nanoseconds", {{kDuration}}, whole_units<1>},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
