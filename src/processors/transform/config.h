#pragma once
// The `transform` processor: OTTL statements over all that passes. Source: spec/collector.md 6.5.
#include "config/texts_or_sections.h"
#include "pipeline/factory.h"
#include "text/ottl/sequence.h"
#include "text/ottl/walk.h"

namespace gleaner::processors::transform {

using Texts = std::vector<std::string>;

/// A group's texts without their signal.
struct GroupTexts {
  std::string context, error_mode;
  Texts conditions, statements;
};
/// The options its statements are compiled with; their paths begin with a context when the group names none.
/// @return Fault::config when it names an unknown one or none can be told
Result<text::ottl::Options> group_options(const GroupTexts& group, text::ottl::ContextSet candidates);
/// Says what is wrong with each text at its place.
void check_group(config::Check& check, const GroupTexts& group, text::ottl::ContextSet candidates);

/// One section of log_statements and its kin.
template <class S>
struct StatementGroup : GroupTexts {
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&GroupTexts::context>("context",
                                            "what statements run for; default: what their paths begin with"),
        config::field<&GroupTexts::error_mode>("error_mode", "instead of the processor's")
            .one_of(text::ottl::kErrorModes),
        config::field<&GroupTexts::conditions>("conditions",
                                               "run the statements only where one of these is true"),
        config::field<&GroupTexts::statements>("statements", "OTTL statements, run in order for every item"),
    };
    return kTable;
  }
  void validate(config::Check& check) const { check_group(check, *this, text::ottl::contexts_of<S>()); }
};
template <class S>
using StatementGroups = config::TextsOrSections<StatementGroup<S>, &StatementGroup<S>::statements>;

struct Config {
  std::string error_mode = "ignore";
  StatementGroups<Traces> trace_statements;
  StatementGroups<Metrics> metric_statements;
  StatementGroups<Logs> log_statements;
  bool flatten_data = false;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::error_mode>("error_mode", "what a statement that fails does")
            .one_of(text::ottl::kErrorModes),
        config::field<&Config::trace_statements>("trace_statements",
                                                 "statements for traces, or groups of them"),
        config::field<&Config::metric_statements>("metric_statements",
                                                  "statements for metrics, or groups of them"),
        config::field<&Config::log_statements>("log_statements", "statements for logs, or groups of them"),
        config::later("profile_statements", "statements for profiles"),
        config::field<&Config::flatten_data>("flatten_data",
                                             "give every log record a resource and scope of its own "
                                             "while statements run; behind a feature gate"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (flatten_data)
      check.error("flatten_data",
                  "'flatten_data' requires the 'transform.flatten.logs' feature gate to be enabled");
  }
};

struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::transform
