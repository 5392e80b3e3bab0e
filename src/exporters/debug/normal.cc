#include <fmt/format.h>

#include <cmath>

#include "base/shortest.h"
#include "exporters/debug/text.h"

namespace gleaner::exporters::debug {

std::string go_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-4 || size >= 1e21);
  return shortest(value, exponent ? DoubleForm::scientific : DoubleForm::fixed);
}

double bucket_bound(std::int32_t scale, std::int64_t index) {
  return std::exp(static_cast<double>(index) * std::ldexp(M_LN2, -scale));
}

std::string pairs(const pdata::Map& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    out += ' ';
    out += key;
    out += '=';
    pdata::append_text(out, value);
  }
  return out;
}

std::string schema(std::string_view url) { return url.empty() ? std::string() : fmt::format(" [{}]", url); }

std::string scope_name(const pdata::Scope& scope) {
  std::string out;
  if (!scope.name.empty()) out = fmt::format(" {}", scope.name);
  if (!scope.version.empty()) out += fmt::format("@{}", scope.version);
  return out;
}

namespace {

template <class S, class Item>
std::string walk(const Records<S>& records, std::string_view resource_word, std::string_view scope_word,
                 Item&& item) {
  std::string out;
  for (std::size_t i = 0; i < records.resources.size(); ++i) {
    const auto& resource = records.resources[i];
    out += fmt::format("{} #{}{}{}\n", resource_word, i, schema(resource.schema_url),
                       pairs(resource.resource.attributes));
    for (std::size_t k = 0; k < resource.scopes.size(); ++k) {
      const auto& scope = resource.scopes[k];
      out += fmt::format("{} #{}{}{}{}\n", scope_word, k, scope_name(scope.scope), schema(scope.schema_url),
                         pairs(scope.scope.attributes));
      for (const auto& one : scope.records) item(out, one);
    }
  }
  return out;
}

std::string labels(const pdata::Map& map) {
  std::string out = "{";
  for (const auto& [key, value] : map) {
    if (out.size() > 1) out += ',';
    out += key;
    out += '=';
    pdata::append_text(out, value);
  }
  return out + "}";
}

void optional(std::string& out, std::string_view name, const std::optional<double>& value) {
  if (value) out += fmt::format(" {}={}", name, go_double(*value));
}

void write_metric(std::string& out, const pdata::Metric& metric) {
  for (const auto& point : metric.numbers) {
    out += fmt::format("{}{} ", metric.name, labels(point.attributes));
    if (point.value.kind() == pdata::Value::Kind::integer) out += std::to_string(point.value.as_int());
    if (point.value.kind() == pdata::Value::Kind::real) out += go_double(point.value.as_real());
    out += '\n';
  }
  for (const auto& point : metric.histograms) {
    out += fmt::format("{}{} count={}", metric.name, labels(point.attributes), point.count);
    optional(out, "sum", point.sum);
    optional(out, "min", point.min);
    optional(out, "max", point.max);
    for (std::size_t i = 0; i < point.bucket_counts.size(); ++i)
      out += i < point.explicit_bounds.size()
                 ? fmt::format(" le{}={}", go_double(point.explicit_bounds[i]), point.bucket_counts[i])
                 : fmt::format(" {}", point.bucket_counts[i]);
    out += '\n';
  }
  for (const auto& point : metric.exponentials) {
    out += fmt::format("{}{} count={}", metric.name, labels(point.attributes), point.count);
    optional(out, "sum", point.sum);
    optional(out, "min", point.min);
    optional(out, "max", point.max);
    for (std::size_t i = point.negative.counts.size(); i-- > 0;)
      out += fmt::format(
          " le{}={}",
          go_double(-bucket_bound(point.scale, point.negative.offset + static_cast<std::int64_t>(i))),
          point.negative.counts[i]);
    if (point.zero_count) out += fmt::format(" zero={}", point.zero_count);
    for (std::size_t i = 0; i < point.positive.counts.size(); ++i)
      out += fmt::format(
          " le{}={}",
          go_double(bucket_bound(point.scale, point.positive.offset + static_cast<std::int64_t>(i) + 1)),
          point.positive.counts[i]);
    out += '\n';
  }
  for (const auto& point : metric.summaries) {
    out +=
        fmt::format("{}{} count={} sum={:f}", metric.name, labels(point.attributes), point.count, point.sum);
    for (const auto& q : point.quantiles)
      out += fmt::format(" q{}={}", go_double(q.quantile), go_double(q.value));
    out += '\n';
  }
}

}  // namespace

std::string normal_text(const Records<Logs>& records) {
  return walk(records, "ResourceLog", "ScopeLog", [](std::string& out, const pdata::LogRecord& record) {
    pdata::append_text(out, record.body);
    const std::string attributes = pairs(record.attributes);
    out += attributes.empty() ? " " : attributes;
    out += '\n';
  });
}

std::string normal_text(const Records<Traces>& records) {
  return walk(records, "ResourceTraces", "ScopeTraces", [](std::string& out, const pdata::Span& span) {
    out +=
        fmt::format("{} {} {}{}\n", span.name, span.trace_id.empty() ? "" : pdata::hex(span.trace_id.view()),
                    span.span_id.empty() ? "" : pdata::hex(span.span_id.view()), pairs(span.attributes));
  });
}

std::string normal_text(const Records<Metrics>& records) {
  return walk(records, "ResourceMetrics", "ScopeMetrics", write_metric);
}

}  // namespace gleaner::exporters::debug
