#pragma once
// The include and exclude sections that processors share. Source: spec/collector.md 6.3.
#include "config/field.h"

namespace gleaner::match {

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

}  // namespace gleaner::match
