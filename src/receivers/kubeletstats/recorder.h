#pragma once
// Points of one resource at a time, put in the order of the reference (metrics by name, points as they come)
// and written as OTLP right away: a node of 110 pods has thousands, and as records they would take twice the
// memory.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "k8s/summary.h"
#include "otlp/writer.h"
#include "pipeline/scraping.h"
#include "receivers/kubeletstats/config.h"
#include "text/regex.h"

namespace gleaner::receivers::kubeletstats {

/// The values of a resource's attributes; empty optionals are not set.
struct Attributes {
  std::array<std::optional<std::string_view>, kAttributes> values;
  std::optional<std::string_view>& operator[](AttributeId id) { return values[static_cast<std::size_t>(id)]; }
};

/// What the configuration switches, made ready for use.
class Switches {
 public:
  explicit Switches(const Config& config);
  bool on(MetricId id) const { return metrics_[static_cast<std::size_t>(id)]; }
  bool on(AttributeId id) const { return attributes_[static_cast<std::size_t>(id)].on; }
  /// False when a filter drops the resource. Attributes that are off or not set filter nothing.
  bool keeps(const Attributes& attributes) const;

 private:
  struct Rule {
    std::optional<std::string> strict;
    std::optional<text::Regex> regexp;
    bool matches(std::string_view value) const;
  };
  struct Attribute {
    bool on = false;
    std::vector<Rule> include, exclude;
  };
  std::array<bool, kMetrics> metrics_{};
  std::array<Attribute, kAttributes> attributes_;
};

class Recorder {
 public:
  /// @param arena  for what is needed until finish()
  /// @param now the time of every point, ns since 1970
  Recorder(const Switches& switches, Arena& arena, std::uint64_t now, std::string_view version);

  /// The start time of all points until finish().
  void begin(std::uint64_t start_time) { start_time_ = start_time; }
  void add(MetricId id, const k8s::Amount& value, const pdata::Map& attributes = {});
  void add(MetricId id, double value);
  /// Ends a resource. Without points, or filtered away, it leaves nothing.
  void finish(const Attributes& attributes);
  /// Everything recorded; the last call.
  Scraped take();
  std::uint64_t now() const { return now_; }
  Arena& arena() { return arena_; }

 private:
  struct Point {
    pdata::Value value;  ///< integer or real
    pdata::Map attributes;
    std::uint32_t next = 0;  ///< the next one of the metric
  };
  struct Series {
    std::uint32_t first = 0, last = 0;  ///< in points_, counted from 1
  };
  void push(MetricId id, pdata::Value value, const pdata::Map& attributes);
  void write_resource(const Attributes& attributes);
  void write_metric(std::size_t metric);
  void write_single(std::string_view head, Kind kind, const pdata::Value& value);
  void write_point(const Point& point);

  const Switches& switches_;
  Arena& arena_;
  std::uint64_t now_, start_time_ = 0;
  std::string scope_;                      ///< as it is written
  std::vector<Point> points_;              ///< of the resource at hand
  std::array<Series, kMetrics> series_{};  ///< of the same
  otlp::Writer out_;
  Chain written_;
  std::size_t metrics_ = 0, items_ = 0;  ///< in out_ and written_
};

}  // namespace gleaner::receivers::kubeletstats
