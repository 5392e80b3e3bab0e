#pragma once
// gleaner's own metrics: plain counters, gauges read when asked, and histograms.
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gleaner::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct Counter {
  std::uint64_t value = 0;
  void add(std::uint64_t by = 1) { value += by; }
};

struct Histogram {
  std::vector<double> bounds;
  std::vector<std::uint64_t> buckets;  ///< one more than bounds
  double sum = 0;
  std::uint64_t count = 0;
  void record(double value);
};

/// Every series of one lane, in the order they were made. References stay valid for the registry's life.
class Registry {
 public:
  /// The counter of this name and these labels; made on first use. `name` without "otelcol_".
  Counter& counter(std::string_view name, Labels labels, std::string_view help);
  Histogram& histogram(std::string_view name, Labels labels, std::string_view help,
                       std::vector<double> bounds);
  /// `read` is called at every scrape. @return a token for remove()
  std::size_t gauge(std::string_view name, Labels labels, std::string_view help, std::function<double()> read,
                    bool is_counter = false);
  void remove(std::size_t gauge);

  /// Prometheus text, version 0.0.4, names with "otelcol_" in front, grouped by name.
  std::string text() const;
  /// The sum over all series of `name` whose labels contain `labels`; for tests and summaries.
  double sum(std::string_view name, const Labels& labels = {}) const;

 private:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  struct Series {
    std::string name, help;
    Labels labels;
    Kind kind = Kind::counter;
    Counter counter;
    Histogram histogram;
    std::function<double()> read;
    bool dead = false;
    double value() const { return read ? read() : static_cast<double>(counter.value); }
  };
  Series* find(std::string_view name, const Labels& labels);
  std::deque<Series> series_;
};

}  // namespace gleaner::metrics
