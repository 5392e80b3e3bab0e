#include "stanza/on_error.h"

#include <cstdio>

#include "text/zone.h"

namespace gleaner::stanza {
namespace {

/// zap's ISO 8601 with milliseconds, UTC; Go's zero time for none.
std::string timestamp(std::uint64_t nanos) {
  if (nanos == 0) return "0001-01-01T00:00:00.000Z";
  const auto seconds = static_cast<std::int64_t>(nanos / 1'000'000'000);
  const auto date = text::civil_from_days(seconds / 86400);
  char buffer[48];
  const int size =
      std::snprintf(buffer, sizeof buffer, "%04lld-%02u-%02uT%02lld:%02lld:%02lld.%03lldZ",
                    static_cast<long long>(date.year), date.month, date.day,
                    static_cast<long long>(seconds / 3600 % 24), static_cast<long long>(seconds / 60 % 60),
                    static_cast<long long>(seconds % 60), static_cast<long long>(nanos / 1'000'000 % 1000));
  return {buffer, static_cast<std::size_t>(size)};
}

}  // namespace

Result<OnError> parse_on_error(std::string_view text) {
  if (text == "send") return OnError::send;
  if (text == "send_quiet") return OnError::send_quiet;
  if (text == "drop") return OnError::drop;
  if (text == "drop_quiet") return OnError::drop_quiet;
  return fail(Fault::config, "operator config has an invalid `on_error` field: \"" + std::string(text) +
                                 "\" is not one of send, send_quiet, drop, drop_quiet");
}

void log_entry(const log::Logger& logger, log::Level level, std::string_view message, const Entry& entry,
               const std::string& what, std::string_view action) {
  if (!logger.enabled(level)) return;
  log::Logger with = logger.with({{"error", what}});
  if (!action.empty()) with = with.with({{"action", action}});
  with = with.with({{"entry.timestamp", timestamp(entry.timestamp)}});
  for (const auto& [key, value] : entry.attributes) {
    std::string json;
    if (value.is_string())
      log::append_json_string(json, value.text());
    else
      pdata::append_json(json, value);
    with = with.with({log::Field::raw(key, std::move(json))});
  }
  if (level == log::Level::debug)
    with.debug(message);
  else if (level == log::Level::warn)
    with.warn(message);
  else
    with.error(message);
}

bool handle_error(OnError mode, const log::Logger& logger, const Entry& entry, const std::string& what,
                  Flow& flow, const std::string& reported) {
  static constexpr std::string_view kNames[] = {"send", "send_quiet", "drop", "drop_quiet"};
  log_entry(logger, quiet(mode) ? log::Level::debug : log::Level::error, "Failed to process entry", entry,
            what, kNames[static_cast<std::size_t>(mode)]);
  ++flow.tally.failed;
  if (!quiet(mode)) flow.report(reported.empty() ? what : reported);
  const bool keep = mode == OnError::send || mode == OnError::send_quiet;
  if (!keep) ++flow.tally.dropped;
  return keep;
}

}  // namespace gleaner::stanza
