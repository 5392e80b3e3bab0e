#include "text/ottl/metric_math.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "text/ottl/any.h"

namespace gleaner::text::ottl {
namespace {

template <class T>
List<T> own(Arena& arena, const List<T>& from) {
  List<T> made;
  made.reserve(arena, from.size());
  for (const auto& item : from) made.push_back(arena, item);
  return made;
}
template <class T>
List<T> own_points(Arena& arena, const List<T>& from) {
  List<T> made = own(arena, from);
  for (auto& point : made) {
    point.attributes = share(arena, point.attributes);
    if constexpr (requires { point.exemplars; }) point.exemplars = own_points(arena, point.exemplars);
    if constexpr (requires { point.bucket_counts; }) {
      point.bucket_counts = own(arena, point.bucket_counts);
      point.explicit_bounds = own(arena, point.explicit_bounds);
    }
    if constexpr (requires { point.positive; }) {
      point.positive.counts = own(arena, point.positive.counts);
      point.negative.counts = own(arena, point.negative.counts);
    }
    if constexpr (requires { point.quantiles; }) point.quantiles = own(arena, point.quantiles);
  }
  return made;
}

Percentile malformed(std::string& why, const char* what) {
  why = std::string("calculating percentile: malformed data: ") + what;
  return Percentile::malformed;
}
Percentile linear(double low, double high, double ratio, double& out, std::string& why) {
  if (!(ratio >= 0 && ratio <= 1)) return malformed(why, "counts do not add up");
  out = low + ratio * (high - low);
  return Percentile::found;
}
Percentile logarithmic(double low, double high, double ratio, double& out, std::string& why) {
  if (!(ratio >= 0 && ratio <= 1)) return malformed(why, "counts do not add up");
  if (!(low > 0 && high > 0)) return malformed(why, "bounds are not positive");
  out = std::exp2(std::log2(low) + (std::log2(high) - std::log2(low)) * ratio);
  return Percentile::found;
}
double bound_of(std::int64_t index, int scale) {
  if (scale <= 0)
    return std::ldexp(1.0, static_cast<int>(std::clamp<double>(std::ldexp(static_cast<double>(index), -scale),
                                                               -5000, 5000)));
  return std::exp(static_cast<double>(index) * std::ldexp(std::log(2.0), -scale));
}
std::uint64_t target_of(std::uint64_t count, double percentile) {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(count) * (percentile / 100)));
}

}  // namespace

pdata::Metric copy(Arena& arena, const pdata::Metric& metric) {
  pdata::Metric made = metric;
  made.metadata = share(arena, metric.metadata);
  made.numbers = own_points(arena, metric.numbers);
  made.histograms = own_points(arena, metric.histograms);
  made.exponentials = own_points(arena, metric.exponentials);
  made.summaries = own_points(arena, metric.summaries);
  return made;
}

Percentile percentile_of(const pdata::HistogramPoint& point, double percentile, double& out,
                         std::string& why) {
  const auto& counts = point.bucket_counts;
  const auto& bounds = point.explicit_bounds;
  if (point.count == 0 || counts.empty()) return Percentile::none;
  const std::uint64_t target = target_of(point.count, percentile);
  if (counts.size() != bounds.size() + 1) return malformed(why, "bounds and counts do not fit");
  if (bounds.empty()) {
    if (!point.min || !point.max) return Percentile::none;
    return linear(*point.min, *point.max, static_cast<double>(target) / static_cast<double>(counts[0]), out,
                  why);
  }
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (before + counts[i] < target) {
      before += counts[i];
      continue;
    }
    double low = 0, high = 0;
    if (i == 0) {
      high = bounds[0];
      if (point.min && *point.min < high) {
        low = *point.min;
      } else if (high < 0) {
        out = high;
        return Percentile::found;
      }
    } else {
      low = bounds[i - 1];
      if (i < bounds.size()) {
        high = bounds[i];
      } else if (point.max && *point.max > low) {
        high = *point.max;
      } else {
        out = low;
        return Percentile::found;
      }
    }
    return linear(low, high, static_cast<double>(target - before) / static_cast<double>(counts[i]), out, why);
  }
  return malformed(why, "counts do not add up");
}

