// Texts.
#include <algorithm>
#include <cmath>

#include "text/go_format.h"
#include "text/ottl/casing.h"
#include "text/ottl/function.h"
#include "text/ottl/printf.h"
#include "text/utf8.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

bool give(Env& env, const std::string& text, Any& out) {
  out = Any::string(env.keep(text));
  return true;
}
bool view(std::string_view text, Any& out) {
  out = Any::string(text);
  return true;
}

bool concat(const Call& call, Env& env, Any& out) {
  std::string_view delimiter;
  if (!call.string(env, 1, delimiter)) return false;
  std::string made;
  const auto& nodes = call.args[0].nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Any value;
    std::optional<std::string_view> text;
    if (!nodes[i]->get(env, value) || !as_string_like(env, value, text)) return false;
    if (i) made += delimiter;
    made += text ? *text : "<nil>";
  }
  return give(env, made, out);
}

bool split(const Call& call, Env& env, Any& out) {
  std::string_view text, delimiter;
  if (!call.string(env, 0, text) || !call.string(env, 1, delimiter)) return false;
  Value made = Value::new_array(*env.arena);
  const auto put = [&](std::string_view part) { made.as_array().push_back(*env.arena, Value::string(part)); };
  if (delimiter.empty()) {  // characters
    while (!text.empty()) {
      const auto size = next_rune(text).size;
      put(text.substr(0, size));
      text.remove_prefix(size);
    }
  } else {
    for (std::size_t at; (at = text.find(delimiter)) != std::string_view::npos;) {
      put(text.substr(0, at));
      text.remove_prefix(at + delimiter.size());
    }
    put(text);
  }
  out = Any::of(made);
  return true;
}

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
bool substring(const Call& call, Env& env, Any& out) {
  std::int64_t start = 0, size = 0;
  std::string_view text;
  if (!call.integer(env, 1, start)) return false;
  if (start < 0)
    return env.fail("invalid start for substring function, " + std::to_string(start) + " cannot be negative");
  if (!call.integer(env, 2, size)) return false;
  if (size <= 0)
    return env.fail("invalid length for substring function, " + std::to_string(size) +
                    " cannot be negative or zero");
  if (!call.string(env, 0, text)) return false;
  const auto have = static_cast<std::int64_t>(text.size());
  if (start > have || size > have - start)
    return env.fail("invalid range for substring function, start(" + std::to_string(start) + ")+length(" +
                    std::to_string(size) + ") cannot be greater than the length of target string(" +
                    std::to_string(have) + ")");
  auto from = static_cast<std::size_t>(start), to = static_cast<std::size_t>(start + size);
  if (call.args[3].number) {
    while (from < text.size() && continuation(text[from])) ++from;
    while (from < to && to < text.size() && continuation(text[to])) --to;
    to = std::max(from, to);
  }
  return view(text.substr(from, to - from), out);
}

/// Whether the character in front of `text` is one of `set`.
bool in_set(std::string_view set, std::string_view character) {
  return set.find(character) != std::string_view::npos;
}
bool trim(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  const auto set = call.text(1, " ");
  while (!text.empty() && in_set(set, text.substr(0, next_rune(text).size)))
    text.remove_prefix(next_rune(text).size);
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && continuation(text[last]) && text.size() - last < 4) --last;
    if (!in_set(set, text.substr(last))) break;
    text = text.substr(0, last);
  }
  return view(text, out);
}
bool trim_prefix(const Call& call, Env& env, Any& out) {
  std::string_view text, prefix;
  if (!call.string(env, 0, text) || !call.string(env, 1, prefix)) return false;
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return view(text, out);
}
bool trim_suffix(const Call& call, Env& env, Any& out) {
  std::string_view text, suffix;
  if (!call.string(env, 0, text) || !call.string(env, 1, suffix)) return false;
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  return view(text, out);
}
bool has_prefix(const Call& call, Env& env, Any& out) {
  std::string_view text, prefix;
  if (!call.string(env, 0, text) || !call.string(env, 1, prefix)) return false;
  out = Any::boolean(text.starts_with(prefix));
  return true;
}
bool has_suffix(const Call& call, Env& env, Any& out) {
  std::string_view text, suffix;
  if (!call.string(env, 0, text) || !call.string(env, 1, suffix)) return false;
  out = Any::boolean(text.ends_with(suffix));
  return true;
}

