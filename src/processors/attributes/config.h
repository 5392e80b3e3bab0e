#pragma once
// The `attributes` and `resource` processors: one list of actions, two places to apply it.
// Source: spec/collector.md 6.3.
#include "match/config.h"
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

struct Config {
  std::vector<ActionConfig> actions;
  std::optional<match::MatchConfig> include, exclude;
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
