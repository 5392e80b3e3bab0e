#include "main/top.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

#include "base/duration.h"
#include "service/fetch.h"

namespace gleaner::main_program {
namespace {

constexpr std::string_view kHelp =
    R"(gleaner top shows what flows through a running gleaner, from its metrics endpoint.

Usage:
  gleaner top [--endpoint HOST:PORT] [--interval 2s] [--once]

IN, OUT and REFUSED are items a second. HELD are on their way; OUT counts what was delivered or is on disk. A ledger is
exact when everything that came in was delivered, is on disk, held, or dropped and counted.
)";
constexpr const char* kSignals[] = {"log_records", "spans", "metric_points", "profile_samples"};

int complain(const std::string& what) {
  std::fprintf(stderr, "Error: %s\n", what.c_str());
  return 1;
}

/// {a="x",b="y"} behind the name; escapes undone.
std::map<std::string, std::string> parse_labels(std::string_view text) {
  std::map<std::string, std::string> labels;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto equals = text.find("=\"", at);
    if (equals == std::string_view::npos) break;
    const std::string key(text.substr(at, equals - at));
    std::string value;
    for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      value += text[at];
    }
    labels[key] = std::move(value);
    at += 2;  // quote and comma
  }
  return labels;
}

/// Every value that a label of these metrics has, in their order.
std::vector<std::string> values_of(const Scrape& scrape, std::string_view name, const std::string& label) {
  std::vector<std::string> values;
  std::set<std::string> seen;
  for (const auto& series : scrape.series)
    if (series.name.starts_with(name))
      if (const auto there = series.labels.find(label);
          there != series.labels.end() && seen.insert(there->second).second)
        values.push_back(there->second);
  return values;
}

std::string amount(double value) {
  return value >= 1e7                 ? fmt::format("{:.1f}M", value / 1e6)
         : value >= 1e5               ? fmt::format("{:.1f}k", value / 1e3)
         : value >= 100 || value == 0 ? fmt::format("{:.0f}", value)
                                      : fmt::format("{:.1f}", value);
}
std::string count(double value) { return fmt::format("{:.0f}", value); }
std::string mib(double bytes) { return fmt::format("{:.1f} MiB", bytes / (1 << 20)); }
std::string span(double seconds) {
  const auto whole = static_cast<long>(seconds);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{}s", whole / 60, whole % 60);
  return fmt::format("{}h{}m", whole / 3600, whole / 60 % 60);
}

}  // namespace

Scrape Scrape::parse(std::string_view text) {
  Scrape scrape;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line[0] == '#') continue;
    const auto brace = line.find('{');
    const auto close = line.rfind('}');
    const auto blank = line.find(' ', close == std::string_view::npos ? 0 : close);
    if (blank == std::string_view::npos ||
        (brace == std::string_view::npos) != (close == std::string_view::npos))
      continue;
    Series series;
    series.name = line.substr(0, std::min(brace, blank));
    if (brace != std::string_view::npos)
      series.labels = parse_labels(line.substr(brace + 1, close - brace - 1));
    const auto number = line.substr(blank + 1);
    if (std::from_chars(number.data(), number.data() + number.size(), series.value).ec != std::errc())
      continue;
    if (series.name.ends_with("_total")) series.name.resize(series.name.size() - 6);
    scrape.series.push_back(std::move(series));
  }
  return scrape;
}

double Scrape::sum(std::string_view name, const std::string& label, const std::string& value) const {
  double total = 0;
  for (const auto& one : series) {
    if (one.name != name) continue;
    const auto there = one.labels.find(label);
    if (label.empty() || (there != one.labels.end() && there->second == value)) total += one.value;
  }
  return total;
}