bool to_lower(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  std::string made;
  append_lower(made, text);
  return give(env, made, out);
}
bool to_upper(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  std::string made;
  append_upper(made, text);
  return give(env, made, out);
}
bool to_snake(const Call& call, Env& env, Any& out) {
  std::string_view text;
  return call.string(env, 0, text) && give(env, snake(text), out);
}
bool to_camel(const Call& call, Env& env, Any& out) {
  std::string_view text;
  return call.string(env, 0, text) && give(env, camel(text), out);
}
bool convert_case(const Call& call, Env& env, Any& out) {
  const auto& to = call.args[1].text;
  if (to == "lower") return to_lower(call, env, out);
  if (to == "upper") return to_upper(call, env, out);
  return to == "snake" ? to_snake(call, env, out) : to_camel(call, env, out);
}
Result<> prepare_case(Call& call) {
  static constexpr std::string_view kCases[] = {"lower", "upper", "snake", "camel"};
  if (std::find(std::begin(kCases), std::end(kCases), call.args[1].text) != std::end(kCases)) return {};
  return fail(Fault::config,
              "invalid case: " + call.args[1].text + ", allowed cases are: lower, upper, snake, camel");
}

bool format(const Call& call, Env& env, Any& out) {
  std::vector<Any> values(call.args[1].nodes.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!call.args[1].nodes[i]->get(env, values[i])) return false;
  return give(env, go_sprintf(call.args[0].text, values), out);
}

bool len(const Call& call, Env& env, Any& out) {
  Any value;
  if (!call.any(env, 0, value)) return false;
  const auto size = length(value);
  if (size < 0) return env.fail("Len: unsupported target type " + std::string(value.type()));
  out = Any::integer(size);
  return true;
}

bool index(const Call& call, Env& env, Any& out) {
  Any target, wanted;
  if (!call.any(env, 0, target) || !call.any(env, 1, wanted)) return false;
  if (target.is_string()) {
    if (!wanted.is_string()) return env.fail("invalid value type for Index function, value must be a string");
    const auto at = target.text().find(wanted.text());
    out = Any::integer(at == std::string_view::npos ? -1 : static_cast<std::int64_t>(at));
    return true;
  }
  pdata::Array* list = nullptr;
  if (!as_list(env, target, list)) return false;
  out = Any::integer(-1);
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (!compare(Any::of((*list)[i]), wanted, Compare::eq)) continue;
    out = Any::integer(static_cast<std::int64_t>(i));
    break;
  }
  return true;
}

bool log_fn(const Call& call, Env& env, Any& out) {
  std::optional<double> value;
  if (!call.real_like(env, 0, value)) return false;
  if (!value) return env.fail("invalid input: nil");
  if (*value <= 0)
    return env.fail("invalid input: expected number greater than zero but got " +
                    pdata::format_double(*value));
  out = Any::real(std::log(*value));
  return true;
}

constexpr ParamRow kTarget{"Target", Param::string};

}  // namespace

std::span<const Function> string_functions() {
  static constexpr Function kRows[] = {
      {"Concat", {{{"Vals", Param::string_likes}, {"Delimiter", Param::string}}}, concat},
      {"Split", {{kTarget, {"Delimiter", Param::string}}}, split},
      {"Substring",
       {{kTarget, {"Start", Param::integer}, {"Length", Param::integer}, {"Utf8Safe", Param::flag, true}}},
       substring},
      {"Trim", {{kTarget, {"Replacement", Param::text, true}}}, trim},
      {"TrimPrefix", {{kTarget, {"Prefix", Param::string}}}, trim_prefix},
      {"TrimSuffix", {{kTarget, {"Suffix", Param::string}}}, trim_suffix},
      {"HasPrefix", {{kTarget, {"Prefix", Param::string}}}, has_prefix},
      {"HasSuffix", {{kTarget, {"Suffix", Param::string}}}, has_suffix},
      {"ConvertCase", {{kTarget, {"ToCase", Param::text}}}, convert_case, prepare_case},
      {"ToLowerCase", {{kTarget}}, to_lower},
      {"ToUpperCase", {{kTarget}}, to_upper},
      {"ToSnakeCase", {{kTarget}}, to_snake},
      {"ToCamelCase", {{kTarget}}, to_camel},
      {"Format", {{{"Format", Param::text}, {"Vals", Param::anys}}}, format},
      {"Len", {{{"Target", Param::any}}}, len},
      {"Index", {{{"Target", Param::any}, {"Value", Param::any}}}, index},
      {"Log", {{{"Target", Param::real_like}}}, log_fn},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
