// What is wrong with a configuration beyond types.
#include "processors/filter/config.h"

#include <algorithm>

#include "match/match.h"
#include "text/expr/expr.h"

namespace gleaner::processors::filter {

namespace ottl = text::ottl;

bool group_context(const std::string& name, ottl::ContextSet candidates, std::optional<ottl::Context>& out) {
  out.reset();
  if (name.empty()) return true;
  for (int i = 0; i < 8; ++i)
    if (name == ottl::kContextNames[i] && (candidates & 1u << i)) out = static_cast<ottl::Context>(i);
  return out.has_value();
}

void check_conditions(config::Check& check, std::string_view key, const Texts& texts,
                      std::optional<ottl::Context> context, ottl::ContextSet candidates) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ottl::Options options{.functions = ottl::kFilter};
    if (context) {
      options.context = *context;
    } else {
      auto inferred = ottl::infer_context({}, {&texts[i], 1}, candidates, ottl::kFilter);
      if (!inferred) {
        config::error_at_text(check, key, i, inferred.error().what);
        continue;
      }
      options.context = *inferred;
      options.prefixed = true;
    }
    if (auto made = ottl::Condition::compile(texts[i], options); !made)
      config::error_at_text(check, key, i, made.error().what);
  }
}

namespace {
void check_some(config::Check& check, std::string_view key, const std::optional<Texts>& texts,
                ottl::Context context) {
  if (texts) check_conditions(check, key, *texts, context, 0);
}
}  // namespace

void TraceConditions::validate(config::Check& check) const {
  check_some(check, "resource", resource, ottl::Context::resource);
  check_some(check, "span", span, ottl::Context::span);
  check_some(check, "spanevent", spanevent, ottl::Context::spanevent);
}

void MetricMatch::validate(config::Check& check) const {
  if (match_type == "expr")
    for (const auto& attribute : resource_attributes)
      if (!attribute.value.is_null())
        check.error("match_type",
                    "unrecognized match_type \"expr\" for resource_attributes (strict, regexp)");
  if (match_type == "expr")
    for (const auto& expression : expressions)
      if (auto made = text::expr::Program::compile(expression); !made)
        check.error("expressions", made.error().what);
  if (match_type.empty() && !metric_names.empty())
    check.error("missing required field \"match_type\" (strict, regexp)");
  if (match_type != "expr")
    for (const auto& name : metric_names)
      if (auto made = match::TextMatch::compile(name, match_type == "regexp"); !made)
        check.error("metric_names", made.error().what);
}

void MetricConditions::validate(config::Check& check) const {
  if (any() && (include || exclude))
    check.error(
        "cannot use \"metrics.resource\", \"metrics.metric\", \"metrics.datapoint\" and the settings "
        "\"metrics.include\", \"metrics.exclude\" at the same time");
  check_some(check, "resource", resource, ottl::Context::resource);
  check_some(check, "metric", metric, ottl::Context::metric);
  check_some(check, "datapoint", datapoint, ottl::Context::datapoint);
}

match::MatchConfig LogMatch::as_match() const {
  match::MatchConfig out;
  out.match_type = match_type;
  out.resources = resource_attributes;
  out.attributes = record_attributes;
  out.log_severity_texts = severity_texts;
  out.log_bodies = bodies;
  out.log_severity_number = severity_number;
  return out;
}
void LogMatch::validate(config::Check& check) const {
  if (empty()) return;
  match::MatchConfig made = as_match();
  // A severity alone is compared as a number, whatever the type.
  if (made.match_type.empty() && resource_attributes.empty() && record_attributes.empty() &&
      severity_texts.empty() && bodies.empty())
    made.match_type = "strict";
  made.validate(check);
}

void LogConditions::validate(config::Check& check) const {
  if (any() && (include || exclude))
    check.error(
        "cannot use \"logs.resource\", \"logs.log\" and the settings \"logs.include\", \"logs.exclude\" at "
        "the same "
        "time");
  check_some(check, "resource", resource, ottl::Context::resource);
  check_some(check, "log_record", log_record, ottl::Context::log);
}

void Config::validate(config::Check& check) const {
  if (traces.any() && (spans.include || spans.exclude))
    check.error(
        "cannot use \"traces.resource\", \"traces.span\", \"traces.spanevent\" and the span settings "
        "\"spans.include\", \"spans.exclude\" at the same time");
  for (const std::string_view key : {"trace_conditions", "metric_conditions", "log_conditions"}) {
    const config::Node* list = check.node().find(key);
    if (!list || !list->is_list()) continue;
    const auto sections = std::count_if(list->items().begin(), list->items().end(),
                                        [](const config::Node& item) { return item.is_map(); });
    if (sections != 0 && sections != std::ssize(list->items()))
      check.error(key, "texts and sections cannot stand in one list: write either, not both");
  }
  const auto both = [&](const auto& groups, bool old, std::string_view key, std::string_view other) {
    if (!groups.list.empty() && old)
      check.error(key, "cannot be used together with " + std::string(other) + "");
  };
  both(trace_conditions, traces.any() || spans.include || spans.exclude, "trace_conditions",
       "traces and spans");
  both(metric_conditions, metrics.any() || metrics.include || metrics.exclude, "metric_conditions",
       "metrics");
  both(log_conditions, logs.any() || logs.include || logs.exclude, "log_conditions", "logs");
}

}  // namespace gleaner::processors::filter
