// Metrics, their points and exemplars.
#include "text/ottl/path_rows.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Metric;

/// Calls what(point) with the point of whatever kind.
template <class F>
decltype(auto) with_point(Env& e, F&& what) {
  if (e.histogram) return what(*e.histogram);
  if (e.exponential) return what(*e.exponential);
  if (e.summary) return what(*e.summary);
  return what(*e.number);
}

bool has_temporality(const Metric& metric) {
  return metric.kind == Metric::Kind::sum || metric.kind == Metric::Kind::histogram ||
         metric.kind == Metric::Kind::exponential;
}

bool unsupported(Env& e) { return e.fail("unsupported data point type"); }
bool nil(Any& out) {
  out = Any();
  return true;
}

template <class T, class Make>
bool numbers(Env& e, const List<T>& from, Any& out, Make make) {
  pdata::Value made = pdata::Value::new_array(*e.arena);
  made.as_array().reserve(*e.arena, from.size());
  for (const auto& item : from) made.as_array().push_back(*e.arena, make(item));
  out = Any::of(made);
  return true;
}
bool counts(Env& e, const List<std::uint64_t>& from, Any& out) {
  return numbers(e, from, out,
                 [](std::uint64_t n) { return pdata::Value::integer(static_cast<std::int64_t>(n)); });
}

bool get_points(Env& e, Any& out) {
  Metric& metric = *e.metric;
  switch (metric.kind) {
    case Metric::Kind::gauge:
    case Metric::Kind::sum:
      out = Any::part(Any::Kind::numbers, &metric.numbers);
      return true;
    case Metric::Kind::histogram:
      out = Any::part(Any::Kind::histograms, &metric.histograms);
      return true;
    case Metric::Kind::exponential:
      out = Any::part(Any::Kind::exponentials, &metric.exponentials);
      return true;
    case Metric::Kind::summary:
      out = Any::part(Any::Kind::summaries, &metric.summaries);
      return true;
    case Metric::Kind::none:
      break;
  }
  return nil(out);
}
bool set_points(Env& e, const Any& v) {
  Metric& metric = *e.metric;
  switch (metric.kind) {
    case Metric::Kind::gauge:
    case Metric::Kind::sum:
      return take_parts(e, v, Any::Kind::numbers, metric.numbers);
    case Metric::Kind::histogram:
      return take_parts(e, v, Any::Kind::histograms, metric.histograms);
    case Metric::Kind::exponential:
      return take_parts(e, v, Any::Kind::exponentials, metric.exponentials);
    case Metric::Kind::summary:
      return take_parts(e, v, Any::Kind::summaries, metric.summaries);
    case Metric::Kind::none:
      break;
  }
  return true;
}

bool get_count(Env& e, Any& out) {
  if (e.number) return nil(out);
  with_point(e, [&](auto& point) {
    if constexpr (requires { point.count; }) out = Any::integer(static_cast<std::int64_t>(point.count));
  });
  return true;
}
bool set_count(Env& e, const Any& v) {
  std::int64_t number = 0;
  if (!take_int(e, v, number)) return false;
  if (e.number) return unsupported(e);
  with_point(e, [&](auto& point) {
    if constexpr (requires { point.count; }) point.count = static_cast<std::uint64_t>(number);
  });
  return true;
}
bool get_sum(Env& e, Any& out) {
  if (e.histogram)
    out = Any::real(e.histogram->sum.value_or(0));
  else if (e.exponential)
    out = Any::real(e.exponential->sum.value_or(0));
  else if (e.summary)
    out = Any::real(e.summary->sum);
  else
    out = Any();
  return true;
}
bool set_sum(Env& e, const Any& v) {
  double sum = 0;
  if (!take(e, v, sum)) return false;
  if (e.histogram)
    e.histogram->sum = sum;
  else if (e.exponential)
    e.exponential->sum = sum;
  else if (e.summary)
    e.summary->sum = sum;
  else
    return unsupported(e);
  return true;
}

