#include "text/severity.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace gleaner::text {
namespace {

constexpr std::array<std::string_view, 25> kNames = {
    "",       "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO",   "INFO2",  "INFO3",  "INFO4",  "WARN",   "WARN2",  "WARN3",  "WARN4",  "ERROR",
    "ERROR2", "ERROR3", "ERROR4", "FATAL",  "FATAL2", "FATAL3", "FATAL4"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

}  // namespace

std::string_view severity_name(int number) {
  return number < 1 || number > 24 ? "" : kNames[static_cast<std::size_t>(number)];
}

SeverityMap::SeverityMap(std::string_view preset) {
  if (preset == "none") return;
  for (int i = 1; i <= 24; ++i) {
    add(i, severity_name(i));
    add(i, std::to_string(i));
  }
  if (preset == "otel" || preset == "aliases") return;
  for (int i = 0; i < 4; ++i) {
    const std::string suffix = i ? std::to_string(i + 1) : "";
    add(13 + i, "warning" + suffix);
    add(17 + i, "err" + suffix);
  }
}

int SeverityMap::key(std::string_view name) {
  static const SeverityMap names("aliases");
  return names.find(name);
}

void SeverityMap::add(int number, std::string_view text) {
  if (text == "2xx" || text == "3xx" || text == "4xx" || text == "5xx") {
    for (int i = (text[0] - '0') * 100, end = i + 100; i < end; ++i) numbers_[std::to_string(i)] = number;
    return;
  }
  numbers_[lower(text)] = number;
}

Result<> SeverityMap::add_range(int number, std::int64_t from, std::int64_t to) {
  if (from > to) std::swap(from, to);
  if (static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) > 100000)
    return fail(Fault::config, "a range of severities from " + std::to_string(from) + " to " +
                                   std::to_string(to) + " is too large");
  for (std::int64_t i = from; i <= to; ++i) numbers_[std::to_string(i)] = number;
  return {};
}

int SeverityMap::find(std::string_view text) const {
  std::array<char, 64> small;
  const auto look = [&](std::string_view key) {
    const auto there = numbers_.find(key);
    return there == numbers_.end() ? 0 : there->second;
  };
  if (text.size() > small.size()) return look(lower(text));
  std::transform(text.begin(), text.end(), small.begin(), [](char c) { return lower(c); });
  return look({small.data(), text.size()});
}

}  // namespace gleaner::text
