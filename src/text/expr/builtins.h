#pragma once
// The functions of the language. Not for other rooms.
#include <span>

#include "text/expr/ast.h"
#include "text/expr/eval.h"

namespace gleaner::text::expr {

/// A function over values. It reports failures with eval.fail(words).
struct Function {
  using Run = bool (*)(Evaluator& eval, std::span<Val> args, Val& out);
  std::string_view name;
  /// Overloads, separated by '|': one letter an argument. s string, i int, f float, a list, l list of
  /// anything or map..., * anything. Empty = `validate` decides.
  std::string_view takes;
  Type::Is gives;
  Run run;
  /// For functions that want more than types per argument; sets the result's type or the error's words.
  bool (*validate)(std::span<const Type> args, Type& result, std::string& why) = nullptr;
};
/// nullptr when there is none of that name.
const Function* find_function(std::string_view name);

/// Functions that take an expression over the elements of a list.
enum class Over : std::uint8_t {
  all,
  none,
  any,
  one,
  filter,
  map,
  count,
  sum,
  find,
  find_index,
  find_last,
  find_last_index,
  group_by,
  sort_by,
  reduce,
};
struct Predicate {
  std::string_view name;
  Over over;
  bool needs_predicate;
  bool third;  ///< an optional third argument
};
const Predicate* find_predicate(std::string_view name);

}  // namespace gleaner::text::expr