Percentile percentile_of(const pdata::ExponentialPoint& point, double percentile, double& out,
                         std::string& why) {
  const auto &negative = point.negative.counts, &positive = point.positive.counts;
  if (point.count == 0 || (negative.empty() && positive.empty() && point.zero_count == 0))
    return Percentile::none;
  const std::uint64_t target = target_of(point.count, percentile);
  std::uint64_t before = 0;
  for (std::size_t i = negative.size(); i-- > 0; before += negative[i]) {
    if (before + negative[i] < target) continue;
    const auto index = std::int64_t{point.negative.offset} + static_cast<std::int64_t>(i);
    const double ratio = static_cast<double>(target - before) / static_cast<double>(negative[i]);
    const auto found =
        logarithmic(bound_of(index, point.scale), bound_of(index + 1, point.scale), 1 - ratio, out, why);
    out = -out;
    return found;
  }
  if (before + point.zero_count >= target) {
    const double low = negative.empty() && !positive.empty() ? 0 : -point.zero_threshold;
    const double high = positive.empty() && !negative.empty() ? 0 : point.zero_threshold;
    return linear(low, high, static_cast<double>(target - before) / static_cast<double>(point.zero_count),
                  out, why);
  }
  before += point.zero_count;
  for (std::size_t i = 0; i < positive.size(); before += positive[i++]) {
    if (before + positive[i] < target) continue;
    const auto index = std::int64_t{point.positive.offset} + static_cast<std::int64_t>(i);
    const double ratio = static_cast<double>(target - before) / static_cast<double>(positive[i]);
    return logarithmic(bound_of(index, point.scale), bound_of(index + 1, point.scale), ratio, out, why);
  }
  return malformed(why, "counts do not add up");
}

namespace {

/// The first boundary at or above a value, at most the last one.
std::size_t at_or_above(const std::vector<double>& bounds, double value) {
  const auto found = std::find_if(bounds.begin(), bounds.end(), [&](double bound) { return value <= bound; });
  return std::min<std::size_t>(static_cast<std::size_t>(found - bounds.begin()), bounds.size() - 1);
}
void spread(std::vector<std::uint64_t>& into, std::uint64_t count, double low, double high,
            const std::vector<double>& bounds, std::string_view way) {
  if (way == "upper") {
    into[at_or_above(bounds, high)] += count;
    return;
  }
  if (way == "midpoint") {
    const double middle = (low + high) / 2;
    const std::size_t at = at_or_above(bounds, middle);
    into[at > 0 && middle <= bounds[at] ? at - 1 : at] += count;
    return;
  }
  const std::size_t start = at_or_above(bounds, low), end = at_or_above(bounds, high);
  const std::uint64_t parts = end - start + 1;
  if (way == "uniform") {
    for (std::size_t i = start; i <= end; ++i) into[i] += count / parts + (i - start < count % parts ? 1 : 0);
    return;
  }
  // random: by how much of the bucket lies in each, what is left over goes to one of them by chance.
  static thread_local std::mt19937_64 dice(std::random_device{}());
  std::uint64_t left = count;
  for (std::size_t i = start; i <= end && end > start; ++i) {
    const double from = std::max(i == 0 ? low : bounds[i - 1], low), to = std::min(bounds[i], high);
    const double share_of = std::clamp((to - from) / (high - low), 0.0, 1.0);
    const auto part = std::min(left, static_cast<std::uint64_t>(static_cast<double>(count) * share_of));
    into[i] += part;
    left -= part;
  }
  into[start + dice() % parts] += left;
}

}  // namespace

