#include "otlp/decode.h"
#include "otlp/decode_common.h"

namespace gleaner::otlp {
namespace {
using pdata::Value;

std::uint32_t u32(const FieldReader& field) { return static_cast<std::uint32_t>(field.value()); }

void read_exemplar(Arena& arena, std::string_view message, pdata::Exemplar& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 2:
        out.time = field.value();
        break;
      case 3:
        out.value = Value::real(field.real());
        break;
      case 4:
        out.span_id.assign(field.data());
        break;
      case 5:
        out.trace_id.assign(field.data());
        break;
      case 6:
        out.value = Value::integer(static_cast<std::int64_t>(field.value()));
        break;
      case 7:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      default:
        break;
    }
  }
}

/// A repeated scalar, packed or one by one.
template <class T, class Convert>
void read_repeated(Arena& arena, const FieldReader& field, List<T>& out, Convert&& convert) {
  if (field.type() != WireType::length) {
    out.push_back(arena, convert(field.value()));
    return;
  }
  const std::string_view data = field.data();
  out.reserve(arena, out.size() + data.size() / 8);
  for (std::size_t i = 0; i + 8 <= data.size(); i += 8)
    out.push_back(arena, convert(load64(data.data() + i)));
}
constexpr auto kPlain = [](std::uint64_t value) { return value; };
constexpr auto kReal = [](std::uint64_t value) { return std::bit_cast<double>(value); };

void read_number(Arena& arena, std::string_view message, pdata::NumberPoint& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 2:
        out.start_time = field.value();
        break;
      case 3:
        out.time = field.value();
        break;
      case 4:
        out.value = Value::real(field.real());
        break;
      case 5:
        read_exemplar(arena, field.data(), out.exemplars.push_back(arena, {}));
        break;
      case 6:
        out.value = Value::integer(static_cast<std::int64_t>(field.value()));
        break;
      case 7:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 8:
        out.flags = u32(field);
        break;
      default:
        break;
    }
  }
}

void read_histogram(Arena& arena, std::string_view message, pdata::HistogramPoint& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 2:
        out.start_time = field.value();
        break;
      case 3:
        out.time = field.value();
        break;
      case 4:
        out.count = field.value();
        break;
      case 5:
        out.sum = field.real();
        break;
      case 6:
        read_repeated(arena, field, out.bucket_counts, kPlain);
        break;
      case 7:
        read_repeated(arena, field, out.explicit_bounds, kReal);
        break;
      case 8:
        read_exemplar(arena, field.data(), out.exemplars.push_back(arena, {}));
        break;
      case 9:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 10:
        out.flags = u32(field);
        break;
      case 11:
        out.min = field.real();
        break;
      case 12:
        out.max = field.real();
        break;
      default:
        break;
    }
  }
}

void read_buckets(Arena& arena, std::string_view message, pdata::ExponentialPoint::Buckets& out) {
  out.present = true;
  for (FieldReader field(message); field.next();) {
    if (field.number() == 1) out.offset = static_cast<std::int32_t>(unzigzag(field.value()));
    if (field.number() != 2) continue;
    if (field.type() == WireType::varint) {
      out.counts.push_back(arena, field.value());
      continue;
    }
    const char* p = field.data().data();
    const char* const end = p + field.data().size();
    for (std::uint64_t value; p && p < end;)
      if ((p = read_varint(p, end, value))) out.counts.push_back(arena, value);
  }
}

void read_exponential(Arena& arena, std::string_view message, pdata::ExponentialPoint& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 1:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 2:
        out.start_time = field.value();
        break;
      case 3:
        out.time = field.value();
        break;
      case 4:
        out.count = field.value();
        break;
      case 5:
        out.sum = field.real();
        break;
      case 6:
        out.scale = static_cast<std::int32_t>(unzigzag(field.value()));
        break;
      case 7:
        out.zero_count = field.value();
        break;
      case 8:
        read_buckets(arena, field.data(), out.positive);
        break;
      case 9:
        read_buckets(arena, field.data(), out.negative);
        break;
      case 10:
        out.flags = u32(field);
        break;
      case 11:
        read_exemplar(arena, field.data(), out.exemplars.push_back(arena, {}));
        break;
      case 12:
        out.min = field.real();
        break;
      case 13:
        out.max = field.real();
        break;
      case 14:
        out.zero_threshold = field.real();
        break;
      default:
        break;
    }
  }
}

void read_summary(Arena& arena, std::string_view message, pdata::SummaryPoint& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 2:
        out.start_time = field.value();
        break;
      case 3:
        out.time = field.value();
        break;
      case 4:
        out.count = field.value();
        break;
      case 5:
        out.sum = field.real();
        break;
      case 6: {
        auto& quantile = out.quantiles.push_back(arena, {});
        for (FieldReader part(field.data()); part.next();) {
          if (part.number() == 1) quantile.quantile = part.real();
          if (part.number() == 2) quantile.value = part.real();
        }
        break;
      }
      case 7:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 8:
        out.flags = u32(field);
        break;
      default:
        break;
    }
  }
}

/// Gauge, Sum, Histogram...: field 1 is a list of points, 2 the temporality, 3 monotonic.
template <class T, class Read>
void read_points(Arena& arena, std::string_view message, pdata::Metric& metric, List<T>& out, Read&& read) {
  for (FieldReader field(message); field.next();) {
    if (field.number() == 1) read(arena, field.data(), out.push_back(arena, {}));
    if (field.number() == 2) metric.temporality = static_cast<std::int32_t>(field.value());
    if (field.number() == 3) metric.monotonic = field.value() != 0;
  }
}

/// A metric has one kind of data; when there is more on the wire, the last counts.
void begin_data(pdata::Metric& metric, pdata::Metric::Kind kind) {
  metric.kind = kind;
  metric.numbers = {};
  metric.histograms = {};
  metric.exponentials = {};
  metric.summaries = {};
  metric.temporality = 0;
  metric.monotonic = false;
}

void read_metric(Arena& arena, std::string_view message, pdata::Metric& out) {
  using Kind = pdata::Metric::Kind;
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 1:
        out.name = field.data();
        break;
      case 2:
        out.description = field.data();
        break;
      case 3:
        out.unit = field.data();
        break;
      case 5:
        begin_data(out, Kind::gauge);
        read_points(arena, field.data(), out, out.numbers, read_number);
        break;
      case 7:
        begin_data(out, Kind::sum);
        read_points(arena, field.data(), out, out.numbers, read_number);
        break;
      case 9:
        begin_data(out, Kind::histogram);
        read_points(arena, field.data(), out, out.histograms, read_histogram);
        break;
      case 10:
        begin_data(out, Kind::exponential);
        read_points(arena, field.data(), out, out.exponentials, read_exponential);
        break;
      case 11:
        begin_data(out, Kind::summary);
        read_points(arena, field.data(), out, out.summaries, read_summary);
        break;
      case 12:
        detail::read_attribute(arena, field.data(), out.metadata);
        break;
      default:
        break;
    }
  }
}

}  // namespace

void decode(const Bytes& request, Records<Metrics>& records) {
  const auto view = records.arena.adopt(request);
  detail::read_request(view, records,
                       [&](auto message, auto& out) { read_metric(records.arena, message, out); });
}

}  // namespace gleaner::otlp
