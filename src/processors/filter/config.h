#pragma once
// The `filter` processor: what a condition is true for is dropped. Source: spec/collector.md 6.4.
#include "config/texts_or_sections.h"
#include "match/config.h"
#include "pipeline/factory.h"
#include "text/ottl/sequence.h"
#include "text/ottl/walk.h"

namespace gleaner::processors::filter {

using Texts = std::vector<std::string>;

/// What conditions can be asked of: not exemplars, they are dropped with their points.
template <class S>
constexpr text::ottl::ContextSet candidates_of() {
  return text::ottl::contexts_of<S>() & ~text::ottl::bit(text::ottl::Context::exemplar) & 0xff;
}
/// Checks conditions of one context (or, without one, of the contexts their paths name) and says what is
/// wrong with each at its place.
void check_conditions(config::Check& check, std::string_view key, const Texts& texts,
                      std::optional<text::ottl::Context> context, text::ottl::ContextSet candidates);
/// The context a group names. @return false when it is none of the candidates
bool group_context(const std::string& name, text::ottl::ContextSet candidates,
                   std::optional<text::ottl::Context>& out);

/// One section of trace_conditions and its kin.
template <class S>
struct ConditionGroup {
  std::string context, error_mode;
  Texts conditions;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ConditionGroup::context>("context",
                                                "what the conditions are asked of; default: what their "
                                                "paths begin with"),
        config::field<&ConditionGroup::error_mode>("error_mode", "instead of the processor's")
            .one_of(text::ottl::kErrorModes),
        config::field<&ConditionGroup::conditions>("conditions",
                                                   "OTTL conditions; one of them is enough to drop"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    std::optional<text::ottl::Context> made;
    if (!group_context(context, candidates_of<S>(), made))
      return check.error("context", "unknown context \"" + context + "\"");
    check_conditions(check, "conditions", conditions, made, candidates_of<S>());
  }
};
template <class S>
using ConditionGroups = config::TextsOrSections<ConditionGroup<S>, &ConditionGroup<S>::conditions>;

struct TraceConditions {
  std::optional<Texts> resource, span, spanevent;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&TraceConditions::resource>("resource", "drop resources with all that is in them"),
        config::field<&TraceConditions::span>("span", "drop spans"),
        config::field<&TraceConditions::spanevent>("spanevent", "drop events of spans"),
    };
    return kTable;
  }
  bool any() const { return resource || span || spanevent; }
  void validate(config::Check& check) const;
};

inline constexpr std::string_view kMetricMatchTypes[] = {"strict", "regexp", "expr"};

/// metrics::include and metrics::exclude, the oldest form.
struct MetricMatch {
  std::string match_type;
  Texts metric_names, expressions;
  std::vector<match::AttributeMatch> resource_attributes;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&MetricMatch::match_type>("match_type", "how texts are compared")
            .one_of(kMetricMatchTypes),
        config::later("regexp", "a cache for match results"),
        config::field<&MetricMatch::metric_names>("metric_names", "names of metrics"),
        config::field<&MetricMatch::expressions>(
            "expressions",
            "with match_type expr: expr-lang over MetricName, MetricType, "
            "HasLabel(key) and Label(key); one point is enough"),
        config::field<&MetricMatch::resource_attributes>("resource_attributes",
                                                         "attributes of the resource, all of them"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct MetricConditions {
  std::optional<Texts> resource, metric, datapoint;
  std::optional<MetricMatch> include, exclude;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&MetricConditions::resource>("resource", "drop resources with all that is in them"),
        config::field<&MetricConditions::metric>("metric", "drop metrics"),
        config::field<&MetricConditions::datapoint>("datapoint", "drop data points"),
        config::field<&MetricConditions::include>("include", "keep only metrics that match (old form)"),
        config::field<&MetricConditions::exclude>("exclude", "drop metrics that match (old form)"),
        config::later("regexp", "a cache for match results"),
    };
    return kTable;
  }
  bool any() const { return resource || metric || datapoint; }
  void validate(config::Check& check) const;
};

/// logs::include and logs::exclude, the oldest form.
struct LogMatch {
  std::string match_type;
  std::vector<match::AttributeMatch> resource_attributes, record_attributes;
  Texts severity_texts, bodies;
  std::optional<match::SeverityMatch> severity_number;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&LogMatch::match_type>("match_type", "how texts are compared")
            .one_of(match::kMatchTypes),
        config::field<&LogMatch::resource_attributes>("resource_attributes",
                                                      "attributes of the resource, all of them"),
        config::field<&LogMatch::record_attributes>("record_attributes",
                                                    "attributes of the record, all of them"),
        config::field<&LogMatch::severity_texts>("severity_texts", "severity texts"),
        config::field<&LogMatch::severity_number>("severity_number", "a least severity"),
        config::field<&LogMatch::bodies>("bodies", "bodies as texts"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
  /// Nothing to match by: the section says nothing.
  bool empty() const {
    return resource_attributes.empty() && record_attributes.empty() && severity_texts.empty() &&
           bodies.empty() && !severity_number;
  }
  match::MatchConfig as_match() const;
};

struct LogConditions {
  std::optional<Texts> resource, log_record;
  std::optional<LogMatch> include, exclude;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&LogConditions::resource>("resource", "drop resources with all that is in them"),
        config::field<&LogConditions::log_record>("log_record", "drop log records"),
        config::field<&LogConditions::include>("include", "keep only records that match (old form)"),
        config::field<&LogConditions::exclude>("exclude", "drop records that match (old form)"),
    };
    return kTable;
  }
  bool any() const { return resource || log_record; }
  void validate(config::Check& check) const;
};

struct SpanMatches {
  std::optional<match::MatchConfig> include, exclude;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&SpanMatches::include>("include", "keep only spans that match (old form)"),
        config::field<&SpanMatches::exclude>("exclude", "drop spans that match (old form)"),
    };
    return kTable;
  }
};

struct Config {
  std::string error_mode = "ignore";
  ConditionGroups<Traces> trace_conditions;
  ConditionGroups<Metrics> metric_conditions;
  ConditionGroups<Logs> log_conditions;
  TraceConditions traces;
  MetricConditions metrics;
  LogConditions logs;
  SpanMatches spans;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::error_mode>("error_mode", "what a condition that fails does")
            .one_of(text::ottl::kErrorModes),
        config::field<&Config::trace_conditions>("trace_conditions", "OTTL conditions for traces"),
        config::field<&Config::metric_conditions>("metric_conditions", "OTTL conditions for metrics"),
        config::field<&Config::log_conditions>("log_conditions", "OTTL conditions for logs"),
        config::later("profile_conditions", "OTTL conditions for profiles"),
        config::field<&Config::traces>("traces", "OTTL conditions for traces, by context"),
        config::field<&Config::metrics>("metrics", "OTTL conditions for metrics, by context"),
        config::field<&Config::logs>("logs", "OTTL conditions for logs, by context"),
        config::later("profiles", "OTTL conditions for profiles, by context"),
        config::field<&Config::spans>("spans", "the old form for spans"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::filter
