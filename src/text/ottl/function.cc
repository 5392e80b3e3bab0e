#include "text/ottl/function.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "text/ottl/numbers.h"

namespace gleaner::text::ottl {
namespace {

using Kind = Any::Kind;

bool expected(Env& env, std::string_view wanted, const Any& got) {
  return env.fail("expected " + std::string(wanted) + " but got " + std::string(got.type()));
}
bool unsupported(Env& env, const Any& got) {
  return env.fail("unsupported type: " + std::string(got.type()));
}

std::string_view big_endian(Arena& arena, std::uint64_t bits) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(bits >> (56 - 8 * i));
  return arena.copy({bytes, 8});
}

bool as_integer(Env& env, const Any& value, std::int64_t& out) {
  if (!value.is(Kind::integer)) return expected(env, "int64", value);
  out = value.number();
  return true;
}
bool as_int_like(Env& env, const Any& value, std::optional<std::int64_t>& out) {
  out.reset();
  switch (value.kind()) {
    case Kind::nil:
      return true;
    case Kind::integer:
    case Kind::boolean:
      out = value.number();
      return true;
    case Kind::real:
      out = truncated(value.as_real());
      return true;
    case Kind::string:
      // A text that is no number is nothing, not an error.
      if (std::int64_t number = 0; parse_int(value.text(), 10, number) == NumberFlaw::none) out = number;
      return true;
    default:
      return unsupported(env, value);
  }
}
bool as_real_like(Env& env, const Any& value, std::optional<double>& out) {
  out.reset();
  switch (value.kind()) {
    case Kind::nil:
      return true;
    case Kind::integer:
    case Kind::boolean:
      out = static_cast<double>(value.number());
      return true;
    case Kind::real:
      out = value.as_real();
      return true;
    case Kind::string: {
      double number = 0;
      if (!parse_real(value.text(), number))
        return env.fail("\"" + std::string(value.text()) + "\" is not a number");
      out = number;
      return true;
    }
    default:
      return unsupported(env, value);
  }
}
bool as_bool_like(Env& env, const Any& value, std::optional<bool>& out) {
  out.reset();
  switch (value.kind()) {
    case Kind::nil:
      return true;
    case Kind::integer:
    case Kind::boolean:
      out = value.number() != 0;
      return true;
    case Kind::real:
      out = value.as_real() != 0;
      return true;
    case Kind::string: {
      static constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "true", "True"};
      static constexpr std::string_view kFalse[] = {"0", "f", "F", "FALSE", "false", "False"};
      const auto among = [&](auto& words) {
        return std::find(std::begin(words), std::end(words), value.text()) != std::end(words);
      };
      if (!among(kTrue) && !among(kFalse))
        return env.fail("\"" + std::string(value.text()) + "\" is neither true nor false");
      out = among(kTrue);
      return true;
    }
    default:
      return unsupported(env, value);
  }
}
bool as_bytes_like(Env& env, const Any& value, std::string_view& out) {
  switch (value.kind()) {
    case Kind::nil:
      out = {};
      return true;
    case Kind::bytes:
    case Kind::string:
      out = value.text();
      return true;
    case Kind::integer:
      out = big_endian(*env.arena, static_cast<std::uint64_t>(value.number()));
      return true;
    case Kind::real: {
      std::uint64_t bits = 0;
      const double real = value.as_real();
      std::memcpy(&bits, &real, 8);
      out = big_endian(*env.arena, bits);
      return true;
    }
    case Kind::boolean:
      out = value.as_bool() ? std::string_view("\1", 1) : std::string_view("\0", 1);
      return true;
    default:
      return unsupported(env, value);
  }
}
bool as_map(Env& env, const Any& value, pdata::Map*& out) {
  if (!value.is(Kind::map)) return expected(env, "pcommon.Map", value);
  out = &value.as_map();
  return true;
}

}  // namespace

bool as_string(Env& env, const Any& value, std::string_view& out) {
  if (!value.is_string()) return expected(env, "string", value);
  out = value.text();
  return true;
}
bool as_string_like(Env& env, const Any& value, std::optional<std::string_view>& out) {
  out.reset();
  if (value.is_nil()) return true;
  if (value.is_string()) {
    out = value.text();
    return true;
  }
  std::string text;
  if (!append_string_like(text, value)) return unsupported(env, value);
  out = env.keep(text);
  return true;
}
bool as_list(Env& env, const Any& value, pdata::Array*& out) {
  if (!value.is(Kind::list)) return expected(env, "pcommon.Slice", value);
  out = &value.as_list();
  return true;
}

