#include "stanza/config.h"

#include <algorithm>

namespace gleaner::config::detail {

void TypeOf<stanza::Field>::decode(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) return;
  auto field = stanza::Field::parse(d.text(node));
  if (!field) return d.error(node, field.error().what);
  *static_cast<stanza::Field*>(out) = std::move(*field);
}
std::string TypeOf<stanza::Field>::show(const void* value) {
  return static_cast<const stanza::Field*>(value)->text();
}

void TypeOf<stanza::RootField>::decode(Decoder& d, const Node& node, void* out) {
  if (node.is_null()) return;
  auto field = stanza::Field::parse(d.text(node), true);
  if (!field) return d.error(node, field.error().what);
  static_cast<stanza::RootField*>(out)->field = std::move(*field);
}
std::string TypeOf<stanza::RootField>::show(const void* value) {
  return static_cast<const stanza::RootField*>(value)->field.text();
}

}  // namespace gleaner::config::detail

namespace gleaner::stanza {

std::span<const config::Field> OperatorConfig::fields() {
  static const config::Field kTable[] = {
      config::required<&OperatorConfig::type>("type", "kind of operator"),
      config::field<&OperatorConfig::id>(
          "id", "name for `output` and logs; default: the type, numbered when it repeats"),
      config::field<&OperatorConfig::output>(
          "output", "ids of the operators that follow; default: the next in the list"),
  };
  return kTable;
}

std::span<const config::Field> TransformerConfig::fields() {
  static const config::Field kTable[] = {
      config::squash<&TransformerConfig::common>(),
      config::field<&TransformerConfig::on_error>("on_error", "send, send_quiet, drop or drop_quiet"),
      config::field<&TransformerConfig::condition>(
          "if", "expression; records for which it is false pass unchanged"),
  };
  return kTable;
}

std::span<const config::Field> TimeConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&TimeConfig::parse_from>("parse_from", "where the time is"),
      config::field<&TimeConfig::layout>("layout", "how it is written"),
      config::field<&TimeConfig::layout_type>("layout_type", "strptime, gotime or epoch"),
      config::field<&TimeConfig::location>("location",
                                           "time zone of texts that name none, as in the tz database"),
      config::later("time_zone_locations", "zones of abbreviations"),
      config::later("locale", "language of month and day names"),
  };
  return kTable;
}

std::span<const config::Field> SeverityConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&SeverityConfig::parse_from>("parse_from", "where the severity is"),
      config::field<&SeverityConfig::preset>("preset", "words known from the start: default, otel or none"),
      config::field<&SeverityConfig::mapping>("mapping", "severity: word, number, range or a list of them"),
      config::field<&SeverityConfig::overwrite_text>("overwrite_text",
                                                     "write the canonical name as severity text"),
  };
  return kTable;
}

std::span<const config::Field> FromConfig::fields() {
  static const config::Field kTable[] = {config::field<&FromConfig::parse_from>("parse_from", "where it is")};
  return kTable;
}

std::span<const config::Field> TraceConfig::fields() {
  static const config::Field kTable[] = {
      config::field<&TraceConfig::trace_id>("trace_id", "hex; default: body.trace_id"),
      config::field<&TraceConfig::span_id>("span_id", "hex; default: body.span_id"),
      config::field<&TraceConfig::trace_flags>("trace_flags", "hex; default: body.trace_flags"),
  };
  return kTable;
}

std::span<const config::Field> ParserConfig::fields() {
  static const config::Field kTable[] = {
      config::squash<&ParserConfig::transformer>(),
      config::field<&ParserConfig::parse_from>("parse_from", "what is parsed"),
      config::field<&ParserConfig::parse_to>("parse_to", "where the result goes"),
      config::field<&ParserConfig::body>("body", "field that becomes the body after parsing"),
      config::field<&ParserConfig::timestamp>("timestamp", "sets the timestamp after parsing"),
      config::field<&ParserConfig::severity>("severity", "sets the severity after parsing"),
      config::field<&ParserConfig::trace>("trace", "sets trace and span id after parsing"),
      config::field<&ParserConfig::scope_name>("scope_name", "sets the scope name after parsing"),
  };
  return kTable;
}

std::vector<std::string> split_ids(const std::vector<std::string>& written) {
  std::vector<std::string> ids;
  for (const auto& text : written)
    for (std::size_t from = 0; from <= text.size();) {
      const auto end = std::min(text.find(',', from), text.size());
      std::string_view id(text.data() + from, end - from);
      while (id.starts_with(' ')) id.remove_prefix(1);
      while (id.ends_with(' ')) id.remove_suffix(1);
      if (!id.empty()) ids.emplace_back(id);
      from = end + 1;
    }
  return ids;
}

