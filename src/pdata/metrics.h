#pragma once
#include <optional>

#include "pdata/common.h"

namespace gleaner::pdata {

struct Exemplar {
  std::uint64_t time = 0;  ///< ns since 1970
  Value value;             ///< integer, real, or empty
  TraceId trace_id;
  SpanId span_id;
  Map attributes;  ///< "filtered_attributes"
};

/// A point of a gauge or sum.
struct NumberPoint {
  std::uint64_t start_time = 0, time = 0;  ///< ns since 1970
  Value value;                             ///< integer, real, or empty (no recorded value)
  std::uint32_t flags = 0;
  Map attributes;
  List<Exemplar> exemplars;
};

struct HistogramPoint {
  std::uint64_t start_time = 0, time = 0, count = 0;
  std::optional<double> sum, min, max;
  std::uint32_t flags = 0;
  Map attributes;
  List<std::uint64_t> bucket_counts;
  List<double> explicit_bounds;
  List<Exemplar> exemplars;
};

struct ExponentialPoint {
  struct Buckets {
    bool present = false;
    std::int32_t offset = 0;
    List<std::uint64_t> counts;
  };
  std::uint64_t start_time = 0, time = 0, count = 0, zero_count = 0;
  std::optional<double> sum, min, max;
  double zero_threshold = 0;
  std::int32_t scale = 0;
  std::uint32_t flags = 0;
  Buckets positive, negative;
  Map attributes;
  List<Exemplar> exemplars;
};

struct SummaryPoint {
  struct Quantile {
    double quantile = 0, value = 0;
  };
  std::uint64_t start_time = 0, time = 0, count = 0;
  double sum = 0;
  std::uint32_t flags = 0;
  Map attributes;
  List<Quantile> quantiles;
};

struct Metric {
  enum class Kind : std::uint8_t { none, gauge, sum, histogram, exponential, summary };
  std::string_view name, description, unit;
  Map metadata;
  Kind kind = Kind::none;
  std::int32_t temporality = 0;  ///< 0 unspecified, 1 delta, 2 cumulative (sums and histograms)
  bool monotonic = false;        ///< sums
  List<NumberPoint> numbers;     ///< gauge and sum
  List<HistogramPoint> histograms;
  List<ExponentialPoint> exponentials;
  List<SummaryPoint> summaries;

  std::size_t points() const {
    return numbers.size() + histograms.size() + exponentials.size() + summaries.size();
  }
};

struct ScopeMetrics {
  Scope scope;
  std::string_view schema_url;
  List<Metric> records;
};

struct ResourceMetrics {
  Resource resource;
  std::string_view schema_url;
  List<ScopeMetrics> scopes;
};

}  // namespace gleaner::pdata
