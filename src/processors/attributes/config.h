#pragma once
// The `attributes` and `resource` processors: one list of actions, two places to apply it.
// Source: spec/collector.md 6.3.
#include "pipeline/factory.h"

namespace gleaner::processors::attributes {

inline constexpr std::string_view kActions[] = {"insert", "update",  "upsert", "delete",
                                                "hash",   "extract", "convert"};

struct ActionConfig {
  std::string key, pattern, from_attribute, from_context, converted_type, action;
  config::Node value, default_value;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ActionConfig::key>("key", "the attribute"),
        config::field<&ActionConfig::action>("action", "what to do").one_of(kActions),
        config::field<&ActionConfig::value>("value", "any value"),
        config::field<&ActionConfig::from_attribute>("from_attribute", "copy this attribute's value"),
        config::field<&ActionConfig::from_context>(
            "from_context", "metadata.HEADER, auth.ATTRIBUTE or client.address of the sender"),
        config::field<&ActionConfig::default_value>("default_value", "used when the source is missing"),
        config::field<&ActionConfig::pattern>("pattern",
                                              "regex: over keys (delete, hash) or the value (extract)"),
        config::field<&ActionConfig::converted_type>("converted_type", "int, double or string"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct AttributeMatch {
  std::string key;
  config::Node value;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&AttributeMatch::key>("key", "the attribute"),
        config::field<&AttributeMatch::value>("value", "its value; absent = any"),
    };
    return kTable;
  }
};
struct LibraryMatch {
  std::string name;
  std::optional<std::string> version;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&LibraryMatch::name>("name", "the scope's name"),
        config::field<&LibraryMatch::version>("version", "its version; absent = any"),
    };
    return kTable;
  }
};
struct SeverityMatch {
  std::string min;
  bool match_undefined = false;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&SeverityMatch::min>("min", "least severity: TRACE to FATAL4"),
        config::field<&SeverityMatch::match_undefined>("match_undefined",
                                                       "whether records without severity match"),
    };
    return kTable;
  }
};

inline constexpr std::string_view kMatchTypes[] = {"strict", "regexp"};

struct MatchConfig {
  std::string match_type;
  std::vector<std::string> services, span_names, span_kinds, log_bodies, log_severity_texts, metric_names;
  std::vector<AttributeMatch> attributes, resources;
  std::vector<LibraryMatch> libraries;
  std::optional<SeverityMatch> log_severity_number;

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&MatchConfig::match_type>("match_type", "how texts are compared").one_of(kMatchTypes),
        config::later("regexp", "a cache for match results"),
        config::field<&MatchConfig::services>("services", "service.name of the resource"),
        config::field<&MatchConfig::span_names>("span_names", "names of spans"),
        config::field<&MatchConfig::span_kinds>("span_kinds", "SPAN_KIND_SERVER and so on"),
        config::field<&MatchConfig::log_bodies>("log_bodies", "bodies that are texts"),
        config::field<&MatchConfig::log_severity_texts>("log_severity_texts", "severity texts"),
        config::field<&MatchConfig::log_severity_number>("log_severity_number", "a least severity"),
        config::field<&MatchConfig::metric_names>("metric_names", "names of metrics"),
        config::field<&MatchConfig::attributes>("attributes", "attributes of the item, all of them"),
        config::field<&MatchConfig::resources>("resources", "attributes of the resource, all of them"),
        config::field<&MatchConfig::libraries>("libraries", "instrumentation scopes, one of them"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct Config {
  std::vector<ActionConfig> actions;
  std::optional<MatchConfig> include, exclude;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&Config::actions>("actions", "what to do, in this order"),
        config::field<&Config::include>("include", "only items that match"),
        config::field<&Config::exclude>("exclude", "not items that match"),
    };
    return kTable;
  }
};

struct ResourceConfig {
  std::vector<ActionConfig> attributes;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::required<&ResourceConfig::attributes>(
            "attributes", "what to do with the resource's attributes, in this order"),
    };
    return kTable;
  }
};

/// `attributes`: the attributes of spans, log records and data points.
struct Make {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const Config& config, const Context& context,
                                                    Consumer<S>& next);
};
/// `resource`: the attributes of resources.
struct MakeResource {
  template <class S>
  static Result<std::unique_ptr<Processor<S>>> make(const ResourceConfig& config, const Context& context,
                                                    Consumer<S>& next);
};

}  // namespace gleaner::processors::attributes
