// Editors that replace texts by pattern.
#include <algorithm>

#include "text/ottl/function.h"
#include "text/ottl/pattern.h"
#include "text/utf8.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

/// Arguments behind the pattern are the same for all four: Replacement, Function, ReplacementFormat.
struct Parts {
  std::size_t replacement, function, format;
};
constexpr Parts kMatch{2, 3, 4}, kAllPatterns{3, 4, 5};

/// "%s" exactly once and no other verb.
bool valid_format(std::string_view format) {
  const auto at = format.find('%');
  return at != std::string_view::npos && format.substr(at, 2) == "%s" &&
         format.find('%', at + 2) == std::string_view::npos;
}

bool formatted(const Call& call, Env& env, std::size_t argument, std::string_view text, std::string& out) {
  if (!call.given(argument)) {
    out += text;
    return true;
  }
  std::string_view format;
  if (!call.string(env, argument, format)) return false;
  if (!valid_format(format))
    return env.fail(
        "replacementFormat must be format string containing a single %s and no other format specifiers");
  const auto at = format.find("%s");
  out.append(format.substr(0, at)).append(text).append(format.substr(at + 2));
  return true;
}

/// Appends what the function argument makes of `text`, formatted.
bool through_function(const Call& call, Env& env, const Parts& parts, std::string_view text,
                      std::string& out) {
  const Call& inner = *call.args[parts.function].inner;
  static_cast<Slot&>(*inner.args[0].node).value = Any::string(text);
  Any made;
  if (!inner.get(env, made)) return false;
  if (!made.is_string()) return env.fail("the replacement value must be a string");
  return formatted(call, env, parts.format, made.text(), out);
}

/// `text` with every match replaced.
bool replaced(const Call& call, Env& env, const Parts& parts, const Regex& regex,
              const Replacement& replacement, std::string_view text, std::string& out) {
  if (!call.given(parts.function)) {
    replacement.replace_all(regex, text, out);
    return true;
  }
  std::vector<std::string_view> groups(replacement.groups());
  std::string expanded;
  std::size_t copied = 0, last_end = std::string_view::npos;
  for (std::size_t at = 0; at <= text.size() && regex.match(text, groups, at);) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const auto end = begin + groups[0].size();
    // An empty match directly behind a match is none.
    const bool counts = end != at || begin != last_end;
    at = end > at ? end : at + std::max(1u, next_rune(text.substr(at)).size);
    last_end = end;
    if (!counts) continue;
    out.append(text.substr(copied, begin - copied));
    expanded.clear();
    replacement.expand(groups, expanded);
    if (!through_function(call, env, parts, expanded, out)) return false;
    copied = end;
  }
  out.append(text.substr(copied));
  return true;
}

bool replace_pattern(const Call& call, Env& env, Any&) {
  Any target;
  if (!call.any(env, 0, target)) return false;
  if (target.is_nil()) return true;
  std::string_view with;
  if (!call.string(env, kMatch.replacement, with)) return false;
  if (!target.is_string()) return true;
  const Regex* regex = nullptr;
  if (!regex_of(call, env, regex)) return false;
  if (!regex->search(target.text())) return true;
  std::string made;
  if (!replaced(call, env, kMatch, *regex, Replacement(*regex, with), target.text(), made)) return false;
  return call.set(env, 0, Any::string(env.keep(made)));
}

bool replace_all_patterns(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  std::string_view with;
  const Regex* regex = nullptr;
  if (!call.map(env, 0, map) || !call.string(env, kAllPatterns.replacement, with) ||
      !regex_of(call, env, regex))
    return false;
  const Replacement replacement(*regex, with);
  const auto change = [&](std::string_view text, std::string& out) {
    return replaced(call, env, kAllPatterns, *regex, replacement, text, out);
  };
  std::string made;
  if (call.args[1].text == "value") {
    for (auto& [key, value] : *map) {
      if (!value.is_string() || !regex->search(value.text())) continue;
      made.clear();
      if (change(value.text(), made)) value = Value::string(env.keep(made));
    }
    return true;
  }
  pdata::Map updated;
  for (const auto& [key, value] : *map) {
    if (!regex->search(key)) {
      updated.set(*env.arena, key, value);
      continue;
    }
    made.clear();
    if (change(key, made)) updated.set(*env.arena, env.keep(made), value);
  }
  *map = updated;
  return true;
}
Result<> prepare_all_patterns(Call& call) {
  const auto& mode = call.args[1].text;
  if (mode != "key" && mode != "value")
    return fail(Fault::config, "invalid mode " + mode + ", must be either 'key' or 'value'");
  return prepare_regex(call);
}

/// What matches are replaced with: the replacement, or what the function makes of it.
bool whole_replacement(const Call& call, Env& env, std::string_view& out) {
  if (!call.string(env, kMatch.replacement, out)) return false;
  if (!call.given(kMatch.function)) return true;
  std::string made;
  if (!through_function(call, env, kMatch, out, made)) return false;
  out = env.keep(made);
  return true;
}

bool replace_match(const Call& call, Env& env, Any&) {
  const Wildcard* wildcard = nullptr;
  Any target;
  std::string_view with;
  if (!wildcard_of(call, env, wildcard) || !call.any(env, 0, target) || !whole_replacement(call, env, with))
    return false;
  if (!target.is_string() || !wildcard->match(target.text())) return true;
  return call.set(env, 0, Any::string(with));
}

bool replace_all_matches(const Call& call, Env& env, Any&) {
  const Wildcard* wildcard = nullptr;
  pdata::Map* map = nullptr;
  std::string_view with;
  if (!wildcard_of(call, env, wildcard) || !call.map(env, 0, map) || !whole_replacement(call, env, with))
    return false;
  for (auto& [key, value] : *map)
    if (value.is_string() && wildcard->match(value.text())) value = Value::string(with);
  return true;
}

}  // namespace

std::span<const Function> replace_functions() {
  static constexpr Function kRows[] = {
      {"replace_pattern",
       {{{"Target", Param::path},
         {"RegexPattern", Param::string},
         {"Replacement", Param::string},
         {"Function", Param::function, true},
         {"ReplacementFormat", Param::string, true}}},
       replace_pattern,
       prepare_regex},
      {"replace_all_patterns",
       {{{"Target", Param::map_path},
         {"Mode", Param::text},
         {"RegexPattern", Param::string},
         {"Replacement", Param::string},
         {"Function", Param::function, true},
         {"ReplacementFormat", Param::string, true}}},
       replace_all_patterns,
       prepare_all_patterns},
      {"replace_match",
       {{{"Target", Param::path},
         {"Pattern", Param::string},
         {"Replacement", Param::string},
         {"Function", Param::function, true},
         {"ReplacementFormat", Param::string, true}}},
       replace_match,
       prepare_wildcard},
      {"replace_all_matches",
       {{{"Target", Param::map_path},
         {"Pattern", Param::string},
         {"Replacement", Param::string},
         {"Function", Param::function, true},
         {"ReplacementFormat", Param::string, true}}},
       replace_all_matches,
       prepare_wildcard},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