std::string top_table(const Scrape& before, const Scrape& now, double seconds) {
  const auto rate = [&](std::string_view name, const std::string& label, const std::string& value) {
    return std::max(0.0, now.sum(name, label, value) - before.sum(name, label, value)) / seconds;
  };
  const auto all_signals = [&](std::string_view start, const std::string& label, const std::string& value) {
    double sum = 0;
    for (const char* signal : kSignals) sum += rate(fmt::format("{}_{}", start, signal), label, value);
    return amount(sum);
  };
  std::string out = fmt::format(
      "up {}  cpu {:.2f} %  memory {}  data held {} of {}\n", span(now.sum("otelcol_process_uptime")),
      100 * rate("otelcol_process_cpu_seconds", "", ""), mib(now.sum("otelcol_process_memory_rss")),
      mib(now.sum("gleaner_memory_budget_used_bytes")), mib(now.sum("gleaner_memory_budget_limit_bytes")));

  out += fmt::format("\n{:<24}{:>10}{:>10}{:>10}{:>10}{:>10}  {}\n", "PIPELINE", "IN/S", "OUT/S", "REFUSED/S",
                     "HELD", "DROPPED", "LEDGER");
  for (const auto& id : values_of(now, "gleaner_ledger_in", "pipeline")) {
    const auto at = [&](std::string_view what) {
      return now.sum(fmt::format("gleaner_ledger_{}", what), "pipeline", id);
    };
    const double off =
        at("in") + at("copies") - at("delivered") - at("persisted") - at("dropped") - at("held");
    out += fmt::format("{:<24}{:>10}{:>10}{:>10}{:>10}{:>10}  {}\n", id,
                       amount(rate("gleaner_ledger_in", "pipeline", id)),
                       amount(rate("gleaner_ledger_delivered", "pipeline", id) +
                              rate("gleaner_ledger_persisted", "pipeline", id)),
                       amount(rate("gleaner_ledger_refused", "pipeline", id)), count(at("held")),
                       count(at("dropped")), off == 0 ? "exact" : fmt::format("off by {:.0f}", off));
  }
  out += fmt::format("\n{:<24}{:>10}{:>10}\n", "RECEIVER", "TAKEN/S", "REFUSED/S");
  for (const auto& id : values_of(now, "otelcol_receiver_accepted_", "receiver"))
    out += fmt::format("{:<24}{:>10}{:>10}\n", id, all_signals("otelcol_receiver_accepted", "receiver", id),
                       all_signals("otelcol_receiver_refused", "receiver", id));
  out += fmt::format("\n{:<24}{:>10}{:>10}{:>10}{:>10}\n", "EXPORTER", "SENT/S", "FAILED/S", "QUEUE", "OF");
  for (const auto& id : values_of(now, "otelcol_exporter_s", "exporter"))
    out += fmt::format("{:<24}{:>10}{:>10}{:>10}{:>10}\n", id,
                       all_signals("otelcol_exporter_sent", "exporter", id),
                       all_signals("otelcol_exporter_send_failed", "exporter", id),
                       count(now.sum("otelcol_exporter_queue_size", "exporter", id)),
                       count(now.sum("otelcol_exporter_queue_capacity", "exporter", id)));
  return out;
}

int run_top(const std::vector<std::string>& words) {
  std::string endpoint = "localhost:8888";
  std::chrono::nanoseconds interval = std::chrono::seconds(2);
  bool once = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    if (name == "-h" || name == "--help" || name == "help") {
      fmt::print("{}", kHelp);
      return 0;
    }
    if (name == "--once") {
      once = true;
      continue;
    }
    if (name != "--endpoint" && name != "--interval") return complain("unknown flag: " + name);
    if (equals == std::string::npos && i + 1 == words.size())
      return complain("flag needs an argument: " + name);
    const std::string value = equals == std::string::npos ? words[++i] : words[i].substr(equals + 1);
    if (name == "--endpoint") {
      endpoint = value;
      continue;
    }
    const auto time = parse_duration(value);
    if (!time || *time < std::chrono::milliseconds(100))
      return complain(fmt::format("invalid argument \"{}\" for \"--interval\" flag: {}", value,
                                  time ? "at least 100ms" : time.error().what));
    interval = *time;
  }
  std::string uri = endpoint.find("://") == std::string::npos ? "http://" + endpoint : endpoint;
  if (uri.find('/', uri.find("://") + 3) == std::string::npos) uri += "/metrics";
  Scrape before;
  auto then = std::chrono::steady_clock::now();
  for (bool first = true;; first = false) {
    const auto answer = service::fetch(uri);
    const auto at = std::chrono::steady_clock::now();
    if (!answer && first) return complain(answer.error().what);
    if (::isatty(STDOUT_FILENO) && !once) std::fputs("\033[H\033[2J", stdout);
    if (answer) {
      Scrape now = Scrape::parse(*answer);
      const double seconds =
          first ? now.sum("otelcol_process_uptime") : std::chrono::duration<double>(at - then).count();
      fmt::print("{}: {}", endpoint, top_table(before, now, std::max(seconds, 0.001)));
      before = std::move(now);
      then = at;
    } else {
      fmt::print("{}: {}\n", endpoint, answer.error().what);
    }
    std::fflush(stdout);
    if (once) return 0;
    std::this_thread::sleep_for(interval);
  }
}

}  // namespace gleaner::main_program
