#pragma once
// Arithmetic on metrics, without the language.
#include <string>
#include <string_view>
#include <vector>

#include "pdata/metrics.h"

namespace gleaner::text::ottl {

/// A copy with lists of its own that shares its texts.
pdata::Metric copy(Arena& arena, const pdata::Metric& metric);

enum class Percentile : std::uint8_t { found, none, malformed };
/// The value below which `percentile` percent of a point's measurements lie: linear inside of explicit
/// buckets, logarithmic inside of exponential ones. none: the point is empty or has no bounds to interpolate
/// between.
Percentile percentile_of(const pdata::HistogramPoint& point, double percentile, double& out,
                         std::string& why);
Percentile percentile_of(const pdata::ExponentialPoint& point, double percentile, double& out,
                         std::string& why);

/// The positive buckets of an exponential histogram in explicit ones, one for each of `bounds` (as the
/// reference has it, without one above the last). @param way upper, midpoint, uniform or random
std::vector<std::uint64_t> explicit_counts(const pdata::ExponentialPoint& point,
                                           const std::vector<double>& bounds, std::string_view way);

/// Joins points with equal attributes and time (and, for deltas, start). @param function sum, mean, min, max,
/// median or count; histograms are always summed. Drops the metadata, as the reference does.
void aggregate(Arena& arena, pdata::Metric& metric, std::string_view function);

}  // namespace gleaner::text::ottl
