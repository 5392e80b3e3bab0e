#include "receivers/kubeletstats/recorder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "config/compat.h"

namespace gleaner::receivers::kubeletstats {
namespace {

constexpr std::string_view kScope =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kubeletstatsreceiver";
constexpr std::string_view kOldScope = "otelcol/kubeletstatsreceiver";  // of 0.102
constexpr std::uint32_t kCumulative = 2;
constexpr std::size_t kFirstPiece = 8 << 10;  // bytes; a pod on Fargate needs no more
constexpr std::size_t kPiece = 64 << 10;

/// What is the same in every metric of a name: name, description and unit.
using Heads = std::array<std::string, kMetrics>;
const Heads& heads() {
  static const Heads made = [] {
    Heads out;
    for (std::size_t i = 0; i < kMetrics; ++i) {
      otlp::Writer writer(256);
      writer.text(1, kMetricInfo[i].name);
      writer.text(2, kMetricInfo[i].about);
      writer.text(3, kMetricInfo[i].unit);
      out[i] = writer.written();
    }
    return out;
  }();
  return made;
}

}  // namespace

bool Switches::Rule::matches(std::string_view value) const {
  return strict ? *strict == value : regexp->search(value);
}

Switches::Switches(const Config& config) {
  for (std::size_t i = 0; i < kMetrics; ++i) metrics_[i] = config.metrics.rows[i].enabled;
  const auto rules = [](const std::vector<Match>& from, std::vector<Rule>& to) {
    for (const auto& match : from) {
      Rule rule{match.strict, std::nullopt};
      if (match.regexp) rule.regexp = std::move(*text::Regex::compile(*match.regexp));  // validate() tried it
      to.push_back(std::move(rule));
    }
  };
  for (std::size_t i = 0; i < kAttributes; ++i) {
    const auto& row = config.resource_attributes.rows[i];
    attributes_[i].on = row.enabled;
    rules(row.metrics_include, attributes_[i].include);
    rules(row.metrics_exclude, attributes_[i].exclude);
  }
}

bool Switches::keeps(const Attributes& attributes) const {
  for (std::size_t i = 0; i < kAttributes; ++i) {
    const auto& rule = attributes_[i];
    const auto& value = attributes.values[i];
    if (!rule.on || !value) continue;
    const auto matches = [&](const Rule& one) { return one.matches(*value); };
    if (!rule.include.empty() && std::none_of(rule.include.begin(), rule.include.end(), matches))
      return false;
    if (std::any_of(rule.exclude.begin(), rule.exclude.end(), matches)) return false;
  }
  return true;
}

Recorder::Recorder(const Switches& switches, Arena& arena, std::uint64_t now, std::string_view version)
    : switches_(switches), arena_(arena), now_(now), out_(kFirstPiece) {
  pdata::Scope scope;
  scope.name = config::is_0_102() ? kOldScope : kScope;
  scope.version = version;
  otlp::Writer writer(256);
  writer.scope(scope);
  scope_ = writer.written();
}

void Recorder::add(MetricId id, const k8s::Amount& value, const pdata::Map& attributes) {
  if (value) push(id, pdata::Value::integer(static_cast<std::int64_t>(*value)), attributes);
}
void Recorder::add(MetricId id, double value) { push(id, pdata::Value::real(value), {}); }

void Recorder::push(MetricId id, pdata::Value value, const pdata::Map& attributes) {
  if (id == MetricId::none || !switches_.on(id)) return;
  points_.push_back({value, attributes});
  auto& series = series_[static_cast<std::size_t>(id)];
  const auto at = static_cast<std::uint32_t>(points_.size());
  if (series.first == 0)
    series.first = at;
  else
    points_[series.last - 1].next = at;
  series.last = at;
}

void Recorder::finish(const Attributes& attributes) {
  if (points_.empty()) return;
  if (switches_.keeps(attributes)) {
    items_ += points_.size();
    write_resource(attributes);
    if (out_.written().size() >= kPiece) {
      written_.append(out_.finish());
      out_ = otlp::Writer(kPiece + kPiece / 4);
    }
  }
  points_.clear();
  series_.fill({});
}

// Field numbers: opentelemetry/proto/metrics/v1/metrics.proto.
void Recorder::write_resource(const Attributes& attributes) {
  const auto resource = [&] {
    for (std::size_t i = 0; i < kAttributes; ++i)
      if (attributes.values[i] && switches_.on(static_cast<AttributeId>(i)))
        out_.pair(1, kAttributeInfo[i].name, *attributes.values[i]);
  };
  const auto scope = [&] {
    out_.raw(scope_);
    for (std::size_t i = 0; i < kMetrics; ++i)
      if (series_[i].first != 0) write_metric(i);
  };
  const auto both = [&] {
    out_.message_if(1, resource);
    out_.message(2, scope, 2);
  };
  out_.message(1, both, 2);
}

void Recorder::write_metric(std::size_t metric) {
  ++metrics_;
  const auto& about = kMetricInfo[metric];
  const bool gauge = about.kind == Kind::gauge;
  const std::string& head = heads()[metric];
  const auto& series = series_[metric];
  if (series.first == series.last && points_[series.first - 1].attributes.empty())
    return write_single(head, about.kind, points_[series.first - 1].value);
  const auto data = [&] {
    for (std::uint32_t at = series.first; at != 0; at = points_[at - 1].next)
      out_.message(1, [&] { write_point(points_[at - 1]); });
    if (!gauge) out_.varint(2, kCumulative);
    if (about.kind == Kind::sum_up) out_.varint(3, 1);
  };
  const auto all = [&] {
    out_.raw(head);
    out_.message(gauge ? 5 : 7, data);
  };
  out_.message(2, all, 2);
}

/// Nearly all are like this: one point without attributes, all sizes known before a byte is written.
void Recorder::write_single(std::string_view head, Kind kind, const pdata::Value& value) {
  const bool gauge = kind == Kind::gauge, real = value.kind() == pdata::Value::Kind::real;
  const auto bits =
      real ? std::bit_cast<std::uint64_t>(value.as_real()) : static_cast<std::uint64_t>(value.as_int());
  std::array<char, 48> tail;
  char* p = tail.data() + 4;  // behind the two lengths
  const auto fixed64 = [&p](std::uint32_t number, std::uint64_t what) {
    p = otlp::write_varint(p, otlp::make_tag(number, otlp::WireType::fixed64));
    std::memcpy(p, &what, sizeof what);
    p += sizeof what;
  };
  const auto varint = [&p](std::uint32_t number, std::uint64_t what) {
    p = otlp::write_varint(p, otlp::make_tag(number, otlp::WireType::varint));
    p = otlp::write_varint(p, what);
  };
  const auto message = [&tail](std::size_t at, std::uint32_t number, const char* end) {
    tail[at] = static_cast<char>(otlp::make_tag(number, otlp::WireType::length));
    tail[at + 1] = static_cast<char>(end - (tail.data() + at + 2));  // under 128
  };
  if (start_time_) fixed64(2, start_time_);
  fixed64(3, now_);
  fixed64(real ? 4 : 6, bits);
  message(2, 1, p);
  if (!gauge) varint(2, kCumulative);
  if (kind == Kind::sum_up) varint(3, 1);
  message(0, gauge ? 5 : 7, p);
  const auto size = static_cast<std::size_t>(p - tail.data());
  std::array<char, 12> front;
  char* q = otlp::write_varint(front.data(), otlp::make_tag(2, otlp::WireType::length));
  q = otlp::write_varint(q, head.size() + size);
  out_.raw({front.data(), static_cast<std::size_t>(q - front.data())});
  out_.raw(head);
  out_.raw({tail.data(), size});
}

void Recorder::write_point(const Point& point) {
  out_.fixed64(2, start_time_);
  out_.fixed64(3, now_);
  if (point.value.kind() == pdata::Value::Kind::real)
    out_.real_always(4, point.value.as_real());
  else
    out_.fixed64_always(6, static_cast<std::uint64_t>(point.value.as_int()));
  out_.attributes(7, point.attributes);
}

Scraped Recorder::take() {
  if (!out_.written().empty()) written_.append(out_.finish());
  return {Payload<Metrics>(std::move(written_), items_), metrics_};
}

}  // namespace gleaner::receivers::kubeletstats