namespace {

void collect(std::span<const config::Field> fields, std::vector<std::string_view>& keys) {
  for (const auto& field : fields) {
    if (field.squashed)
      collect(field.type->nested(), keys);
    else
      keys.push_back(field.key);
  }
}

/// The fields of the section under `key`, or none.
std::span<const config::Field> nested(std::span<const config::Field> fields, std::string_view key) {
  for (const auto& field : fields) {
    if (field.squashed) {
      if (const auto inner = nested(field.type->nested(), key); !inner.empty()) return inner;
    } else if (field.key == key && field.type && field.type->nested &&
               field.type->shape == config::TypeOps::Shape::section) {
      return field.type->nested();
    }
  }
  return {};
}

void strip(config::Node& node, std::span<const config::Field> fields, const std::string& path,
           config::Problems& problems) {
  if (!node.is_map()) return;
  std::vector<std::string_view> keys;
  collect(fields, keys);
  auto& entries = node.entries();
  for (std::size_t i = 0; i < entries.size();) {
    if (std::find(keys.begin(), keys.end(), entries[i].key) != keys.end()) {
      if (const auto inner = nested(fields, entries[i].key); !inner.empty())
        strip(entries[i].value, inner, path + "::" + entries[i].key, problems);
      ++i;
      continue;
    }
    problems.warning(
        entries[i].mark, path,
        "unknown key \"" + entries[i].key + "\" is ignored" + config::did_you_mean(entries[i].key, keys));
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

config::Node Build::without_unknown(std::span<const config::Field> fields) const {
  config::Node known = node;
  strip(known, fields, path, problems);
  return known;
}

std::nullptr_t Build::error(std::string_view key, std::string what) const {
  const config::Node* value = node.find(key);
  problems.error(value ? value->mark() : node.mark(), value ? path + "::" + std::string(key) : path,
                 std::move(what));
  return nullptr;
}

std::optional<text::expr::Program> Build::condition(std::string_view key, const std::string& source) const {
  auto program = text::expr::Program::compile_bool(source);
  if (program) return std::move(*program);
  error(key, "failed to compile expression '" + source + "': " + program.error().what);
  return std::nullopt;
}

Conditional::Options Build::options(const TransformerConfig& config) const {
  Conditional::Options options;
  if (const auto mode = parse_on_error(config.on_error))
    options.on_error = *mode;
  else
    error("on_error", mode.error().what);
  if (!config.condition.empty()) options.condition = condition("if", config.condition);
  return options;
}

std::optional<TimeBlock> Build::time(const TimeConfig& config) const {
  auto block = TimeBlock::make({config.parse_from, config.layout, config.layout_type, config.location,
                                compat == config::Compat::v0_102});
  if (block) return std::move(*block);
  error("timestamp", block.error().what);
  return std::nullopt;
}

std::optional<SeverityBlock> Build::severity(const SeverityConfig& config) const {
  text::SeverityMap map(config.preset);
  const auto add = [&](int number, const config::Node& value) {
    if (value.is_map()) {
      const auto* low = value.find("min");
      const auto* high = value.find("max");
      if (!low || !high || !low->integer() || !high->integer()) {
        problems.error(value.mark(), path, "a range of severities needs whole numbers min and max");
      } else if (auto ok = map.add_range(number, *low->integer(), *high->integer()); !ok) {
        problems.error(value.mark(), path, ok.error().what);
      }
    } else if (const auto whole = value.integer()) {
      map.add(number, std::to_string(*whole));
    } else if (value.is_scalar() && (value.type() == config::ScalarType::string || value.from_reference())) {
      map.add(number, value.text());
    } else {
      problems.error(value.mark(), path,
                     "a severity is a word, a whole number or {min, max}, or a list of them");
    }
  };
  for (const auto& entry : config.mapping.entries()) {
    const int number = text::SeverityMap::key(entry.key);
    if (number == 0)
      problems.warning(entry.mark, path,
                       "\"" + entry.key + "\" is no severity; what is mapped to it gets the number 0");
    if (entry.value.is_list())
      for (const auto& item : entry.value.items()) add(number, item);
    else
      add(number, entry.value);
  }
  if (!config.parse_from) {
    error("severity", "missing required field 'parse_from'");
    return std::nullopt;
  }
  return SeverityBlock(*config.parse_from, std::move(map), config.overwrite_text);
}

TraceBlock Build::trace(const TraceConfig& config) {
  const auto from = [](const FromConfig& part, const char* name) {
    return part.parse_from.value_or(Field(Field::Root::body, {name}));
  };
  return {from(config.trace_id, "trace_id"), from(config.span_id, "span_id"),
          from(config.trace_flags, "trace_flags")};
}

std::optional<ScopeBlock> Build::scope(const FromConfig& config) const {
  if (config.parse_from) return ScopeBlock(*config.parse_from);
  error("scope_name", "missing required field 'parse_from'");
  return std::nullopt;
}

ParserParts Build::parts(const ParserConfig& config) const {
  ParserParts parts;
  parts.parse_from = config.parse_from;
  parts.parse_to = config.parse_to.field;
  parts.body = config.body;
  if (parts.body && parts.parse_to == Field())
    error("body", "`parse_to: body` not allowed when `body` is configured");
  if (config.timestamp) parts.timestamp = time(*config.timestamp);
  if (config.severity) parts.severity = severity(*config.severity);
  if (config.trace) parts.trace = trace(*config.trace);
  if (config.scope_name) parts.scope_name = scope(*config.scope_name);
  return parts;
}

}  // namespace gleaner::stanza
