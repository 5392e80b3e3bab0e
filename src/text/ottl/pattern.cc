#include "text/ottl/pattern.h"

#include "text/go_format.h"

namespace gleaner::text::ottl {
namespace {

std::size_t pattern_argument(const Call& call) {
  const auto& params = call.function().params;
  std::size_t i = 0;
  while (params[i].name != "Pattern" && params[i].name != "RegexPattern") ++i;
  return i;
}
std::string bad(const Call& call, std::string_view pattern, const std::string& why) {
  return "the regex pattern supplied to " + std::string(call.function().name) + " '" + go_quote(pattern) +
         "' is not a valid pattern: " + why;
}

void put_literal(std::string& out, char c) {
  const bool special = std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos;
  if (special) out += '\\';
  out += c;
}

}  // namespace

Result<> prepare_regex(Call& call) {
  auto state = std::make_unique<RegexState>();
  state->argument = pattern_argument(call);
  if (const auto pattern = call.constant_string(state->argument)) {
    auto made = Regex::compile(*pattern);
    if (!made) return fail(Fault::config, bad(call, *pattern, made.error().what));
    state->regex = std::move(*made);
    state->fixed = true;
  }
  call.state = std::move(state);
  return {};
}

bool regex_of(const Call& call, Env& env, const Regex*& out) {
  auto& state = call.state_as<RegexState>();
  if (!state.fixed) {
    std::string_view pattern;
    if (!call.string(env, state.argument, pattern)) return false;
    if (!state.regex || state.pattern != pattern) {
      auto made = Regex::compile(pattern);
      if (!made) return env.fail(bad(call, pattern, made.error().what));
      state.regex = std::move(*made);
      state.pattern = pattern;
    }
  }
  out = &*state.regex;
  return true;
}

Result<Wildcard> Wildcard::compile(std::string_view pattern) {
  std::string regex = "(?s)^(?:";
  int braces = 0;
  const auto refuse = [&](const char* why) {
    return fail(Fault::config, std::string(why) + " in " + go_quote(pattern));
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*') {
      while (i + 1 < pattern.size() && pattern[i + 1] == '*') ++i;
      regex += ".*";
    } else if (c == '?') {
      regex += '.';
    } else if (c == '\\') {
      if (++i == pattern.size()) return refuse("a backslash at the end");
      put_literal(regex, pattern[i]);
    } else if (c == '[') {
      const auto end = pattern.find(']', i + 1);
      if (end == std::string_view::npos || end == i + 1) return refuse("an open [");
      auto inside = pattern.substr(i + 1, end - i - 1);
      regex += '[';
      if (inside[0] == '!') {
        regex += '^';
        inside.remove_prefix(1);
      }
      if (inside.empty()) return refuse("an empty class");
      for (const char x : inside) {
        if (x == '\\' || x == '[' || x == '^') regex += '\\';
        regex += x;
      }
      regex += ']';
      i = end;
    } else if (c == '{') {
      ++braces;
      regex += "(?:";
    } else if (c == ',' && braces > 0) {
      regex += '|';
    } else if (c == '}') {
      if (--braces < 0) return refuse("a } without {");
      regex += ')';
    } else {
      put_literal(regex, c);
    }
  }
  if (braces > 0) return refuse("an open {");
  auto made = Regex::compile(regex + ")$");
  if (!made) return fail(std::move(made.error()));
  Wildcard out;
  out.regex_ = std::move(*made);
  return out;
}

Result<> prepare_wildcard(Call& call) {
  auto state = std::make_unique<WildcardState>();
  if (const auto pattern = call.constant_string(1)) {
    auto made = Wildcard::compile(*pattern);
    if (!made) return fail(Fault::config, bad(call, *pattern, made.error().what));
    state->wildcard = std::move(*made);
    state->fixed = true;
  }
  call.state = std::move(state);
  return {};
}

bool wildcard_of(const Call& call, Env& env, const Wildcard*& out) {
  auto& state = call.state_as<WildcardState>();
  if (!state.fixed) {
    std::string_view pattern;
    if (!call.string(env, 1, pattern)) return false;
    if (!state.wildcard || state.pattern != pattern) {
      auto made = Wildcard::compile(pattern);
      if (!made) return env.fail(bad(call, pattern, made.error().what));
      state.wildcard = std::move(*made);
      state.pattern = pattern;
    }
  }
  out = &*state.wildcard;
  return true;
}

}  // namespace gleaner::text::ottl
