// Editors that turn metrics into others, and make metrics of metrics.
#include <algorithm>
#include <cmath>

#include "text/ottl/function.h"
#include "text/ottl/metric_math.h"
#include "text/ottl/numbers.h"
#include "text/ottl/walk.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Metric;
using pdata::NumberPoint;
using pdata::Value;

/// Metrics a scope may grow to by functions: appended metrics are visited too, so one that copies without a
/// condition would never end (in the reference it does not).
constexpr std::size_t kMostMetrics = 100'000;

/// Appends to the scope's metrics; env.metric stays valid.
bool add_metric(Env& env, const Metric& made) {
  if (env.metrics->size() >= kMostMetrics)
    return env.fail("the scope has " + std::to_string(kMostMetrics) +
                    " metrics already: does a function copy its own copies?");
  env.metrics->push_back(*env.arena, made);
  env.metric = &(*env.metrics)[env.metric_index];
  return true;
}
Metric like(Env& env, const Metric& from, std::string_view suffix, Metric::Kind kind) {
  Metric made;
  made.name = env.keep(std::string(from.name) + std::string(suffix));
  made.description = from.description;
  made.unit = from.unit;
  made.kind = kind;
  return made;
}
template <class Point>
NumberPoint number_of(Env& env, const Point& from, const Value& value) {
  NumberPoint made;
  made.attributes = share(*env.arena, from.attributes);
  made.start_time = from.start_time;
  made.time = from.time;
  made.value = value;
  return made;
}

Result<> prepare_temporality(Call& call) {
  const auto& word = call.args[0].text;
  if (word == "delta" || word == "cumulative") return {};
  return fail(Fault::config, "unknown aggregation temporality: " + word);
}
std::int32_t temporality_of(const Call& call) { return call.args[0].text == "delta" ? 1 : 2; }

bool sum_to_gauge(const Call&, Env& env, Any&) {
  if (env.metric->kind == Metric::Kind::sum) env.metric->kind = Metric::Kind::gauge;
  return true;
}
bool gauge_to_sum(const Call& call, Env& env, Any&) {
  if (env.metric->kind != Metric::Kind::gauge) return true;
  env.metric->kind = Metric::Kind::sum;
  env.metric->temporality = temporality_of(call);
  env.metric->monotonic = call.args[1].number != 0;
  return true;
}

/// What extract_count_metric and extract_sum_metric make of one point; false for a point without it.
template <bool kSum, class Point>
bool part_of(const Point& point, Value& out) {
  if constexpr (!kSum) {
    out = Value::integer(static_cast<std::int64_t>(point.count));
    return true;
  } else if constexpr (std::is_same_v<decltype(point.sum), double>) {
    out = Value::real(point.sum);
    return true;
  } else {
    if (!point.sum) return false;
    out = Value::real(*point.sum);
    return true;
  }
}
template <bool kSum>
bool extract(const Call& call, Env& env, Any&) {
  Metric& from = *env.metric;
  const bool summary = from.kind == Metric::Kind::summary;
  const bool histogram = from.kind == Metric::Kind::histogram || from.kind == Metric::Kind::exponential;
  if (!summary && (!histogram || from.temporality == 0))
    return env.fail(std::string(call.function().name) +
                    " requires an input metric of type Histogram, ExponentialHistogram or Summary");
  Metric made = like(env, from, call.text(1, kSum ? "_sum" : "_count"), Metric::Kind::sum);
  if (!kSum) made.unit = "1";
  made.temporality = summary ? 2 : from.temporality;
  made.monotonic = call.args[0].number != 0;
  with_points(from, [&](auto& points) {
    for (const auto& point : points)
      if constexpr (requires { point.count; })
        if (Value value; part_of<kSum>(point, value))
          made.numbers.push_back(*env.arena, number_of(env, point, value));
  });
  return made.numbers.empty() || add_metric(env, made);
}

/// For data points of summaries: one sum of all points of the metric.
template <bool kSum>
bool summary_to_sum(const Call& call, Env& env, Any&) {
  Metric& from = *env.metric;
  if (from.kind != Metric::Kind::summary) return true;
  Metric made = like(env, from, call.text(2, kSum ? "_sum" : "_count"), Metric::Kind::sum);
  made.temporality = temporality_of(call);
  made.monotonic = call.args[1].number != 0;
  for (const auto& point : from.summaries) {
    Value value;
    part_of<kSum>(point, value);
    made.numbers.push_back(*env.arena, number_of(env, point, value));
  }
  return add_metric(env, made);
}
bool quantiles_to_gauge(const Call& call, Env& env, Any&) {
  Metric& from = *env.metric;
  if (from.kind != Metric::Kind::summary) return true;
  Metric made = like(env, from, call.text(1, ".quantiles"), Metric::Kind::gauge);
  for (const auto& point : from.summaries) {
    for (const auto& quantile : point.quantiles) {
      NumberPoint number = number_of(env, point, Value::real(quantile.value));
      number.attributes.set(*env.arena, call.text(0, "quantile"), Value::real(quantile.quantile));
      made.numbers.push_back(*env.arena, number);
    }
  }
  return add_metric(env, made);
}

