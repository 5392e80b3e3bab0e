#pragma once
// Points of one resource at a time, put in the order of the reference: metrics by name, points as they come.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "k8s/summary.h"
#include "pdata/signal.h"
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
  /// @param now the time of every point, ns since 1970
  Recorder(const Switches& switches, Records<Metrics>& to, std::uint64_t now, std::string_view version)
      : switches_(switches), to_(to), arena_(to.arena), now_(now), version_(arena_.copy(version)) {}

  /// The start time of all points until finish().
  void begin(std::uint64_t start_time) { start_time_ = start_time; }
  void add(MetricId id, const k8s::Amount& value, const pdata::Map& attributes = {});
  void add(MetricId id, double value);
  /// Ends a resource. Without points, or filtered away, it leaves nothing.
  void finish(const Attributes& attributes);
  std::uint64_t now() const { return now_; }
  Arena& arena() { return arena_; }

 private:
  void push(MetricId id, pdata::Value value, const pdata::Map& attributes);
  const Switches& switches_;
  Records<Metrics>& to_;
  Arena& arena_;
  std::uint64_t now_, start_time_ = 0;
  std::string_view version_;
  std::array<List<pdata::NumberPoint>, kMetrics> points_{};
  std::size_t metrics_ = 0;  ///< with points
};

}  // namespace gleaner::receivers::kubeletstats
