// How fields take values.
#include "text/ottl/paths.h"

namespace gleaner::text::ottl {
namespace {

bool wrong(Env& env, std::string_view wanted, const Any& got) {
  if (got.is_nil()) return env.fail("setting a value to nil is not supported");
  return env.fail("expects " + std::string(wanted) + " but got " + std::string(got.type()));
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

}  // namespace

bool take(Env& env, const Any& value, std::string_view& into) {
  if (!value.is_string()) return wrong(env, "string", value);
  into = value.text();
  return true;
}
bool take(Env& env, const Any& value, bool& into) {
  if (!value.is(Any::Kind::boolean)) return wrong(env, "bool", value);
  into = value.as_bool();
  return true;
}
bool take(Env& env, const Any& value, double& into) {
  if (!value.is(Any::Kind::real)) return wrong(env, "float64", value);
  into = value.as_real();
  return true;
}
bool take_int(Env& env, const Any& value, std::int64_t& into) {
  if (!value.is(Any::Kind::integer)) return wrong(env, "int64", value);
  into = value.number();
  return true;
}
bool take_time(Env& env, const Any& value, std::uint64_t& into) {
  if (!value.is(Any::Kind::time)) return wrong(env, "time.Time", value);
  into = static_cast<std::uint64_t>(value.number());
  return true;
}
bool take_map(Env& env, const Any& value, pdata::Map& into) {
  if (value.is_nil()) {
    into = {};
    return true;
  }
  if (!value.is(Any::Kind::map))
    return env.fail("unsupported type provided for setting a pcommon.Map: " + std::string(value.type()));
  if (&value.as_map() != &into) into = share(*env.arena, value.as_map());
  return true;
}
bool take_value(Env& env, const Any& value, pdata::Value& into) {
  // A map or list may hold this very value: what it holds then is an empty one, as in the reference.
  if (into.is_empty() && value.is(Any::Kind::map)) into = pdata::Value::new_map(*env.arena);
  if (into.is_empty() && value.is(Any::Kind::list)) into = pdata::Value::new_array(*env.arena);
  pdata::Value made;
  if (!to_value(*env.arena, value, made))
    return env.fail("unsupported type " + std::string(value.type()) + " for set operation");
  into = made;
  return true;
}

template <std::size_t N>
bool take_id(Env& env, const Any& value, pdata::Id<N>& into) {
  const auto kind = N == 16 ? Any::Kind::trace_id : Any::Kind::span_id;
  if (!value.is(kind)) return wrong(env, Any::part(kind, nullptr).type(), value);
  into.assign(std::string(value.id()));
  return true;
}
template <std::size_t N>
bool take_id_text(Env& env, const Any& value, pdata::Id<N>& into) {
  if (!value.is_string()) return wrong(env, "string", value);
  const auto text = value.text();
  if (text.size() != 2 * N) return env.fail("ids must be " + std::to_string(2 * N) + " hex characters");
  char bytes[N];
  for (std::size_t i = 0; i < N; ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return env.fail("an id has a character that is no hex digit");
    bytes[i] = static_cast<char>(high << 4 | low);
  }
  into.assign({bytes, N});
  return true;
}
template bool take_id(Env&, const Any&, pdata::TraceId&);
template bool take_id(Env&, const Any&, pdata::SpanId&);
template bool take_id_text(Env&, const Any&, pdata::TraceId&);
template bool take_id_text(Env&, const Any&, pdata::SpanId&);

namespace {
template <class T, pdata::Value::Kind kKind, class Get>
bool take_list(Env& env, const Any& value, List<T>& into, std::string_view wanted, Get get) {
  if (value.is_nil()) {
    into = {};
    return true;
  }
  if (!value.is(Any::Kind::list))
    return env.fail("cannot set a list of " + std::string(wanted) + " from " + std::string(value.type()));
  List<T> made;
  made.reserve(*env.arena, value.as_list().size());
  for (const auto& item : value.as_list()) {
    if (item.kind() != kKind)
      return env.fail("invalid value type provided for a list of " + std::string(wanted) + ": " +
                      std::string(Any::of(item).type()));
    made.push_back(*env.arena, get(item));
  }
  into = made;
  return true;
}
}  // namespace

bool take_counts(Env& env, const Any& value, List<std::uint64_t>& into) {
  return take_list<std::uint64_t, pdata::Value::Kind::integer>(
      env, value, into, "int64",
      [](const pdata::Value& v) { return static_cast<std::uint64_t>(v.as_int()); });
}
bool take_reals(Env& env, const Any& value, List<double>& into) {
  return take_list<double, pdata::Value::Kind::real>(env, value, into, "float64",
                                                     [](const pdata::Value& v) { return v.as_real(); });
}

}  // namespace gleaner::text::ottl
