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
/// "service.name" as a label: every character that cannot stand in one becomes '_'.
std::string label_name(std::string_view text);

/// "{a=\"x\",b=\"y\"}", or nothing without labels; `extra` is put behind as it is.
std::string label_text(const Labels& labels, const Labels& constant = {}, std::string_view extra = {});

/// The least service::telemetry::metrics::level at which a series is shown.
enum class Detail : std::uint8_t { basic, normal, detailed };

/// How series are named and which are shown. The defaults are those of the collector's default endpoint.
struct Format {
  Detail level = Detail::normal;
  bool type_suffixes = false;  ///< "_total" behind counters
  bool unit_suffixes = false;  ///< "_seconds", "_bytes" where the name does not end with it
  Labels constant;             ///< on every series, behind its own labels
};

/// Sizes of batches in items, and of messages in bytes. Source: spec/collector.md 3.8.
std::vector<double> item_bounds();
std::vector<double> byte_bounds();

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
  /// Adds what another of the same bounds has.
  void absorb(const Histogram& other);
};

enum class Kind : std::uint8_t { counter, gauge, histogram };

/// One series at one moment.
struct Sample {
  std::string name, help;
  Labels labels;
  Kind kind = Kind::counter;
  Detail least = Detail::basic;
  double value = 0;     ///< of counters and gauges
  Histogram histogram;  ///< of histograms
};

/// Prometheus text, version 0.0.4, names with "otelcol_" in front, grouped by name. Samples of one name and
/// the same labels are one series, their sum: what several components or lanes count together.
std::string text(std::vector<Sample> samples, const Format& format = {});

/// Every series of one lane, in the order they were made. References stay valid for the registry's life.
class Registry {
 public:
  /// The counter of this name and these labels; made on first use. `name` without "otelcol_".
  Counter& counter(std::string_view name, Labels labels, std::string_view help, Detail least = Detail::basic);
  Histogram& histogram(std::string_view name, Labels labels, std::string_view help,
                       std::vector<double> bounds, Detail least = Detail::basic);
  /// `read` is called at every scrape. @return a token for remove()
  std::size_t gauge(std::string_view name, Labels labels, std::string_view help, std::function<double()> read,
                    bool is_counter = false, Detail least = Detail::basic);
  void remove(std::size_t gauge);

  /// What all series say now.
  std::vector<Sample> samples() const;
  std::string text(const Format& format = {}) const { return metrics::text(samples(), format); }
  /// The sum over all series of `name` whose labels contain `labels`; for tests and summaries.
  double sum(std::string_view name, const Labels& labels = {}) const;

 private:
  struct Series {
    std::string name, help;
    Labels labels;
    Kind kind = Kind::counter;
    Counter counter;
    Histogram histogram;
    std::function<double()> read;
    bool dead = false;
    Detail least = Detail::basic;
    double value() const { return read ? read() : static_cast<double>(counter.value); }
  };
  Series* find(std::string_view name, const Labels& labels);
  std::deque<Series> series_;
};

}  // namespace gleaner::metrics