bool copy_metric(const Call& call, Env& env, Any&) {
  Metric made = copy(*env.arena, *env.metric);
  std::string_view text;
  const auto replace = [&](std::size_t i, std::string_view& field) {
    if (!call.given(i)) return true;
    if (!call.string(env, i, text)) return false;
    field = text;
    return true;
  };
  // The reference appends first: a name that cannot be told leaves the plain copy behind.
  const bool ok = replace(0, made.name) && replace(1, made.description) && replace(2, made.unit);
  const std::string error = env.error;
  if (!add_metric(env, made)) return false;
  return ok || env.fail(error);
}

void scale(Value& value, double by) {
  if (value.kind() == Value::Kind::integer)
    value = Value::integer(truncated(static_cast<double>(value.as_int()) * by));
  else if (value.kind() == Value::Kind::real)
    value = Value::real(value.as_real() * by);
}
bool scale_metric(const Call& call, Env& env, Any&) {
  Metric& metric = *env.metric;
  const double by = call.args[0].decimal;
  std::string_view unit;
  if (call.given(1) && !call.string(env, 1, unit)) return false;
  const auto maybe = [&](std::optional<double>& number) {
    if (number) *number *= by;
  };
  switch (metric.kind) {
    case Metric::Kind::gauge:
    case Metric::Kind::sum:
      for (auto& point : metric.numbers) scale(point.value, by);
      break;
    case Metric::Kind::histogram:
      for (auto& point : metric.histograms) {
        maybe(point.sum);
        maybe(point.min);
        maybe(point.max);
        for (auto& bound : point.explicit_bounds) bound *= by;
        for (auto& exemplar : point.exemplars) scale(exemplar.value, by);
      }
      break;
    case Metric::Kind::summary:
      for (auto& point : metric.summaries) {
        point.sum *= by;
        for (auto& quantile : point.quantiles) quantile.value *= by;
      }
      break;
    case Metric::Kind::exponential:
      return env.fail("exponential histograms are not supported by the 'scale_metric' function");
    case Metric::Kind::none:
      return env.fail("unsupported metric type: 'Empty'");
  }
  if (call.given(1)) metric.unit = unit;
  return true;
}

Result<> prepare_percentile(Call& call) {
  const double percentile = call.args[0].decimal;
  if (percentile > 0 && percentile < 100) return {};
  return fail(Fault::config,
              "percentile must be greater than 0 and less than 100, got " + pdata::format_double(percentile));
}
bool extract_percentile(const Call& call, Env& env, Any&) {
  Metric& from = *env.metric;
  const double percentile = call.args[0].decimal;
  const std::string name = "p" + pdata::format_double(percentile);
  const std::string own = "_" + name;
  Metric made =
      like(env, from, call.text(1).empty() ? std::string_view(own) : call.text(1), Metric::Kind::gauge);
  made.description =
      env.keep(from.description.empty() ? name : std::string(from.description) + " (" + name + ")");
  std::string why;
  const auto add = [&](const auto& points) {
    for (const auto& point : points) {
      double value = 0;
      const auto found = percentile_of(point, percentile, value, why);
      if (found == Percentile::malformed) return env.fail(why);
      if (found == Percentile::found)
        made.numbers.push_back(*env.arena, number_of(env, point, Value::real(value)));
    }
    return true;
  };
  if (from.kind == Metric::Kind::histogram) {
    if (!add(from.histograms)) return false;
  } else if (from.kind == Metric::Kind::exponential) {
    if (!add(from.exponentials)) return false;
  }
  return made.numbers.empty() || add_metric(env, made);
}

