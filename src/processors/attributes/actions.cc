#include "processors/attributes/actions.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gleaner::processors::attributes {
namespace {
using pdata::Value;

/// The SHA-256 of a value in hex; lists, maps and empty values give an empty text, as the reference does.
Value hashed(Arena& arena, const Value& value) {
  std::string input;
  switch (value.kind()) {
    case Value::Kind::string:
    case Value::Kind::bytes:
      input = value.text();
      break;
    case Value::Kind::boolean:
      input.assign(1, value.as_bool() ? '\1' : '\0');
      break;
    case Value::Kind::integer: {
      const auto bits = value.as_int();
      input.assign(reinterpret_cast<const char*>(&bits), 8);
      break;
    }
    case Value::Kind::real: {
      const auto bits = value.as_real();
      input.assign(reinterpret_cast<const char*>(&bits), 8);
      break;
    }
    default:
      return Value::string("");
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(input.data(), input.size(), digest, &size, EVP_sha256(), nullptr);
  return Value::string(arena.copy(pdata::hex({reinterpret_cast<const char*>(digest), size})));
}

/// The value in another type; what cannot be converted stays as it is.
Value converted(Arena& arena, const Value& value, const std::string& type) {
  const bool number = value.kind() == Value::Kind::integer || value.kind() == Value::Kind::boolean;
  if (type == "string") return value.is_string() ? value : Value::string(arena.copy(pdata::as_text(value)));
  if (type == "int") {
    if (number) return Value::integer(value.as_int());
    if (value.kind() == Value::Kind::real && std::fabs(value.as_real()) < 9.2e18)
      return Value::integer(static_cast<std::int64_t>(value.as_real()));
    if (!value.is_string()) return value;
    std::int64_t parsed = 0;
    const auto text = value.text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? Value::integer(parsed)
                                                                                     : value;
  }
  if (number) return Value::real(static_cast<double>(value.as_int()));
  if (!value.is_string()) return value;
  double parsed = 0;
  const auto text = value.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? Value::real(parsed)
                                                                                   : value;
}

std::optional<Value> from_client(Arena& arena, const std::string& source, const Client* client) {
  if (!client) return std::nullopt;
  if (source == "client.address") return Value::string(arena.copy(client->address));
  constexpr std::string_view kMetadata = "metadata.", kAuth = "auth.";
  const std::string_view name(source);
  if (name.starts_with(kAuth)) {
    const std::string* value = client->attribute(name.substr(kAuth.size()));
    if (!value) return std::nullopt;
    return Value::string(arena.copy(*value));
  }
  if (!name.starts_with(kMetadata)) return std::nullopt;
  const auto values = client->header(name.substr(kMetadata.size()));
  if (values.empty()) return std::nullopt;
  return Value::string(arena.copy(fmt::format("{}", fmt::join(values, ";"))));
}

}  // namespace

void ActionConfig::validate(config::Check& check) const {
  const bool setter = action == "insert" || action == "update" || action == "upsert";
  if (action.empty()) return check.error("missing required field \"action\"");
  if (key.empty() && pattern.empty() && !(action == "delete" && !from_context.empty()))
    return check.error("missing required field \"key\"");
  const int sources = check.written("value") + !from_attribute.empty() + !from_context.empty();
  if (setter && sources != 1)
    check.error(
        fmt::format("action \"{}\" takes exactly one of value, from_attribute and from_context", action));
  static constexpr std::string_view kOthers[] = {"delete", "hash", "extract", "convert"};
  const bool known = setter || std::find(std::begin(kOthers), std::end(kOthers), action) != std::end(kOthers);
  if (known && !setter && action != "delete" && sources > 0)
    check.error(fmt::format("action \"{}\" takes no value, from_attribute or from_context", action));
  if (action == "extract" && pattern.empty()) check.error("action \"extract\" needs a pattern");
  if (action == "convert" && converted_type != "int" && converted_type != "double" &&
      converted_type != "string")
    check.error("converted_type", fmt::format("\"{}\" is not one of int, double, string", converted_type));
  if (pattern.empty()) return;
  auto compiled = text::Regex::compile(pattern);
  if (!compiled)
    check.error("pattern", compiled.error().what);
  else if (action == "extract" && compiled->names().empty())
    check.error("pattern", "has no named groups such as (?P<name>...)");
}

Result<Actions> Actions::compile(const std::vector<ActionConfig>& configs) {
  Actions actions;
  for (const auto& config : configs) {
    Action& made = actions.actions_.emplace_back();
    made.kind = static_cast<Kind>(std::find(std::begin(kActions), std::end(kActions), config.action) -
                                  std::begin(kActions));
    made.key = config.key;
    made.from_attribute = config.from_attribute;
    made.from_context = config.from_context;
    made.converted_type = config.converted_type;
    if (!config.value.is_null()) made.value = match::to_value(*actions.arena_, config.value);
    if (!config.default_value.is_null())
      made.fallback = match::to_value(*actions.arena_, config.default_value);
    if (config.pattern.empty()) continue;
    auto pattern = text::Regex::compile(config.pattern);
    if (!pattern) return fail(std::move(pattern.error()));
    made.pattern = std::move(*pattern);
  }
  return actions;
}

void Actions::apply(Arena& arena, pdata::Map& map, const Client* client) const {
  for (const auto& action : actions_) apply_one(action, arena, map, client);
}

void Actions::apply_one(const Action& action, Arena& arena, pdata::Map& map, const Client* client) {
  Value* there = map.find(action.key);
  switch (action.kind) {
    case Kind::insert:
    case Kind::update:
    case Kind::upsert: {
      if ((action.kind == Kind::insert && there) || (action.kind == Kind::update && !there)) return;
      std::optional<Value> value = action.value;
      if (!action.from_attribute.empty()) {
        if (const Value* source = map.find(action.from_attribute)) value = pdata::clone(arena, *source);
      } else if (!action.from_context.empty()) {
        value = from_client(arena, action.from_context, client);
      } else if (value) {
        value = pdata::clone(arena, *value);
      }
      if (!value && action.fallback) value = pdata::clone(arena, *action.fallback);
      if (value) map.set(arena, arena.copy(action.key), *value);
      return;
    }
    case Kind::erase:
      if (!action.key.empty()) map.erase(action.key);
      if (!action.pattern) return;
      for (std::size_t i = map.size(); i-- > 0;)
        if (action.pattern->search(map.items[i].key)) map.items.erase(i);
      return;
    case Kind::hash:
      if (there) *there = hashed(arena, *there);
      if (!action.pattern) return;
      for (auto& [key, value] : map)
        if (key != action.key && action.pattern->search(key)) value = hashed(arena, value);
      return;
    case Kind::convert:
      if (there) *there = converted(arena, *there, action.converted_type);
      return;
    case Kind::extract: {
      if (!there || !there->is_string()) return;
      std::vector<std::string_view> groups(static_cast<std::size_t>(action.pattern->groups()) + 1);
      const std::string_view text = there->text();
      if (!action.pattern->match(text, groups)) return;
      for (const auto& name : action.pattern->names())
        map.set(arena, arena.copy(name.name), Value::string(groups[static_cast<std::size_t>(name.group)]));
      return;
    }
  }
}

}  // namespace gleaner::processors::attributes