using Buckets = pdata::ExponentialPoint::Buckets;
template <Buckets pdata::ExponentialPoint::*kSide>
bool get_buckets(Env& e, Any& out) {
  if (!e.exponential) return nil(out);
  out = Any::part(Any::Kind::buckets, &(e.exponential->*kSide));
  return true;
}
template <Buckets pdata::ExponentialPoint::*kSide>
bool set_buckets(Env& e, const Any& v) {
  if (!v.is(Any::Kind::buckets))
    return e.fail("expects pmetric.ExponentialHistogramDataPointBuckets but got " + std::string(v.type()));
  if (!e.exponential) return unsupported(e);
  Buckets copy = *static_cast<const Buckets*>(v.at());
  List<std::uint64_t> counts;
  counts.reserve(*e.arena, copy.counts.size());
  for (const auto count : copy.counts) counts.push_back(*e.arena, count);
  copy.counts = counts;
  e.exponential->*kSide = copy;
  return true;
}
template <Buckets pdata::ExponentialPoint::*kSide>
bool get_offset(Env& e, Any& out) {
  out = e.exponential ? Any::integer((e.exponential->*kSide).offset) : Any();
  return true;
}
template <Buckets pdata::ExponentialPoint::*kSide>
bool set_offset(Env& e, const Any& v) {
  std::int64_t number = 0;
  if (!take_int(e, v, number)) return false;
  if (!e.exponential) return unsupported(e);
  (e.exponential->*kSide).present = true;
  (e.exponential->*kSide).offset = static_cast<std::int32_t>(number);
  return true;
}
template <Buckets pdata::ExponentialPoint::*kSide>
bool get_bucket_counts(Env& e, Any& out) {
  return e.exponential ? counts(e, (e.exponential->*kSide).counts, out) : nil(out);
}
template <Buckets pdata::ExponentialPoint::*kSide>
bool set_bucket_counts(Env& e, const Any& v) {
  if (!e.exponential) return unsupported(e);
  (e.exponential->*kSide).present = true;
  return take_counts(e, v, (e.exponential->*kSide).counts);
}

List<pdata::Exemplar>* exemplars(Env& e) {
  if (e.number) return &e.number->exemplars;
  if (e.histogram) return &e.histogram->exemplars;
  return e.exponential ? &e.exponential->exemplars : nullptr;
}

bool set_number(Env& e, const Any& v, bool real, pdata::Value* into) {
  double fraction = 0;
  std::int64_t whole = 0;
  if (!(real ? take(e, v, fraction) : take_int(e, v, whole))) return false;
  if (!into) return unsupported(e);
  *into = real ? pdata::Value::real(fraction) : pdata::Value::integer(whole);
  return true;
}
/// The other type's zero when the point holds the other one, as protobuf's oneof reads.
Any number_of(const pdata::Value& value, bool real) {
  if (real) return Any::real(value.kind() == pdata::Value::Kind::real ? value.as_real() : 0);
  return Any::integer(value.kind() == pdata::Value::Kind::integer ? value.as_int() : 0);
}

enum class Stamp : std::uint8_t { start, end };
template <Stamp kStamp>
std::uint64_t& stamp(Env& e) {
  return with_point(e, [](auto& point) -> std::uint64_t& {
    if constexpr (kStamp == Stamp::start)
      return point.start_time;
    else
      return point.time;
  });
}
std::uint32_t& flags(Env& e) {
  return with_point(e, [](auto& point) -> std::uint32_t& { return point.flags; });
}

}  // namespace

std::span<const PathRow> metric_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_TEXT("name", e.metric->name),
      OTTL_TEXT("description", e.metric->description),
      OTTL_TEXT("unit", e.metric->unit),
      {.name = "type",
       .get =
           [](Env& e, Any& out) {
             out = Any::integer(static_cast<std::int64_t>(e.metric->kind));
             return true;
           },
       .set = [](Env&, const Any&) { return true; }},  // the reference takes any value and does nothing
      {.name = "aggregation_temporality",
       .get =
           [](Env& e, Any& out) {
             out = has_temporality(*e.metric) ? Any::integer(e.metric->temporality) : Any();
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             std::int64_t number = 0;
             if (!take_int(e, v, number)) return false;
             if (has_temporality(*e.metric)) e.metric->temporality = static_cast<std::int32_t>(number);
             return true;
           }},
      {.name = "is_monotonic",
       .get =
           [](Env& e, Any& out) {
             out = e.metric->kind == Metric::Kind::sum ? Any::boolean(e.metric->monotonic) : Any();
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             bool flag = false;
             if (!take(e, v, flag)) return false;
             if (e.metric->kind == Metric::Kind::sum) e.metric->monotonic = flag;
             return true;
           }},
      {.name = "data_points", .get = get_points, .set = set_points},
      OTTL_MAP("metadata", e.metric->metadata),
  };
  return kRows;
}

