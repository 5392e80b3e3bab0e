// Texts to values.
#include <algorithm>

#include "text/csv_row.h"
#include "text/json.h"
#include "text/key_values.h"
#include "text/ottl/function.h"
#include "text/ottl/grok.h"
#include "text/ottl/pattern.h"
#include "text/utf8.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

struct JsonState : CallState {
  JsonReader reader;
};
Result<> prepare_json(Call& call) {
  call.state = std::make_unique<JsonState>();
  return {};
}
bool parse_json(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  auto made = call.state_as<JsonState>().reader.read(text, *env.arena);
  if (!made) return env.fail(made.error().what);
  out = Any::of(*made);
  if (out.is(Any::Kind::map) || out.is(Any::Kind::list)) return true;
  return env.fail("could not convert parsed value of type " + std::string(out.type()) + " to JSON object");
}

bool parse_key_value(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  if (text.empty()) return env.fail("cannot parse from empty target");
  Value made = Value::new_map(*env.arena);
  std::string why;
  if (!parse_key_values(text, call.text(1, "="), call.text(2, " "), *env.arena, made.as_map(), why))
    return env.fail("failed to split pairs into key-values: " + why);
  out = Any::of(made);
  return true;
}
Result<> prepare_key_value(Call& call) {
  for (const std::size_t i : {1, 2})
    if (call.given(i) && call.args[i].text.empty())
      return fail(Fault::config, "a delimiter cannot be set to an empty string");
  if (call.text(1, "=") == call.text(2, " "))
    return fail(Fault::config, "pair delimiter cannot be equal to delimiter");
  return {};
}

bool parse_csv(const Call& call, Env& env, Any& out) {
  std::string_view text, header;
  if (!call.string(env, 0, text) || !call.string(env, 1, header)) return false;
  if (header.empty()) return env.fail("headers must not be an empty string");
  const auto delimiter = call.text(2, ","), between = call.text(3, delimiter), mode = call.text(4, "strict");
  const auto cut = [](std::string_view from, std::string_view at, std::vector<std::string_view>& parts) {
    for (std::size_t end; (end = from.find(at)) != std::string_view::npos;
         from.remove_prefix(end + at.size()))
      parts.push_back(from.substr(0, end));
    parts.push_back(from);
  };
  std::vector<std::string_view> names, fields;
  cut(header, between, names);
  std::string why;
  if (mode == "ignoreQuotes")
    cut(text, delimiter, fields);
  else if (!read_csv_row(text, delimiter, mode == "lazyQuotes", *env.arena, fields, why))
    return env.fail(why);
  if (names.size() != fields.size())
    return env.fail("wrong number of fields: expected " + std::to_string(names.size()) + ", found " +
                    std::to_string(fields.size()));
  Value made = Value::new_map(*env.arena);
  for (std::size_t i = 0; i < names.size(); ++i)
    made.as_map().set(*env.arena, names[i], Value::string(fields[i]));
  out = Any::of(made);
  return true;
}
Result<> prepare_csv(Call& call) {
  if (call.given(2) && count_runes(call.args[2].text) != 1)
    return fail(Fault::config, "invalid arguments: delimiter must be a single character");
  if (call.given(3) && count_runes(call.args[3].text) != 1)
    return fail(Fault::config, "invalid arguments: header_delimiter must be a single character");
  const auto mode = call.text(4, "strict");
  if (mode != "strict" && mode != "lazyQuotes" && mode != "ignoreQuotes")
    return fail(Fault::config, "unknown mode: " + std::string(mode));
  return {};
}

bool extract_patterns(const Call& call, Env& env, Any& out) {
  const Regex* regex = nullptr;
  std::string_view text;
  if (!regex_of(call, env, regex)) return false;
  if (regex->names().empty())
    return env.fail("at least 1 named capture group must be supplied in the given regex");
  if (!call.string(env, 0, text)) return false;
  Value made = Value::new_map(*env.arena);
  std::vector<std::string_view> groups(static_cast<std::size_t>(regex->groups()) + 1);
  if (regex->match(text, groups))
    for (const auto& name : regex->names())
      made.as_map().set(*env.arena, env.keep(name.name),
                        Value::string(groups[static_cast<std::size_t>(name.group)]));
  out = Any::of(made);
  return true;
}

struct GrokState : CallState {
  Grok grok;
  std::string pattern;
  bool compiled = false, fixed = false;
};
bool grok_patterns(const Call& call, Env& env, Any& out) {
  auto& state = call.state_as<GrokState>();
  if (!state.fixed) {
    std::string_view pattern;
    if (!call.string(env, 1, pattern)) return false;
    if (!state.compiled || state.pattern != pattern) {
      state.compiled = false;
      if (auto ok = state.grok.compile(pattern, call.args[2].number != 0); !ok)
        return env.fail(ok.error().what);
      state.pattern = pattern;
      state.compiled = true;
    }
  }
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  Value made = Value::new_map(*env.arena);
  std::string why;
  if (!state.grok.parse(text, *env.arena, made.as_map(), why)) return env.fail(why);
  out = Any::of(made);
  return true;
}
Result<> prepare_grok(Call& call) {
  auto state = std::make_unique<GrokState>();
  for (std::size_t i = 0; i < call.args[3].texts.size(); ++i) {
    const auto& definition = call.args[3].texts[i];
    const auto equal = definition.find('=');
    if (equal == std::string::npos)
      return fail(Fault::config, "pattern supplied to ExtractGrokPatterns at index " + std::to_string(i) +
                                     " has incorrect format, expecting PATTERNNAME=pattern definition");
    const auto name = definition.substr(0, equal);
    if (name.find(':') != std::string::npos)
      return fail(Fault::config, "pattern ID \"" + name + "\" should not contain ':'");
    state->grok.define(name, definition.substr(equal + 1));
  }
  if (const auto pattern = call.constant_string(1)) {
    if (auto ok = state->grok.compile(*pattern, call.args[2].number != 0); !ok) return ok;
    state->compiled = state->fixed = true;
  }
  call.state = std::move(state);
  return {};
}

