#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "config/compat.h"
#include "exporters/debug/text.h"
#include "otlp/wire.h"

namespace gleaner::exporters::debug {

std::string go_time(std::uint64_t nanos) {
  const auto seconds = static_cast<std::time_t>(nanos / 1'000'000'000);
  std::tm t{};
  ::gmtime_r(&seconds, &t);
  std::string out = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1,
                                t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
  if (const auto part = nanos % 1'000'000'000) {
    std::string digits = fmt::format(".{:09}", part);
    while (digits.back() == '0') digits.pop_back();
    out += digits;
  }
  return out + " +0000 UTC";
}

std::string typed(const pdata::Value& value) {
  static constexpr std::string_view kNames[] = {"Empty",  "Str",   "Bool",  "Int",
                                                "Double", "Bytes", "Slice", "Map"};
  return fmt::format("{}({})", kNames[static_cast<int>(value.kind())], pdata::as_text(value));
}

std::string entity_text(std::string_view refs) {
  std::string out;
  std::size_t n = 0;
  for (otlp::FieldReader ref(refs); ref.next(); ++n) {
    std::string_view type, url;
    std::string keys, descriptions;
    for (otlp::FieldReader field(ref.data()); field.next();) {
      if (field.number() == 1) url = field.data();
      if (field.number() == 2) type = field.data();
      if (field.number() == 3) keys += fmt::format("               -> {}\n", field.data());
      if (field.number() == 4) descriptions += fmt::format("               -> {}\n", field.data());
    }
    if (n == 0) out = "Resource entity refs:\n";
    out += fmt::format("     -> Entity ref #{}:\n          -> Type: {}\n", n, type);
    if (!url.empty()) out += fmt::format("          -> Schema URL: {}\n", url);
    if (!keys.empty()) out += "          -> ID keys:\n" + keys;
    if (!descriptions.empty()) out += "          -> Description keys:\n" + descriptions;
  }
  return out;
}

namespace {

/// Lines of text, built up.
class Lines {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void append(std::string_view lines) { text_ += lines; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// Go's %f.
std::string fixed(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{:f}", value);
}

template <std::size_t N>
std::string id(const pdata::Id<N>& value) {
  return value.empty() ? std::string() : pdata::hex(value.view());
}

void attributes(Lines& out, std::string_view title, const pdata::Map& map,
                std::string_view indent = "     ") {
  if (map.empty()) return;
  if (!title.empty()) out.add("{}", title);
  for (const auto& [key, value] : map) out.add("{}-> {}: {}", indent, key, typed(value));
}

template <class S, class Item>
std::string walk(const Records<S>& records, std::string_view resource_word, std::string_view scope_word,
                 Item&& item) {
  Lines out;
  for (std::size_t i = 0; i < records.resources.size(); ++i) {
    const auto& resource = records.resources[i];
    out.add("{} #{}", resource_word, i);
    out.add("Resource SchemaURL: {}", resource.schema_url);
    attributes(out, "Resource attributes:", resource.resource.attributes);
    out.append(entity_text(resource.resource.entity_refs));
    for (std::size_t k = 0; k < resource.scopes.size(); ++k) {
      const auto& scope = resource.scopes[k];
      out.add("{} #{}", scope_word, k);
      out.add("{} SchemaURL: {}", scope_word, scope.schema_url);
      out.add("InstrumentationScope {} {}", scope.scope.name, scope.scope.version);
      attributes(out, "InstrumentationScope attributes:", scope.scope.attributes);
      for (std::size_t n = 0; n < scope.records.size(); ++n) item(out, n, scope.records[n]);
    }
  }
  return out.take();
}

std::string severity(std::int32_t number) {
  static constexpr std::string_view kNames[] = {"Trace", "Debug", "Info", "Warn", "Error", "Fatal"};
  if (number < 1 || number > 24) return fmt::format("{}({})", number == 0 ? "Unspecified" : "", number);
  const int level = (number - 1) % 4;
  return fmt::format("{}{}({})", kNames[(number - 1) / 4], level ? std::to_string(level + 1) : "", number);
}

void write_record(Lines& out, std::size_t n, const pdata::LogRecord& record) {
  out.add("LogRecord #{}", n);
  out.add("ObservedTimestamp: {}", go_time(record.observed_time));
  out.add("Timestamp: {}", go_time(record.time));
  out.add("SeverityText: {}", record.severity_text);
  out.add("SeverityNumber: {}", severity(record.severity_number));
  if (!record.event_name.empty()) out.add("EventName: {}", record.event_name);
  out.add("Body: {}", typed(record.body));
  attributes(out, "Attributes:", record.attributes);
  out.add("Trace ID: {}", id(record.trace_id));
  out.add("Span ID: {}", id(record.span_id));
  out.add("Flags: {}", record.flags);
}

void write_span(Lines& out, std::size_t n, const pdata::Span& span) {
  static constexpr std::string_view kKinds[] = {"Unspecified", "Internal", "Server",
                                                "Client",      "Producer", "Consumer"};
  static constexpr std::string_view kCodes[] = {"Unset", "Ok", "Error"};
  out.add("Span #{}", n);
  const auto line = [&](std::string_view label, std::string_view value) {
    out.add("    {:<15}: {}", label, value);
  };
  line("Trace ID", id(span.trace_id));
  line("Parent ID", id(span.parent_span_id));
  line("ID", id(span.span_id));
  line("Name", span.name);
  line("Kind", span.kind >= 0 && span.kind < 6 ? kKinds[span.kind] : "");
  const bool old = config::is_0_102();
  if (!span.trace_state.empty() && !old) line("TraceState", span.trace_state);
  line("Start time", go_time(span.start_time));
  line("End time", go_time(span.end_time));
  line("Status code", span.status_code >= 0 && span.status_code < 3 ? kCodes[span.status_code] : "");
  line("Status message", span.status_message);
  if (!old) {
    out.add("    DroppedAttributesCount: {}", span.dropped_attributes_count);
    out.add("    DroppedEventsCount: {}", span.dropped_events_count);
    out.add("    DroppedLinksCount: {}", span.dropped_links_count);
  }
  attributes(out, "Attributes:", span.attributes);
  if (!span.events.empty()) out.add("Events:");
  for (std::size_t i = 0; i < span.events.size(); ++i) {
    const auto& event = span.events[i];
    out.add("SpanEvent #{}", i);
    out.add("     -> Name: {}", event.name);
    out.add("     -> Timestamp: {}", go_time(event.time));
    out.add("     -> DroppedAttributesCount: {}", event.dropped_attributes_count);
    attributes(out, "     -> Attributes::", event.attributes, "          ");
  }
  if (!span.links.empty()) out.add("Links:");
  for (std::size_t i = 0; i < span.links.size(); ++i) {
    const auto& link = span.links[i];
    out.add("SpanLink #{}", i);
    out.add("     -> Trace ID: {}", id(link.trace_id));
    out.add("     -> ID: {}", id(link.span_id));
    out.add("     -> TraceState: {}", link.trace_state);
    out.add("     -> DroppedAttributesCount: {}", link.dropped_attributes_count);
    attributes(out, "     -> Attributes::", link.attributes, "          ");
  }
}

void write_exemplars(Lines& out, const List<pdata::Exemplar>& exemplars) {
  if (!exemplars.empty()) out.add("Exemplars:");
  for (std::size_t i = 0; i < exemplars.size(); ++i) {
    const auto& exemplar = exemplars[i];
    out.add("Exemplar #{}", i);
    out.add("     -> Trace ID: {}", id(exemplar.trace_id));
    out.add("     -> Span ID: {}", id(exemplar.span_id));
    out.add("     -> Timestamp: {}", go_time(exemplar.time));
    if (exemplar.value.kind() == pdata::Value::Kind::integer)
      out.add("     -> Value: {}", exemplar.value.as_int());
    if (exemplar.value.kind() == pdata::Value::Kind::real)
      out.add("     -> Value: {}", fixed(exemplar.value.as_real()));
    attributes(out, "     -> FilteredAttributes:", exemplar.attributes, "          ");
  }
}

template <class Point>
void point_head(Lines& out, std::string_view word, std::size_t n, const Point& point) {
  out.add("{} #{}", word, n);
  attributes(out, "Data point attributes:", point.attributes);
  out.add("StartTimestamp: {}", go_time(point.start_time));
  out.add("Timestamp: {}", go_time(point.time));
}

void optional(Lines& out, std::string_view label, const std::optional<double>& value) {
  if (value) out.add("{}: {}", label, fixed(*value));
}

void write_points(Lines& out, const pdata::Metric& metric) {
  for (std::size_t n = 0; n < metric.numbers.size(); ++n) {
    const auto& point = metric.numbers[n];
    point_head(out, "NumberDataPoints", n, point);
    if (point.value.kind() == pdata::Value::Kind::integer) out.add("Value: {}", point.value.as_int());
    if (point.value.kind() == pdata::Value::Kind::real) out.add("Value: {}", fixed(point.value.as_real()));
    write_exemplars(out, point.exemplars);
  }
  for (std::size_t n = 0; n < metric.histograms.size(); ++n) {
    const auto& point = metric.histograms[n];
    point_head(out, "HistogramDataPoints", n, point);
    out.add("Count: {}", point.count);
    optional(out, "Sum", point.sum);
    optional(out, "Min", point.min);
    optional(out, "Max", point.max);
    for (std::size_t i = 0; i < point.explicit_bounds.size(); ++i)
      out.add("ExplicitBounds #{}: {}", i, fixed(point.explicit_bounds[i]));
    for (std::size_t i = 0; i < point.bucket_counts.size(); ++i)
      out.add("Buckets #{}, Count: {}", i, point.bucket_counts[i]);
    write_exemplars(out, point.exemplars);
  }
  for (std::size_t n = 0; n < metric.exponentials.size(); ++n) {
    const auto& point = metric.exponentials[n];
    point_head(out, "ExponentialHistogramDataPoints", n, point);
    out.add("Count: {}", point.count);
    optional(out, "Sum", point.sum);
    optional(out, "Min", point.min);
    optional(out, "Max", point.max);
    const auto bound = [&](std::int64_t index) { return bucket_bound(point.scale, index); };
    for (std::size_t i = point.negative.counts.size(); i-- > 0;) {
      const std::int64_t at = point.negative.offset + static_cast<std::int64_t>(i);
      out.add("Bucket [{}, {}), Count: {}", fixed(-bound(at + 1)), fixed(-bound(at)),
              point.negative.counts[i]);
    }
    if (point.zero_count) out.add("Bucket [0, 0], Count: {}", point.zero_count);
    for (std::size_t i = 0; i < point.positive.counts.size(); ++i) {
      const std::int64_t at = point.positive.offset + static_cast<std::int64_t>(i);
      out.add("Bucket ({}, {}], Count: {}", fixed(bound(at)), fixed(bound(at + 1)), point.positive.counts[i]);
    }
    write_exemplars(out, point.exemplars);
  }
  for (std::size_t n = 0; n < metric.summaries.size(); ++n) {
    const auto& point = metric.summaries[n];
    point_head(out, "SummaryDataPoints", n, point);
    out.add("Count: {}", point.count);
    out.add("Sum: {}", fixed(point.sum));
    for (std::size_t i = 0; i < point.quantiles.size(); ++i)
      out.add("QuantileValue #{}: Quantile {}, Value {}", i, fixed(point.quantiles[i].quantile),
              fixed(point.quantiles[i].value));
  }
}

void write_metric(Lines& out, std::size_t n, const pdata::Metric& metric) {
  static constexpr std::string_view kKinds[] = {"Empty",  "Gauge", "Sum", "Histogram", "ExponentialHistogram",
                                                "Summary"};
  static constexpr std::string_view kTemporalities[] = {"Unspecified", "Delta", "Cumulative"};
  using Kind = pdata::Metric::Kind;
  out.add("Metric #{}", n);
  out.add("Descriptor:");
  out.add("     -> Name: {}", metric.name);
  out.add("     -> Description: {}", metric.description);
  out.add("     -> Unit: {}", metric.unit);
  out.add("     -> DataType: {}", kKinds[static_cast<int>(metric.kind)]);
  if (!config::is_0_102()) attributes(out, "     -> Metadata:", metric.metadata, "          ");
  if (metric.kind == Kind::sum) out.add("     -> IsMonotonic: {}", metric.monotonic);
  if (metric.kind == Kind::sum || metric.kind == Kind::histogram || metric.kind == Kind::exponential)
    out.add("     -> AggregationTemporality: {}",
            metric.temporality >= 0 && metric.temporality < 3 ? kTemporalities[metric.temporality] : "");
  write_points(out, metric);
}

}  // namespace

std::string detailed_text(const Records<Logs>& records) {
  return walk(records, "ResourceLog", "ScopeLogs", write_record);
}
std::string detailed_text(const Records<Traces>& records) {
  return walk(records, "ResourceSpans", "ScopeSpans", write_span);
}
std::string detailed_text(const Records<Metrics>& records) {
  return walk(records, "ResourceMetrics", "ScopeMetrics", write_metric);
}

}  // namespace gleaner::exporters::debug
