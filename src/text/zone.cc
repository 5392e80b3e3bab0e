#include "text/zone.h"

#include <absl/time/time.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

namespace gleaner::text {

struct Zone::Data {
  struct Abbreviation {
    std::string name;
    int offset;
  };
  absl::TimeZone zone;
  std::string name;
  mutable std::once_flag listed;
  mutable std::vector<Abbreviation> abbreviations;  ///< of all times, the oldest first

  void list() const {
    const auto add = [&](absl::Time at) {
      const auto info = zone.At(at);
      for (const auto& there : abbreviations)
        if (there.name == info.zone_abbr && there.offset == info.offset) return;
      abbreviations.push_back({info.zone_abbr, info.offset});
    };
    absl::Time at = absl::FromUnixSeconds(-(std::int64_t{1} << 40));
    add(at);
    absl::TimeZone::CivilTransition change;
    for (int i = 0; i < 2000 && zone.NextTransition(at, &change); ++i) {
      const auto info = zone.At(change.to);
      at = info.kind == absl::TimeZone::TimeInfo::UNIQUE ? info.pre : info.trans;
      if (absl::ToUnixSeconds(at) > std::int64_t{1} << 32) break;
      add(at);
    }
  }
};

namespace {

constexpr std::size_t kMaxUnknown = 256;  ///< names remembered as unknown; log lines can hold any

/// All zones ever loaded; they are few and live as long as the process.
struct Loaded {
  std::mutex lock;
  std::map<std::string, Result<Zone>, std::less<>> zones;
  std::size_t unknown = 0;
};
Loaded& loaded() {
  static auto* all = new Loaded;
  return *all;
}

bool plausible(std::string_view name) {
  return !name.starts_with('/') && !name.starts_with('\\') && name.find("..") == std::string_view::npos &&
         name.find(':') == std::string_view::npos && !name.starts_with("Fixed/") && name != "localtime";
}

}  // namespace

Civil civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto doe = static_cast<unsigned>(days - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

Zone Zone::local() {
  static const Zone zone = [] {
    if (const char* tz = std::getenv("TZ")) {
      const std::string_view name(*tz == ':' ? tz + 1 : tz);
      if (name.empty() || name == "UTC") return Zone();
    }
    auto* data = new Data;
    data->zone = absl::LocalTimeZone();
    return data->zone == absl::UTCTimeZone() ? Zone() : Zone(data);
  }();
  return zone;
}

Zone Zone::fixed(int offset_seconds) {
  Zone zone;
  zone.offset_ = offset_seconds;
  return zone;
}

Result<Zone> Zone::load(std::string_view name) {
  if (name.empty() || name == "UTC") return Zone();
  if (name == "Local") return local();
  auto& all = loaded();
  const std::lock_guard guard(all.lock);
  if (const auto there = all.zones.find(name); there != all.zones.end()) return there->second;
  auto* data = new Data{.zone = {}, .name = std::string(name), .listed = {}, .abbreviations = {}};
  if (plausible(name) && absl::LoadTimeZone(data->name, &data->zone))
    return all.zones.emplace(name, Result<Zone>(Zone(data))).first->second;
  delete data;
  Result<Zone> unknown = fail(Fault::config, "unknown time zone " + std::string(name));
  if (all.unknown++ < kMaxUnknown) all.zones.emplace(name, unknown);
  return unknown;
}

int Zone::offset_at(std::int64_t unix_seconds) const {
  return data_ ? data_->zone.At(absl::FromUnixSeconds(unix_seconds)).offset : offset_;
}

std::int64_t Zone::to_unix(std::int64_t wall) const {
  if (!data_) return wall - offset_;
  return wall - offset_at(wall - offset_at(wall));
}

std::optional<int> Zone::offset_of(std::string_view name, std::int64_t wall) const {
  if (!data_) return std::nullopt;
  std::call_once(data_->listed, [&] { data_->list(); });
  std::optional<int> any;
  for (const auto& [abbreviation, offset] : data_->abbreviations) {
    if (abbreviation != name) continue;
    if (name == data_->zone.At(absl::FromUnixSeconds(wall - offset)).zone_abbr) return offset;
    if (!any) any = offset;
  }
  return any;
}

}  // namespace gleaner::text
