#include "extensions/health_check/probe.h"

#include <fmt/format.h>

#include <ctime>
#include <map>

#include "base/duration.h"

namespace gleaner::extensions::health_check {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;  // in nanoseconds

constexpr std::pair<std::string_view, Probe> kProbes[] = {
    {"verbose", Probe::verbose}, {"live", Probe::live}, {"startup", Probe::startup}, {"ready", Probe::ready}};

std::string_view name(Probe probe) {
  for (const auto& [word, one] : kProbes)
    if (one == probe) return word;
  return {};
}

}  // namespace

Probe probe_of(std::string_view query) {
  const std::string_view asked = query.substr(0, query.find_first_of("=&"));
  for (const auto& [word, probe] : kProbes)
    if (asked == word) return probe;
  return Probe::none;
}

std::string rfc3339(std::uint64_t nanos) {
  const auto seconds = static_cast<std::time_t>(nanos / kSecond);
  std::tm t{};
  ::gmtime_r(&seconds, &t);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1,
                                t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
  if (const auto rest = nanos % kSecond) out += fmt::format(".{:09}", rest);
  return out + "Z";
}

Finding find(Probe probe, const Life& life, const std::vector<Trouble>& troubles, std::uint64_t now) {
  bool refusing = false;
  std::string text;
  std::map<std::string, std::map<std::string, const Trouble*>>
      all;  // of the same on several lanes the longest
  for (const auto& one : troubles) {
    auto& parts = all[one.pipeline];
    if (one.part.empty()) continue;
    refusing |= one.refusing;
    const Trouble*& longest = parts[one.part + (one.refusing ? " refusing" : " failing")];
    if (!longest || longest->since < one.since) longest = &one;
  }
  for (const auto& [pipeline, parts] : all) {
    if (parts.empty()) text += fmt::format("[+] pipeline {}\n", pipeline);
    for (const auto& [what, trouble] : parts) {
      const std::uint64_t since = now - static_cast<std::uint64_t>(trouble->since.count());
      text += fmt::format(
          "[-] pipeline {}: {} since {} ({}): {}\n", pipeline, what, rfc3339(since - since % kSecond),
          format_duration(std::chrono::floor<std::chrono::seconds>(trouble->since)), trouble->why);
    }
  }
  const std::string_view stage = life.up ? "the pipelines run" : life.started ? "stopping" : "starting";
  bool well = life.up;
  if (probe == Probe::live) well = true;
  if (probe == Probe::startup) well = life.started;
  if (probe == Probe::ready) well = life.up && !refusing;
  text += fmt::format("{}: {}, {}\n", name(probe), well ? "yes" : "no",
                      probe == Probe::ready && life.up && refusing ? "data is refused" : stage);
  return {well, std::move(text)};
}

}  // namespace gleaner::extensions::health_check