std::span<const PathRow> point_paths() {
  using Point = pdata::ExponentialPoint;
  static constexpr PathRow kRows[] = {
      {.name = "attributes",
       .map = [](Env& e) -> pdata::Map* {
         return with_point(e, [](auto& point) { return &point.attributes; });
       }},
      OTTL_NANOS("start_time_unix_nano", stamp<Stamp::start>(e)),
      OTTL_TIME("start_time", stamp<Stamp::start>(e)),
      OTTL_NANOS("time_unix_nano", stamp<Stamp::end>(e)),
      OTTL_TIME("time", stamp<Stamp::end>(e)),
      OTTL_INT("flags", flags(e)),
      {.name = "value_double",
       .get =
           [](Env& e, Any& out) {
             out = e.number ? number_of(e.number->value, true) : Any();
             return true;
           },
       .set = [](Env& e,
                 const Any& v) { return set_number(e, v, true, e.number ? &e.number->value : nullptr); }},
      {.name = "value_int",
       .get =
           [](Env& e, Any& out) {
             out = e.number ? number_of(e.number->value, false) : Any();
             return true;
           },
       .set = [](Env& e,
                 const Any& v) { return set_number(e, v, false, e.number ? &e.number->value : nullptr); }},
      {.name = "exemplars",
       .get =
           [](Env& e, Any& out) {
             const auto* list = exemplars(e);
             out = list ? Any::part(Any::Kind::exemplars, list) : Any();
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             auto* list = exemplars(e);
             return list ? take_parts(e, v, Any::Kind::exemplars, *list) : unsupported(e);
           }},
      {.name = "count", .get = get_count, .set = set_count},
      {.name = "sum", .get = get_sum, .set = set_sum},
      {.name = "bucket_counts",
       .get = [](Env& e,
                 Any& out) { return e.histogram ? counts(e, e.histogram->bucket_counts, out) : nil(out); },
       .set =
           [](Env& e, const Any& v) {
             return e.histogram ? take_counts(e, v, e.histogram->bucket_counts) : unsupported(e);
           }},
      {.name = "explicit_bounds",
       .get =
           [](Env& e, Any& out) {
             return e.histogram ? numbers(e, e.histogram->explicit_bounds, out, &pdata::Value::real)
                                : nil(out);
           },
       .set =
           [](Env& e, const Any& v) {
             return e.histogram ? take_reals(e, v, e.histogram->explicit_bounds) : unsupported(e);
           }},
      {.name = "scale",
       .get =
           [](Env& e, Any& out) {
             out = e.exponential ? Any::integer(e.exponential->scale) : Any();
             return true;
           },
       .set = [](Env& e,
                 const Any& v) { return e.exponential ? take(e, v, e.exponential->scale) : unsupported(e); }},
      {.name = "zero_count",
       .get =
           [](Env& e, Any& out) {
             out = e.exponential ? Any::integer(static_cast<std::int64_t>(e.exponential->zero_count)) : Any();
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             return e.exponential ? take(e, v, e.exponential->zero_count) : unsupported(e);
           }},
      {.name = "positive", .get = get_buckets<&Point::positive>, .set = set_buckets<&Point::positive>},
      {.name = "positive.offset", .get = get_offset<&Point::positive>, .set = set_offset<&Point::positive>},
      {.name = "positive.bucket_counts",
       .get = get_bucket_counts<&Point::positive>,
       .set = set_bucket_counts<&Point::positive>},
      {.name = "negative", .get = get_buckets<&Point::negative>, .set = set_buckets<&Point::negative>},
      {.name = "negative.offset", .get = get_offset<&Point::negative>, .set = set_offset<&Point::negative>},
      {.name = "negative.bucket_counts",
       .get = get_bucket_counts<&Point::negative>,
       .set = set_bucket_counts<&Point::negative>},
      {.name = "quantile_values",
       .get =
           [](Env& e, Any& out) {
             out = e.summary ? Any::part(Any::Kind::quantiles, &e.summary->quantiles) : Any();
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             return e.summary ? take_parts(e, v, Any::Kind::quantiles, e.summary->quantiles) : unsupported(e);
           }},
  };
  return kRows;
}

std::span<const PathRow> exemplar_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_NANOS("time_unix_nano", e.exemplar->time),
      OTTL_TIME("time", e.exemplar->time),
      {.name = "double_value",
       .get =
           [](Env& e, Any& out) {
             out = number_of(e.exemplar->value, true);
             return true;
           },
       .set = [](Env& e, const Any& v) { return set_number(e, v, true, &e.exemplar->value); }},
      {.name = "int_value",
       .get =
           [](Env& e, Any& out) {
             out = number_of(e.exemplar->value, false);
             return true;
           },
       .set = [](Env& e, const Any& v) { return set_number(e, v, false, &e.exemplar->value); }},
      OTTL_ID("trace_id", e.exemplar->trace_id, trace_id),
      OTTL_ID_TEXT("trace_id.string", e.exemplar->trace_id),
      OTTL_ID("span_id", e.exemplar->span_id, span_id),
      OTTL_ID_TEXT("span_id.string", e.exemplar->span_id),
      OTTL_MAP("filtered_attributes", e.exemplar->attributes),
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
