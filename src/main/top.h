#pragma once
// gleaner top: what flows through a running gleaner, read from its own metrics.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::main_program {

/// One look at the metrics endpoint.
struct Scrape {
  struct Series {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
  };
  std::vector<Series> series;

  /// Reads Prometheus text; lines it does not understand are passed over.
  static Scrape parse(std::string_view text);
  /// The sum over the series of this name with this label; over all of them when `label` is empty.
  double sum(std::string_view name, const std::string& label = {}, const std::string& value = {}) const;
};

/// The screen: the process, then pipelines with their ledgers, receivers, exporters. Rates are those between
/// the two looks; with an empty `before` those since the start. A ledger that does not add up is named.
/// @param seconds between the looks
std::string top_table(const Scrape& before, const Scrape& now, double seconds);

/// `gleaner top [--endpoint HOST:PORT] [--interval D] [--once]`. Runs until it is interrupted, or once.
/// @return exit code: 1 when the first look fails
int run_top(const std::vector<std::string>& words);

}  // namespace gleaner::main_program