Result<> prepare_distribution(Call& call) {
  static constexpr std::string_view kWays[] = {"upper", "midpoint", "random", "uniform"};
  if (call.args[0].text.empty()) call.args[0].text = "random";
  if (std::find(std::begin(kWays), std::end(kWays), call.args[0].text) == std::end(kWays))
    return fail(Fault::config, "invalid conversion function: " + call.args[0].text +
                                   ", must be one of [upper, midpoint, random, uniform]");
  if (call.args[1].decimals.empty()) return fail(Fault::config, "explicit bounds cannot be empty: []");
  return {};
}
bool exponential_to_explicit(const Call& call, Env& env, Any&) {
  Metric& metric = *env.metric;
  if (metric.kind != Metric::Kind::exponential) return true;
  List<pdata::HistogramPoint> made;
  for (const auto& from : metric.exponentials) {
    pdata::HistogramPoint point;
    point.start_time = from.start_time;
    point.time = from.time;
    point.count = from.count;
    point.sum = from.sum.value_or(0);
    point.min = from.min.value_or(0);
    point.max = from.max.value_or(0);
    point.attributes = from.attributes;
    point.exemplars = from.exemplars;
    for (const double bound : call.args[1].decimals) point.explicit_bounds.push_back(*env.arena, bound);
    for (const auto count : explicit_counts(from, call.args[1].decimals, call.args[0].text))
      point.bucket_counts.push_back(*env.arena, count);
    made.push_back(*env.arena, point);
  }
  metric.kind = Metric::Kind::histogram;
  metric.metadata = {};
  metric.exponentials = {};
  metric.histograms = made;
  return true;
}

Result<> prepare_merge(Call& call) {
  const auto method = call.text(1, "remove_explicit_bound");
  if (method != "remove_explicit_bound" && method != "limit_buckets")
    return fail(Fault::config, "unsupported method \"" + std::string(method) +
                                   "\", expected \"remove_explicit_bound\" or \"limit_buckets\"");
  return {};
}
bool merge_buckets(const Call& call, Env& env, Any&) {
  if (!env.histogram) return true;
  std::optional<double> target;
  if (!call.real_like(env, 0, target)) return false;
  if (!target) return env.fail("target_value must not be nil");
  auto& point = *env.histogram;
  const std::size_t size = point.bucket_counts.size();
  const bool limit = call.text(1) == "limit_buckets";
  if (limit && (*target < 1 || std::trunc(*target) != *target))
    return env.fail("target_value must be a positive integer when method is \"limit_buckets\"");
  if (point.explicit_bounds.size() + 1 != size || size <= 1) return true;
  if (!limit) {
    for (std::size_t i = 0; i < point.explicit_bounds.size(); ++i) {
      if (point.explicit_bounds[i] != *target) continue;
      point.bucket_counts[i + 1] += point.bucket_counts[i];
      point.bucket_counts.erase(i);
      point.explicit_bounds.erase(i);
      break;
    }
    return true;
  }
  if (*target >= static_cast<double>(size)) return true;
  const auto most = static_cast<std::size_t>(*target);
  const auto& bounds = point.explicit_bounds;
  for (std::size_t i = 1; i < bounds.size(); ++i)
    if (!(bounds[i - 1] < bounds[i])) return true;
  // Neighbours are joined in groups of the same size.
  const std::size_t group = (size + most - 1) / most;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size; i += group, ++kept) {
    std::uint64_t total = 0;
    const std::size_t end = std::min(i + group, size);
    for (std::size_t k = i; k < end; ++k) total += point.bucket_counts[k];
    point.bucket_counts[kept] = total;
    if (end < size) bounds[kept] = bounds[end - 1];
  }
  point.bucket_counts.truncate(kept);
  point.explicit_bounds.truncate(kept - 1);
  return true;
}

bool is_aggregation(std::string_view word) {
  static constexpr std::string_view kWords[] = {"sum", "max", "min", "mean", "median", "count"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}
Result<> prepare_aggregate(Call& call) {
  if (is_aggregation(call.args[0].text)) return {};
  return fail(Fault::config, "invalid aggregation function: '" + call.args[0].text +
                                 "', valid options: sum, mean, min, max, median, count");
}
template <class F>
void each_attributes(Metric& metric, F change) {
  with_points(metric, [&](auto& points) {
    for (auto& point : points) change(point.attributes);
  });
}
bool aggregate_on_attributes(const Call& call, Env& env, Any&) {
  Metric& metric = *env.metric;
  if (metric.kind == Metric::Kind::summary)
    return env.fail("aggregate_on_attributes does not support aggregating Summary metrics");
  if (call.given(1)) {
    const auto& keep = call.args[1].texts;
    each_attributes(metric, [&](pdata::Map& map) {
      detail::remove(map.items, [&](const pdata::KeyValue& item) {
        return std::find(keep.begin(), keep.end(), item.key) == keep.end();
      });
    });
  }
  aggregate(*env.arena, metric, call.args[0].text);
  return true;
}
bool aggregate_on_value(const Call& call, Env& env, Any&) {
  const auto& values = call.args[2].texts;
  each_attributes(*env.metric, [&](pdata::Map& map) {
    Value* value = map.find(call.args[1].text);
    if (value && value->is_string() && std::find(values.begin(), values.end(), value->text()) != values.end())
      *value = Value::string(call.args[3].text);
  });
  aggregate(*env.arena, *env.metric, call.args[0].text);
  return true;
}

/// With a value, the first point that has the attribute decides, as in the reference.
template <bool kWithValue>
bool has_attribute(const Call& call, Env& env, Any& out) {
  if (env.metric->kind == Metric::Kind::none) return env.fail("unknown metric type");
  std::optional<bool> found;
  each_attributes(*env.metric, [&](pdata::Map& map) {
    const Value* value = map.find(call.args[0].text);
    if (value && !found) found = !kWithValue || (value->is_string() && value->text() == call.args[1].text);
  });
  out = Any::boolean(found.value_or(false));
  return true;
}

constexpr ContextSet kMetric = bit(Context::metric), kPoint = bit(Context::datapoint);

}  // namespace