/// One level of ParseSeverity's mapping, as far as it was read.
struct Level {
  std::string_view name;
  std::vector<std::string_view> equals;
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
};
struct SeverityState : CallState {
  std::vector<Level> levels;
  std::string flaw;  ///< what every evaluation answers, as the reference does
};
std::string read_criteria(const pdata::Map& map, Level& level) {
  if (const Value* equals = map.find("equals")) {
    if (!equals->is_array()) return "equals must be a list";
    for (const auto& word : equals->as_array()) {
      if (!word.is_string()) return "equals values must be strings";
      level.equals.push_back(word.text());
    }
  }
  const Value* range = map.find("range");
  if (!range) return {};
  if (range->is_string()) {
    const auto word = range->text();
    if (word.size() != 3 || word[0] < '2' || word[0] > '5' || word.substr(1) != "xx")
      return "unknown range placeholder: " + std::string(word);
    level.ranges.emplace_back((word[0] - '0') * 100, (word[0] - '0') * 100 + 99);
    return {};
  }
  if (!range->is_map()) return "range must be a map or a known placeholder string";
  const Value *least = range->as_map().find("min"), *most = range->as_map().find("max");
  if (!least) return "range must have a min value";
  if (!most) return "range must have a max value";
  if (least->kind() != Value::Kind::integer) return "min must be an int64";
  if (most->kind() != Value::Kind::integer) return "max must be an int64";
  level.ranges.emplace_back(least->as_int(), most->as_int());
  return {};
}
Result<> prepare_severity(Call& call) {
  auto state = std::make_unique<SeverityState>();
  const Any* mapping = call.args[1].node->constant();
  if (!mapping) {
    state->flaw = "severity mapping must be a literal PMap";
  } else {
    for (const auto& [name, criteria] : mapping->as_map()) {
      Level& level = state->levels.emplace_back();
      level.name = name;
      if (!criteria.is_array()) {
        state->flaw = "severity mapping criteria must be []any";
        break;
      }
      for (const auto& one : criteria.as_array()) {
        const std::string why = one.is_map() ? read_criteria(one.as_map(), level)
                                             : "severity mapping criteria items must be map[string]any";
        if (!why.empty()) state->flaw = "invalid severity mapping criteria: " + why;
      }
    }
  }
  call.state = std::move(state);
  return {};
}
bool parse_severity(const Call& call, Env& env, Any& out) {
  const auto& state = call.state_as<SeverityState>();
  if (!state.flaw.empty()) return env.fail(state.flaw);
  Any value;
  if (!call.any(env, 0, value)) return false;
  if (!value.is_string() && !value.is(Any::Kind::integer))
    return env.fail("could not map log level: unsupported value type: " + std::string(value.type()));
  for (const auto& level : state.levels) {
    const bool found =
        value.is_string()
            ? std::find(level.equals.begin(), level.equals.end(), value.text()) != level.equals.end()
            : std::any_of(level.ranges.begin(), level.ranges.end(), [&](const auto& range) {
                return value.number() >= range.first && value.number() <= range.second;
              });
    if (!found) continue;
    out = Any::string(level.name);
    return true;
  }
  return env.fail("could not map log level: no matching log level found");
}

}  // namespace

std::span<const Function> parse_functions() {
  static constexpr Function kRows[] = {
      {"ParseJSON", {{{"Target", Param::string}}}, parse_json, prepare_json},
      {"ParseKeyValue",
       {{{"Target", Param::string}, {"Delimiter", Param::text, true}, {"PairDelimiter", Param::text, true}}},
       parse_key_value,
       prepare_key_value},
      {"ParseCSV",
       {{{"Target", Param::string},
         {"Header", Param::string},
         {"Delimiter", Param::text, true},
         {"HeaderDelimiter", Param::text, true},
         {"Mode", Param::text, true}}},
       parse_csv,
       prepare_csv},
      {"ExtractPatterns",
       {{{"Target", Param::string}, {"Pattern", Param::string}}},
       extract_patterns,
       prepare_regex},
      {"ExtractGrokPatterns",
       {{{"Target", Param::string},
         {"Pattern", Param::string},
         {"NamedCapturesOnly", Param::flag, true},
         {"PatternDefinitions", Param::texts, true}}},
       grok_patterns,
       prepare_grok},
      {"ParseSeverity",
       {{{"Target", Param::any}, {"Mapping", Param::map}}},
       parse_severity,
       prepare_severity},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