std::vector<std::uint64_t> explicit_counts(const pdata::ExponentialPoint& point,
                                           const std::vector<double>& bounds, std::string_view way) {
  std::vector<std::uint64_t> out(bounds.size());
  const double factor = std::ldexp(std::log(2.0), -point.scale);
  if (point.zero_count > 0 && bounds[0] == 0) out[0] += point.zero_count;
  for (std::size_t i = 0; i < point.positive.counts.size(); ++i) {
    const double index = static_cast<double>(point.positive.offset) + static_cast<double>(i);
    const double high = std::exp((index + 1) * factor), low = std::exp(index * factor);
    const auto count = point.positive.counts[i];
    if (low > bounds.back()) {
      out.back() += count;
      continue;
    }
    std::size_t inside = 1;
    while (inside < bounds.size() && !(low > bounds[inside - 1] && high <= bounds[inside])) ++inside;
    if (inside < bounds.size())
      out[inside - 1] += count;
    else
      spread(out, count, low, high, bounds, way);
  }
  return out;
}

namespace {

using pdata::Value;

double real_of(const Value& value) {
  return value.kind() == Value::Kind::real      ? value.as_real()
         : value.kind() == Value::Kind::integer ? static_cast<double>(value.as_int())
                                                : 0;
}
std::int64_t whole_of(const Value& value) {
  return value.kind() == Value::Kind::integer ? value.as_int()
         : value.kind() == Value::Kind::real  ? static_cast<std::int64_t>(value.as_real())
                                              : 0;
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
template <class T, class Add>
T joined(std::vector<T> values, std::string_view function, Add add) {
  const auto size = static_cast<T>(values.size());
  if (function == "count") return values.size() == 1 ? values[0] : size;  // one point is left as it is
  if (function == "max") return *std::max_element(values.begin(), values.end());
  if (function == "min") return *std::min_element(values.begin(), values.end());
  if (function == "median") {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : add(values[middle - 1], values[middle]) / 2;
  }
  T total = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) total = add(total, values[i]);
  return function == "mean" ? total / size : total;
}

void join(Arena&, pdata::NumberPoint& into, const std::vector<const pdata::NumberPoint*>& all,
          std::string_view function) {
  if (into.value.kind() == Value::Kind::real) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const auto* point : all) values.push_back(real_of(point->value));
    into.value = Value::real(joined(std::move(values), function, [](double a, double b) { return a + b; }));
  } else if (into.value.kind() == Value::Kind::integer) {
    std::vector<std::int64_t> values;
    values.reserve(all.size());
    for (const auto* point : all) values.push_back(whole_of(point->value));
    into.value = Value::integer(joined(std::move(values), function, &plus));
  }
  for (const auto* point : all) into.start_time = std::min(into.start_time, point->start_time);
}

/// What histograms of both kinds have.
template <class Point>
void join_common(Arena& arena, Point& into, const Point& other) {
  into.count += other.count;
  into.sum = into.sum.value_or(0) + other.sum.value_or(0);
  if (into.min) into.min = std::min(*into.min, other.min.value_or(0));
  if (into.max) into.max = std::max(*into.max, other.max.value_or(0));
  for (const auto& exemplar : other.exemplars) into.exemplars.push_back(arena, exemplar);
  into.start_time = std::min(into.start_time, other.start_time);
}
void join(Arena& arena, pdata::HistogramPoint& into, const std::vector<const pdata::HistogramPoint*>& all,
          std::string_view) {
  into.bucket_counts = own(arena, into.bucket_counts);
  into.exemplars = own(arena, into.exemplars);
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i]->count == 0) continue;
    join_common(arena, into, *all[i]);
    const auto& counts = all[i]->bucket_counts;
    for (std::size_t b = 0; b < std::min(counts.size(), into.bucket_counts.size()); ++b)
      into.bucket_counts[b] += counts[b];
  }
}
void join_buckets(Arena& arena, pdata::ExponentialPoint::Buckets& into,
                  const pdata::ExponentialPoint::Buckets& other) {
  // Longest list of buckets that joining makes: offsets come from data and may lie far apart.
  constexpr std::int64_t kMostBuckets = 20'000;
  if (other.counts.empty()) return;
  if (into.counts.empty()) {
    into = other;
    into.counts = own(arena, other.counts);
    return;
  }
  const std::int64_t low = std::min(into.offset, other.offset);
  const std::int64_t high =
      std::max(std::int64_t{into.offset} + static_cast<std::int64_t>(into.counts.size()),
               std::int64_t{other.offset} + static_cast<std::int64_t>(other.counts.size()));
  if (high - low > kMostBuckets) return;
  List<std::uint64_t> made;
  made.reserve(arena, static_cast<std::size_t>(high - low));
  for (std::int64_t i = low; i < high; ++i) {
    const auto in = [&](const pdata::ExponentialPoint::Buckets& buckets) {
      const std::int64_t at = i - buckets.offset;
      return at >= 0 && at < static_cast<std::int64_t>(buckets.counts.size())
                 ? buckets.counts[static_cast<std::size_t>(at)]
                 : 0;
    };
    made.push_back(arena, in(into) + in(other));
  }
  into.present = true;
  into.offset = static_cast<std::int32_t>(low);
  into.counts = made;
}
void join(Arena& arena, pdata::ExponentialPoint& into, const std::vector<const pdata::ExponentialPoint*>& all,
          std::string_view) {
  into.exemplars = own(arena, into.exemplars);
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i]->count == 0) continue;
    join_common(arena, into, *all[i]);
    into.zero_count += all[i]->zero_count;
    join_buckets(arena, into.positive, all[i]->positive);
    join_buckets(arena, into.negative, all[i]->negative);
  }
}