std::span<const Function> metric_functions() {
  static constexpr Function kRows[] = {
      {"convert_sum_to_gauge", {}, sum_to_gauge, nullptr, kMetric, kTransform},
      {"convert_gauge_to_sum",
       {{{"StringAggTemp", Param::text}, {"Monotonic", Param::flag}}},
       gauge_to_sum,
       prepare_temporality,
       kMetric,
       kTransform},
      {"extract_count_metric",
       {{{"Monotonic", Param::flag}, {"Suffix", Param::text, true}}},
       extract<false>,
       nullptr,
       kMetric,
       kTransform},
      {"extract_sum_metric",
       {{{"Monotonic", Param::flag}, {"Suffix", Param::text, true}}},
       extract<true>,
       nullptr,
       kMetric,
       kTransform},
      {"extract_percentile_metric",
       {{{"Percentile", Param::decimal}, {"Suffix", Param::text, true}}},
       extract_percentile,
       prepare_percentile,
       kMetric,
       kTransform},
      {"convert_summary_count_val_to_sum",
       {{{"StringAggTemp", Param::text}, {"Monotonic", Param::flag}, {"Suffix", Param::text, true}}},
       summary_to_sum<false>,
       prepare_temporality,
       kPoint,
       kTransform},
      {"convert_summary_sum_val_to_sum",
       {{{"StringAggTemp", Param::text}, {"Monotonic", Param::flag}, {"Suffix", Param::text, true}}},
       summary_to_sum<true>,
       prepare_temporality,
       kPoint,
       kTransform},
      {"convert_summary_quantile_val_to_gauge",
       {{{"AttributeKey", Param::text, true}, {"Suffix", Param::text, true}}},
       quantiles_to_gauge,
       nullptr,
       kMetric,
       kTransform},
      {"copy_metric",
       {{{"Name", Param::string, true}, {"Description", Param::string, true}, {"Unit", Param::string, true}}},
       copy_metric,
       nullptr,
       kMetric,
       kTransform},
      {"scale_metric",
       {{{"Multiplier", Param::decimal}, {"Unit", Param::string, true}}},
       scale_metric,
       nullptr,
       kMetric,
       kTransform},
      {"aggregate_on_attributes",
       {{{"AggregationFunction", Param::text}, {"Attributes", Param::texts, true}}},
       aggregate_on_attributes,
       prepare_aggregate,
       kMetric,
       kTransform},
      {"aggregate_on_attribute_value",
       {{{"AggregationFunction", Param::text},
         {"Attribute", Param::text},
         {"Values", Param::texts},
         {"NewValue", Param::text}}},
       aggregate_on_value,
       prepare_aggregate,
       kMetric,
       kTransform},
      {"convert_exponential_histogram_to_histogram",
       {{{"DistributionFn", Param::text}, {"ExplicitBounds", Param::decimals}}},
       exponential_to_explicit,
       prepare_distribution,
       kMetric,
       kTransform},
      {"merge_histogram_buckets",
       {{{"TargetValue", Param::real_like}, {"Method", Param::text, true}}},
       merge_buckets,
       prepare_merge,
       kPoint,
       kTransform},
      {"HasAttrKeyOnDatapoint", {{{"Key", Param::text}}}, has_attribute<false>, nullptr, kMetric, kFilter},
      {"HasAttrOnDatapoint",
       {{{"Key", Param::text}, {"ExpectedVal", Param::text}}},
       has_attribute<true>,
       nullptr,
       kMetric,
       kFilter},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
