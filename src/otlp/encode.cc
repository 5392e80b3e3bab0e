#include "otlp/encode.h"

#include "otlp/writer.h"

namespace gleaner::otlp {

void Writer::value_fields(const pdata::Value& value) {
  using Kind = pdata::Value::Kind;
  switch (value.kind()) {
    case Kind::empty:
      break;
    case Kind::string:
      text_always(1, value.text());
      break;
    case Kind::boolean:
      varint_always(2, value.as_bool());
      break;
    case Kind::integer:
      varint_always(3, static_cast<std::uint64_t>(value.as_int()));
      break;
    case Kind::real:
      real_always(4, value.as_real());
      break;
    case Kind::array:
      message(5, [&] {
        for (const auto& item : value.as_array()) this->value(1, item);
      });
      break;
    case Kind::map:
      message(6, [&] { attributes(1, value.as_map()); });
      break;
    case Kind::bytes:
      text_always(7, value.text());
      break;
  }
}

void Writer::value(std::uint32_t number, const pdata::Value& value) {
  if (value.is_string()) {
    const std::size_t size = value.text().size();
    char* p = out_.reserve(size + 20);
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::length));
    p = write_varint(p, 1 + varint_size(size) + size);
    p = put(p, 1, value.text());
    return out_.commit(static_cast<std::size_t>(p - begin));
  }
  message(number, [&] { value_fields(value); });
}

bool Writer::short_pair(std::uint32_t number, std::string_view key, const pdata::Value& value) {
  using Kind = pdata::Value::Kind;
  const Kind kind = value.kind();
  const auto bits = kind == Kind::real      ? std::bit_cast<std::uint64_t>(value.as_real())
                    : kind == Kind::integer ? static_cast<std::uint64_t>(value.as_int())
                    : kind == Kind::boolean ? value.as_bool()
                                            : 0;
  const std::size_t size = 1 + (kind == Kind::real ? 8 : varint_size(bits));
  if ((kind != Kind::real && kind != Kind::integer && kind != Kind::boolean) || !is_short(number, key, size))
    return false;
  char* const begin = out_.reserve(kShortRoom);
  char* p = short_head(begin, number, key, size);
  if (kind == Kind::real) {
    *p++ = static_cast<char>(make_tag(4, WireType::fixed64));
    std::memcpy(p, &bits, sizeof bits);
    p += sizeof bits;
  } else {
    *p++ = static_cast<char>(make_tag(kind == Kind::integer ? 3 : 2, WireType::varint));
    p = write_varint(p, bits);
  }
  out_.commit(static_cast<std::size_t>(p - begin));
  return true;
}

void Writer::attributes(std::uint32_t number, const pdata::Map& map) {
  for (const auto& pair : map) {
    if (pair.value.is_string()) {
      this->pair(number, pair.key, pair.value.text());
      continue;
    }
    if (short_pair(number, pair.key, pair.value)) continue;
    message(number, [&] {
      text(1, pair.key);
      value(2, pair.value);
    });
  }
}

void Writer::resource(const pdata::Resource& resource) {
  message_if(1, [&] {
    attributes(1, resource.attributes);
    varint(2, resource.dropped_attributes_count);
    raw(resource.entity_refs);
  });
}

void Writer::scope(const pdata::Scope& scope) {
  message_if(1, [&] {
    text(1, scope.name);
    text(2, scope.version);
    attributes(3, scope.attributes);
    varint(4, scope.dropped_attributes_count);
  });
}

