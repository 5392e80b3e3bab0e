#include "match/match.h"

#include <algorithm>

namespace gleaner::match {
namespace {

int severity_number(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  static constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  for (int i = 0; i < 24; ++i)
    if (name == std::string(kNames[i / 4]) + (i % 4 ? std::to_string(i % 4 + 1) : "") ||
        name == std::to_string(i + 1))
      return i + 1;
  return 0;
}

Result<> compile_texts(const std::vector<std::string>& from, bool regexp, std::vector<TextMatch>& into) {
  for (const auto& text : from) {
    auto made = TextMatch::compile(text, regexp);
    if (!made) return fail(std::move(made.error()));
    into.push_back(std::move(*made));
  }
  return {};
}

bool any(const std::vector<TextMatch>& texts, std::string_view value) {
  return texts.empty() ||
         std::any_of(texts.begin(), texts.end(), [&](const TextMatch& match) { return match(value); });
}

std::string_view kind_name(std::int32_t kind) {
  static constexpr std::string_view kNames[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
  return kind >= 0 && kind < 6 ? kNames[kind] : "";
}

}  // namespace

pdata::Value to_value(Arena& arena, const config::Node& node) {
  if (node.is_map()) {
    pdata::Value map = pdata::Value::new_map(arena);
    for (const auto& entry : node.entries())
      map.as_map().set(arena, arena.copy(entry.key), to_value(arena, entry.value));
    return map;
  }
  if (node.is_list()) {
    pdata::Value list = pdata::Value::new_array(arena);
    for (const auto& item : node.items()) list.as_array().push_back(arena, to_value(arena, item));
    return list;
  }
  if (node.is_null()) return pdata::Value();
  if (const auto value = node.boolean()) return pdata::Value::boolean(*value);
  if (const auto value = node.integer()) return pdata::Value::integer(*value);
  if (node.type() == config::ScalarType::real) return pdata::Value::real(*node.real());
  return pdata::Value::string(arena.copy(node.text()));
}

void MatchConfig::validate(config::Check& check) const {
  if (match_type.empty()) check.error("missing required field \"match_type\" (strict, regexp)");
  if (services.empty() && span_names.empty() && span_kinds.empty() && log_bodies.empty() &&
      log_severity_texts.empty() && metric_names.empty() && attributes.empty() && resources.empty() &&
      libraries.empty() && !log_severity_number)
    check.error("at least one property to match by is needed");
  if (log_severity_number && !severity_number(log_severity_number->min))
    check.error("log_severity_number", "min is a severity name from TRACE to FATAL4");
  if (auto compiled = Match::compile(*this); !compiled) check.error(compiled.error().what);
}

Result<TextMatch> TextMatch::compile(const std::string& text, bool regexp) {
  TextMatch match;
  match.text_ = text;
  if (!regexp) return match;
  auto regex = text::Regex::compile(text);
  if (!regex) return fail(std::move(regex.error()));
  match.regex_ = std::move(*regex);
  return match;
}

Result<> Match::compile_pairs(const std::vector<AttributeMatch>& from, bool regexp, Arena& arena,
                              std::vector<Pair>& into) {
  for (const auto& one : from) {
    Pair& pair = into.emplace_back();
    pair.key = one.key;
    if (one.value.is_null()) continue;
    pair.value = to_value(arena, one.value);
    if (!regexp || !pair.value->is_string()) continue;
    auto pattern = TextMatch::compile(std::string(pair.value->text()), true);
    if (!pattern) return fail(std::move(pattern.error()));
    pair.pattern = std::move(*pattern);
  }
  return {};
}

Result<Match> Match::compile(const MatchConfig& config) {
  Match match;
  const bool regexp = config.match_type == "regexp";
  for (auto& [from, into] : {std::pair{&config.services, &match.services_},
                             {&config.span_names, &match.span_names_},
                             {&config.span_kinds, &match.span_kinds_},
                             {&config.log_bodies, &match.log_bodies_},
                             {&config.log_severity_texts, &match.severity_texts_},
                             {&config.metric_names, &match.metric_names_}})
    if (auto ok = compile_texts(*from, regexp, *into); !ok) return fail(std::move(ok.error()));
  if (auto ok = compile_pairs(config.attributes, regexp, *match.arena_, match.attributes_); !ok)
    return fail(std::move(ok.error()));
  if (auto ok = compile_pairs(config.resources, regexp, *match.arena_, match.resources_); !ok)
    return fail(std::move(ok.error()));
  for (const auto& library : config.libraries) {
    auto name = TextMatch::compile(library.name, regexp);
    if (!name) return fail(std::move(name.error()));
    std::optional<TextMatch> version;
    if (library.version) {
      auto made = TextMatch::compile(*library.version, regexp);
      if (!made) return fail(std::move(made.error()));
      version = std::move(*made);
    }
    match.libraries_.emplace_back(std::move(*name), std::move(version));
  }
  if (config.log_severity_number) {
    match.least_severity_ = severity_number(config.log_severity_number->min);
    match.match_undefined_ = config.log_severity_number->match_undefined;
  }
  return match;
}

bool Match::around(const pdata::Resource& resource, const pdata::Scope& scope,
                   const pdata::Map& attributes) const {
  if (!services_.empty()) {
    const auto* name = resource.attributes.find("service.name");
    if (!name || !any(services_, pdata::as_text(*name))) return false;
  }
  const auto all = [](const std::vector<Pair>& pairs, const pdata::Map& map) {
    return std::all_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
      const pdata::Value* there = map.find(pair.key);
      if (!there) return false;
      if (pair.pattern) return (*pair.pattern)(pdata::as_text(*there));
      return !pair.value || pdata::equal(*there, *pair.value);
    });
  };
  if (!all(attributes_, attributes) || !all(resources_, resource.attributes)) return false;
  return libraries_.empty() || std::any_of(libraries_.begin(), libraries_.end(), [&](const auto& library) {
           return library.first(scope.name) && (!library.second || (*library.second)(scope.version));
         });
}

bool Match::log(const pdata::Resource& resource, const pdata::Scope& scope,
                const pdata::LogRecord& record) const {
  if (!log_bodies_.empty() && !any(log_bodies_, pdata::as_text(record.body))) return false;
  if (!any(severity_texts_, record.severity_text)) return false;
  if (least_severity_ &&
      (record.severity_number == 0 ? !match_undefined_ : record.severity_number < *least_severity_))
    return false;
  return around(resource, scope, record.attributes);
}

bool Match::span(const pdata::Resource& resource, const pdata::Scope& scope, const pdata::Span& span) const {
  return any(span_names_, span.name) && any(span_kinds_, kind_name(span.kind)) &&
         around(resource, scope, span.attributes);
}

bool Match::point(const pdata::Resource& resource, const pdata::Scope& scope, const pdata::Metric& metric,
                  const pdata::Map& attributes) const {
  return any(metric_names_, metric.name) && around(resource, scope, attributes);
}

}  // namespace gleaner::match
