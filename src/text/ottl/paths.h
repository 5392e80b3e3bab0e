#pragma once
// The fields of records by their names in the language.
#include <span>

#include "text/ottl/env.h"

namespace gleaner::text::ottl {

/// One field. Exactly one of three ways to reach it: get and set; a map (keys go on inside it); a value.
struct PathRow {
  std::string_view name;  ///< without its context: "trace_id.string"
  bool (*get)(Env& env, Any& out) = nullptr;
  bool (*set)(Env& env, const Any& value) = nullptr;
  pdata::Map* (*map)(Env& env) = nullptr;
  pdata::Value* (*value)(Env& env) = nullptr;
  void (*touch)(Env& env) = nullptr;  ///< after the value was set
  bool trace_state = false;           ///< one key, which is a text
};

/// The fields of a context's own record; those around it are the tables of their contexts.
std::span<const PathRow> log_paths();
std::span<const PathRow> span_paths();
std::span<const PathRow> event_paths();
std::span<const PathRow> metric_paths();
std::span<const PathRow> point_paths();
std::span<const PathRow> exemplar_paths();
std::span<const PathRow> resource_paths();
std::span<const PathRow> scope_paths();

/// What stands under `key` in a W3C trace state ("" when nothing does), and the state with it put in front.
/// @return false when the state is not one (get) or would not be one (put)
bool trace_state_get(std::string_view state, std::string_view key, std::string_view& out);
bool trace_state_put(std::string_view state, std::string_view key, std::string_view value, std::string& out);

// How fields take values: the type must be the field's own, nothing is converted.
bool take(Env& env, const Any& value, std::string_view& into);
bool take(Env& env, const Any& value, bool& into);
bool take(Env& env, const Any& value, double& into);
bool take_int(Env& env, const Any& value, std::int64_t& into);
bool take_time(Env& env, const Any& value, std::uint64_t& into);
bool take_map(Env& env, const Any& value, pdata::Map& into);
bool take_value(Env& env, const Any& value, pdata::Value& into);
template <class Int>
bool take(Env& env, const Any& value, Int& into) {
  std::int64_t number = 0;
  if (!take_int(env, value, number)) return false;
  into = static_cast<Int>(number);
  return true;
}
/// An id of N bytes, or its hex digits.
template <std::size_t N>
bool take_id(Env& env, const Any& value, pdata::Id<N>& into);
template <std::size_t N>
bool take_id_text(Env& env, const Any& value, pdata::Id<N>& into);
extern template bool take_id(Env&, const Any&, pdata::TraceId&);
extern template bool take_id(Env&, const Any&, pdata::SpanId&);
extern template bool take_id_text(Env&, const Any&, pdata::TraceId&);
extern template bool take_id_text(Env&, const Any&, pdata::SpanId&);
/// A list of whole numbers or of doubles.
bool take_counts(Env& env, const Any& value, List<std::uint64_t>& into);
bool take_reals(Env& env, const Any& value, List<double>& into);
/// A list of the same parts: events to events, links to links.
template <class T>
bool take_parts(Env& env, const Any& value, Any::Kind kind, List<T>& into) {
  if (value.is_nil()) {
    into = {};
    return true;
  }
  if (!value.is(kind))
    return env.fail("expects " + std::string(Any::part(kind, nullptr).type()) + " but got " +
                    std::string(value.type()));
  const auto& from = *static_cast<const List<T>*>(value.at());
  if (&from == &into) return true;
  List<T> copy;
  copy.reserve(*env.arena, from.size());
  for (const auto& item : from) {
    T& made = copy.push_back(*env.arena, item);
    if constexpr (requires { made.attributes; }) made.attributes = share(*env.arena, made.attributes);
  }
  into = copy;
  return true;
}

}  // namespace gleaner::text::ottl