namespace {

void write_item(Writer& out, const pdata::LogRecord& record) {
  out.fixed64(1, record.time);
  out.varint(2, static_cast<std::uint64_t>(record.severity_number));
  out.text(3, record.severity_text);
  if (record.has_body || !record.body.is_empty()) out.value(5, record.body);
  out.attributes(6, record.attributes);
  out.varint(7, record.dropped_attributes_count);
  out.fixed32(8, record.flags);
  out.id(9, record.trace_id);
  out.id(10, record.span_id);
  out.fixed64(11, record.observed_time);
  out.text(12, record.event_name);
}

void write_item(Writer& out, const pdata::Span& span) {
  out.id(1, span.trace_id);
  out.id(2, span.span_id);
  out.text(3, span.trace_state);
  out.id(4, span.parent_span_id);
  out.text(5, span.name);
  out.varint(6, static_cast<std::uint64_t>(span.kind));
  out.fixed64(7, span.start_time);
  out.fixed64(8, span.end_time);
  out.attributes(9, span.attributes);
  out.varint(10, span.dropped_attributes_count);
  for (const auto& event : span.events) {
    out.message(11, [&] {
      out.fixed64(1, event.time);
      out.text(2, event.name);
      out.attributes(3, event.attributes);
      out.varint(4, event.dropped_attributes_count);
    });
  }
  out.varint(12, span.dropped_events_count);
  for (const auto& link : span.links) {
    out.message(13, [&] {
      out.id(1, link.trace_id);
      out.id(2, link.span_id);
      out.text(3, link.trace_state);
      out.attributes(4, link.attributes);
      out.varint(5, link.dropped_attributes_count);
      out.fixed32(6, link.flags);
    });
  }
  out.varint(14, span.dropped_links_count);
  out.message_if(15, [&] {
    out.text(2, span.status_message);
    out.varint(3, static_cast<std::uint64_t>(span.status_code));
  });
  out.fixed32(16, span.flags);
}

void write_exemplars(Writer& out, std::uint32_t number, const List<pdata::Exemplar>& exemplars) {
  for (const auto& exemplar : exemplars) {
    out.message(number, [&] {
      out.fixed64(2, exemplar.time);
      if (exemplar.value.kind() == pdata::Value::Kind::real) out.real_always(3, exemplar.value.as_real());
      out.id(4, exemplar.span_id);
      out.id(5, exemplar.trace_id);
      if (exemplar.value.kind() == pdata::Value::Kind::integer)
        out.fixed64_always(6, static_cast<std::uint64_t>(exemplar.value.as_int()));
      out.attributes(7, exemplar.attributes);
    });
  }
}

void write_point(Writer& out, const pdata::NumberPoint& point) {
  out.fixed64(2, point.start_time);
  out.fixed64(3, point.time);
  if (point.value.kind() == pdata::Value::Kind::real) out.real_always(4, point.value.as_real());
  write_exemplars(out, 5, point.exemplars);
  if (point.value.kind() == pdata::Value::Kind::integer)
    out.fixed64_always(6, static_cast<std::uint64_t>(point.value.as_int()));
  out.attributes(7, point.attributes);
  out.varint(8, point.flags);
}

template <class T>
void write_packed(Writer& out, std::uint32_t number, const List<T>& list) {
  static_assert(sizeof(T) == 8);
  out.text(number, {reinterpret_cast<const char*>(list.begin()), list.size() * 8});
}

void write_point(Writer& out, const pdata::HistogramPoint& point) {
  out.fixed64(2, point.start_time);
  out.fixed64(3, point.time);
  out.fixed64(4, point.count);
  if (point.sum) out.real_always(5, *point.sum);
  write_packed(out, 6, point.bucket_counts);
  write_packed(out, 7, point.explicit_bounds);
  write_exemplars(out, 8, point.exemplars);
  out.attributes(9, point.attributes);
  out.varint(10, point.flags);
  if (point.min) out.real_always(11, *point.min);
  if (point.max) out.real_always(12, *point.max);
}

void write_buckets(Writer& out, std::uint32_t number, const pdata::ExponentialPoint::Buckets& buckets) {
  if (!buckets.present) return;
  out.message(number, [&] {
    out.sint(1, buckets.offset);
    if (buckets.counts.empty()) return;
    Buffer packed(buckets.counts.size() * 10);
    for (const auto count : buckets.counts)
      packed.commit(static_cast<std::size_t>(write_varint(packed.reserve(10), count) -
                                             (packed.data() + packed.size())));
    out.text(2, packed.view());
  });
}

void write_point(Writer& out, const pdata::ExponentialPoint& point) {
  out.attributes(1, point.attributes);
  out.fixed64(2, point.start_time);
  out.fixed64(3, point.time);
  out.fixed64(4, point.count);
  if (point.sum) out.real_always(5, *point.sum);
  out.sint(6, point.scale);
  out.fixed64(7, point.zero_count);
  write_buckets(out, 8, point.positive);
  write_buckets(out, 9, point.negative);
  out.varint(10, point.flags);
  write_exemplars(out, 11, point.exemplars);
  if (point.min) out.real_always(12, *point.min);
  if (point.max) out.real_always(13, *point.max);
  out.real(14, point.zero_threshold);
}

void write_point(Writer& out, const pdata::SummaryPoint& point) {
  out.fixed64(2, point.start_time);
  out.fixed64(3, point.time);
  out.fixed64(4, point.count);
  out.real(5, point.sum);
  for (const auto& quantile : point.quantiles) {
    out.message(6, [&] {
      out.real(1, quantile.quantile);
      out.real(2, quantile.value);
    });
  }
  out.attributes(7, point.attributes);
  out.varint(8, point.flags);
}

template <class T>
void write_points(Writer& out, std::uint32_t number, const pdata::Metric& metric, const List<T>& points) {
  out.message(number, [&] {
    for (const auto& point : points) out.message(1, [&] { write_point(out, point); });
    if (metric.kind != pdata::Metric::Kind::gauge)
      out.varint(2, static_cast<std::uint64_t>(metric.temporality));
    if (metric.kind == pdata::Metric::Kind::sum) out.varint(3, metric.monotonic);
  });
}

void write_item(Writer& out, const pdata::Metric& metric) {
  using Kind = pdata::Metric::Kind;
  out.text(1, metric.name);
  out.text(2, metric.description);
  out.text(3, metric.unit);
  switch (metric.kind) {
    case Kind::none:
      break;
    case Kind::gauge:
      write_points(out, 5, metric, metric.numbers);
      break;
    case Kind::sum:
      write_points(out, 7, metric, metric.numbers);
      break;
    case Kind::histogram:
      write_points(out, 9, metric, metric.histograms);
      break;
    case Kind::exponential:
      write_points(out, 10, metric, metric.exponentials);
      break;
    case Kind::summary:
      write_points(out, 11, metric, metric.summaries);
      break;
  }
  out.attributes(12, metric.metadata);
}

/// Length bytes of what holds `count` items, as long as they have 100..1000 bytes each.
std::size_t guess_length(std::size_t count) {
  return count == 0 ? 1 : count <= 16 ? 2 : count <= 2048 ? 3 : 4;
}

template <class S>
void write_request(const Records<S>& records, Writer& out) {
  for (const auto& resource : records.resources) {
    std::size_t all = 0;
    for (const auto& scope : resource.scopes) all += scope.records.size();
    const auto body = [&] {
      out.resource(resource.resource);
      for (const auto& scope : resource.scopes) {
        const auto items = [&] {
          out.scope(scope.scope);
          for (const auto& item : scope.records)
            out.message(
                2, [&] { write_item(out, item); }, 2);
          out.text(3, scope.schema_url);
        };
        out.message(2, items, guess_length(scope.records.size()));
      }
      out.text(3, resource.schema_url);
    };
    out.message(1, body, guess_length(all));
  }
}

template <class S>
Bytes encoded(const Records<S>& records) {
  // Batches of a stream are alike: the last one says how much room this one takes. A small one is written
  // where the one before was, which is still in the cache, and copied; a large one at once into memory of its
  // own.
  constexpr std::size_t kSmall = 8 << 10;
  thread_local double share = 0.5;  // bytes written for a byte of the arena
  const auto held = static_cast<double>(records.arena.held_bytes());
  const auto expected = static_cast<std::size_t>(held * share * 1.05) + 256;
  Bytes bytes;
  std::size_t written = 0;
  if (expected < kSmall) {
    thread_local Writer scratch(4 * kSmall);
    scratch.clear();
    write_request(records, scratch);
    written = scratch.written().size();
    bytes = Bytes::copy(scratch.written());
    if (scratch.capacity() > 16 * kSmall) scratch = Writer(4 * kSmall);
  } else {
    Writer out(expected);
    write_request(records, out);
    written = out.written().size();
    bytes = out.capacity() > written + written / 4 ? Bytes::copy(out.written()) : out.finish();
  }
  if (held > 0) share = static_cast<double>(written) / held;
  return bytes;
}

}  // namespace

Bytes encode(const Records<Logs>& records) { return encoded(records); }
Bytes encode(const Records<Traces>& records) { return encoded(records); }
Bytes encode(const Records<Metrics>& records) { return encoded(records); }

}  // namespace gleaner::otlp