/// Whether two points are joined, besides attributes and times.
bool alike(const pdata::NumberPoint&, const pdata::NumberPoint&) { return true; }
bool alike(const pdata::HistogramPoint& a, const pdata::HistogramPoint& b) {
  return std::equal(a.explicit_bounds.begin(), a.explicit_bounds.end(), b.explicit_bounds.begin(),
                    b.explicit_bounds.end()) &&
         a.min.has_value() == b.min.has_value() && a.max.has_value() == b.max.has_value() &&
         a.flags == b.flags;
}
bool alike(const pdata::ExponentialPoint& a, const pdata::ExponentialPoint& b) {
  return a.scale == b.scale && a.min.has_value() == b.min.has_value() &&
         a.max.has_value() == b.max.has_value() && a.flags == b.flags;
}

template <class Point>
void join_all(Arena& arena, List<Point>& points, bool by_start, std::string_view function) {
  // Grouped by sorting positions: linear look-ups would be quadratic in the points of a metric.
  std::vector<std::pair<std::string, std::size_t>> order;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::string key = pdata::as_text(Value::map(&points[i].attributes));
    key +=
        '\0' + std::to_string(points[i].time) + '\0' + (by_start ? std::to_string(points[i].start_time) : "");
    order.emplace_back(std::move(key), i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool same = i > 0 && order[i].first == order[i - 1].first;
    std::size_t at = groups.size();
    // Within one key the few kinds of points lie side by side.
    for (std::size_t g = groups.size(); same && g-- > 0 && order[i].first == order[i - 1].first;) {
      const auto first = groups[g][0];
      if (alike(points[first], points[order[i].second])) {
        at = g;
        break;
      }
      if (groups.size() - g > 8) break;
    }
    if (at == groups.size()) groups.emplace_back();
    groups[at].push_back(order[i].second);
  }
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  List<Point> made;
  made.reserve(arena, groups.size());
  for (const auto& group : groups) {
    std::vector<const Point*> all;
    all.reserve(group.size());
    for (const auto i : group) all.push_back(&points[i]);
    Point& into = made.push_back(arena, *all[0]);
    join(arena, into, all, function);
  }
  points = made;
}

}  // namespace

void aggregate(Arena& arena, pdata::Metric& metric, std::string_view function) {
  const bool delta = metric.temporality == 1;
  join_all(arena, metric.numbers, metric.kind == pdata::Metric::Kind::sum && delta, function);
  join_all(arena, metric.histograms, delta, function);
  join_all(arena, metric.exponentials, delta, function);
  metric.summaries = {};  // the reference joins none and keeps none
  metric.metadata = {};
}

}  // namespace gleaner::text::ottl