bool Call::string(Env& env, std::size_t i, std::string_view& out) const {
  Any value;
  return any(env, i, value) && as_string(env, value, out);
}
bool Call::string_like(Env& env, std::size_t i, std::optional<std::string_view>& out) const {
  Any value;
  return any(env, i, value) && as_string_like(env, value, out);
}
bool Call::integer(Env& env, std::size_t i, std::int64_t& out) const {
  Any value;
  return any(env, i, value) && as_integer(env, value, out);
}
bool Call::int_like(Env& env, std::size_t i, std::optional<std::int64_t>& out) const {
  Any value;
  return any(env, i, value) && as_int_like(env, value, out);
}
bool Call::real(Env& env, std::size_t i, double& out) const {
  Any value;
  if (!any(env, i, value)) return false;
  if (!value.is(Kind::real)) return expected(env, "float64", value);
  out = value.as_real();
  return true;
}
bool Call::real_like(Env& env, std::size_t i, std::optional<double>& out) const {
  Any value;
  return any(env, i, value) && as_real_like(env, value, out);
}
bool Call::bool_like(Env& env, std::size_t i, std::optional<bool>& out) const {
  Any value;
  return any(env, i, value) && as_bool_like(env, value, out);
}
bool Call::bytes_like(Env& env, std::size_t i, std::string_view& out) const {
  Any value;
  return any(env, i, value) && as_bytes_like(env, value, out);
}
bool Call::map(Env& env, std::size_t i, pdata::Map*& out) const {
  Any value;
  return any(env, i, value) && as_map(env, value, out);
}
bool Call::list(Env& env, std::size_t i, pdata::Array*& out) const {
  Any value;
  return any(env, i, value) && as_list(env, value, out);
}
bool Call::time(Env& env, std::size_t i, Any& out) const {
  return any(env, i, out) && (out.is(Kind::time) || expected(env, "time", out));
}
bool Call::duration(Env& env, std::size_t i, std::int64_t& out) const {
  Any value;
  if (!any(env, i, value)) return false;
  if (!value.is(Kind::duration)) return expected(env, "duration", value);
  out = value.number();
  return true;
}
std::optional<std::string_view> Call::constant_string(std::size_t i) const {
  const Any* value = args[i].given && args[i].node ? args[i].node->constant() : nullptr;
  if (!value || !value->is_string()) return std::nullopt;
  return value->text();
}

bool fits(Arena& arena, Param type, const Any& value, std::string& error) {
  Env env(arena);
  std::string_view text;
  std::optional<std::string_view> maybe_text;
  std::int64_t number = 0;
  std::optional<std::int64_t> maybe_number;
  std::optional<double> maybe_real;
  std::optional<bool> maybe_bool;
  pdata::Map* map = nullptr;
  pdata::Array* list = nullptr;
  const auto ok = [&] {
    switch (type) {
      case Param::string:
      case Param::strings:
        return as_string(env, value, text);
      case Param::string_like:
      case Param::string_likes:
        return as_string_like(env, value, maybe_text);
      case Param::integer:
        return as_integer(env, value, number);
      case Param::int_like:
        return as_int_like(env, value, maybe_number);
      case Param::real:
        return value.is(Kind::real) || expected(env, "float64", value);
      case Param::real_like:
        return as_real_like(env, value, maybe_real);
      case Param::boolean:
        return value.is(Kind::boolean) || expected(env, "bool", value);
      case Param::bool_like:
        return as_bool_like(env, value, maybe_bool);
      case Param::bytes_like:
        return as_bytes_like(env, value, text);
      case Param::map:
        return as_map(env, value, map);
      case Param::list:
        return as_list(env, value, list);
      case Param::time:
        return value.is(Kind::time) || expected(env, "time", value);
      case Param::duration:
        return value.is(Kind::duration) || expected(env, "duration", value);
      default:
        return true;
    }
  }();
  if (!ok) error = env.error;
  return ok;
}

const Function* find_function(std::string_view name) {
  static const auto kAll = [] {
    std::unordered_map<std::string_view, const Function*> all;
    for (const auto table :
         {editor_functions(), replace_functions(), conversion_functions(), string_functions(),
          collection_functions(), parse_functions(), hash_functions(), id_functions(), time_functions(),
          net_functions(), xml_functions(), metric_functions(), log_line_functions(), span_functions()})
      for (const auto& function : table) all.emplace(function.name, &function);
    return all;
  }();
  const auto found = kAll.find(name);
  return found == kAll.end() ? nullptr : found->second;
}

}  // namespace gleaner::text::ottl
