#pragma once
// Source: spec/collector.md 7.2.
#include "pipeline/factory.h"

namespace gleaner::extensions::headers_setter {

struct HeaderConfig {
  std::string action, key;
  std::optional<config::Secret> value, default_value;
  std::optional<std::string> value_file, from_context, from_attribute;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&HeaderConfig::action>("action", "insert, update, upsert or delete"),
        config::field<&HeaderConfig::key>("key", "the header"),
        config::field<&HeaderConfig::value>("value", "what it says"),
        config::field<&HeaderConfig::value_file>("value_file",
                                                 "the same in a file, followed when it changes"),
        config::field<&HeaderConfig::from_context>(
            "from_context", "the sender's header of this name; needs include_metadata"),
        config::field<&HeaderConfig::from_attribute>(
            "from_attribute", "what the receiver's authenticator learned: username, raw"),
        config::field<&HeaderConfig::default_value>("default_value", "used when the sender has none"),
    };
    return kTable;
  }
  void validate(config::Check& check) const;
};

struct Config {
  std::vector<HeaderConfig> headers;
  std::string additional_auth;
  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&Config::headers>("headers", "what to do, in this order"),
        config::field<&Config::additional_auth>(
            "additional_auth", "another authentication extension that adds its own headers too"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (headers.empty()) check.error("missing headers configuration");
  }
};

/// Sets headers of exporters' requests, from values or from the sender's request.
Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context);

}  // namespace gleaner::extensions::headers_setter
