#include "receivers/kubeletstats/recorder.h"

#include <algorithm>

#include "config/compat.h"

namespace gleaner::receivers::kubeletstats {
namespace {

constexpr std::string_view kScope =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kubeletstatsreceiver";
constexpr std::string_view kOldScope = "otelcol/kubeletstatsreceiver";  // of 0.102
constexpr std::int32_t kCumulative = 2;

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

void Recorder::add(MetricId id, const k8s::Amount& value, const pdata::Map& attributes) {
  if (value) push(id, pdata::Value::integer(static_cast<std::int64_t>(*value)), attributes);
}
void Recorder::add(MetricId id, double value) { push(id, pdata::Value::real(value), {}); }

void Recorder::push(MetricId id, pdata::Value value, const pdata::Map& attributes) {
  if (id == MetricId::none || !switches_.on(id)) return;
  auto& points = points_[static_cast<std::size_t>(id)];
  if (points.empty()) ++metrics_;
  pdata::NumberPoint point;
  point.start_time = start_time_;
  point.time = now_;
  point.value = value;
  point.attributes = attributes;
  points.reserve(arena_, 1);  // most metrics have one point: no room for four
  points.push_back(arena_, point);
}

void Recorder::finish(const Attributes& attributes) {
  if (metrics_ > 0 && switches_.keeps(attributes)) {
    auto& resource = to_.resources.push_back(arena_, {});
    for (std::size_t i = 0; i < kAttributes; ++i)
      if (attributes.values[i] && switches_.on(static_cast<AttributeId>(i)))
        resource.resource.attributes.items.push_back(
            arena_, {kAttributeInfo[i].name, pdata::Value::string(*attributes.values[i])});
    auto& scope = resource.scopes.push_back(arena_, {});
    scope.scope.name = config::is_0_102() ? kOldScope : kScope;
    scope.scope.version = version_;
    scope.records.reserve(arena_, metrics_);
    for (std::size_t i = 0; i < kMetrics; ++i) {
      if (points_[i].empty()) continue;
      pdata::Metric metric;
      metric.name = kMetricInfo[i].name;
      metric.description = kMetricInfo[i].about;
      metric.unit = kMetricInfo[i].unit;
      const bool gauge = kMetricInfo[i].kind == Kind::gauge;
      metric.kind = gauge ? pdata::Metric::Kind::gauge : pdata::Metric::Kind::sum;
      metric.temporality = gauge ? 0 : kCumulative;
      metric.monotonic = kMetricInfo[i].kind == Kind::sum_up;
      metric.numbers = points_[i];
      scope.records.push_back(arena_, metric);
    }
  }
  if (metrics_ > 0) points_.fill({});
  metrics_ = 0;
}

}  // namespace gleaner::receivers::kubeletstats
