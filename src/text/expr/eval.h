#pragma once
// Walking the tree of an expression. Not for other rooms.
#include <span>
#include <vector>

#include "text/expr/ast.h"
#include "text/expr/expr.h"
#include "text/zone.h"

namespace gleaner::text::expr {

/// A value while it is computed: what a record can hold, or one of the kinds that only expressions know.
struct Val {
  enum class Kind : std::uint8_t { value, time, duration, zone };
  Kind kind = Kind::value;
  pdata::Value value;
  std::int64_t nanos = 0;  ///< of a time since 1970, of a duration; kZeroTime = Go's zero time
  Zone zone;               ///< of a time, or the thing itself

  static constexpr std::int64_t kZeroTime = INT64_MIN;
  Val() = default;
  Val(const pdata::Value& v) : value(v) {}
  static Val time(std::int64_t nanos, Zone zone = {});
  static Val duration(std::int64_t nanos);
  bool plain() const { return kind == Kind::value; }
  bool is(pdata::Value::Kind k) const { return plain() && value.kind() == k; }
  bool nil() const { return is(pdata::Value::Kind::empty); }
  bool string() const { return is(pdata::Value::Kind::string); }
  bool integer() const { return is(pdata::Value::Kind::integer); }
  bool real() const { return is(pdata::Value::Kind::real); }
  bool number() const { return integer() || real(); }
  bool array() const { return is(pdata::Value::Kind::array); }
  bool map() const { return is(pdata::Value::Kind::map); }
  double as_double() const { return integer() ? static_cast<double>(value.as_int()) : value.as_real(); }
};

/// As Go's %T names it.
std::string_view type_name(const Val& val);
/// Numbers by value, lists element by element.
bool equal(const Val& a, const Val& b);

/// One run of one expression. Its limits: 1e6 list elements made, 64 MiB of text made, 1e7 loop turns.
class Evaluator {
 public:
  Evaluator(const Environment& environment, Arena& arena, std::uint32_t slots)
      : environment_(environment), arena_(arena), variables_(slots) {}

  /// False when it failed; flaw() says why and where.
  bool run(const Node& node, Val& out);
  const Flaw& flaw() const { return flaw_; }

  // For functions:
  Arena& arena() { return arena_; }
  const Environment& environment() const { return environment_; }
  bool fail(std::string what) {
    flaw_.what = std::move(what);
    return false;
  }
  /// Checks an argument as Go's type assertions do.
  bool want_string(const Val& val) { return val.string() || wrong_type(val, "string"); }
  bool wrong_type(const Val& val, std::string_view wanted);
  /// Takes `count` list elements from the budget.
  bool take(std::size_t count);
  bool take_text(std::size_t bytes);
  bool arithmetic(Op op, const Val& a, const Val& b, Val& out);
  /// -1, 0, 1 in `order`; false with expr's words when they cannot be compared.
  bool compare(std::string_view op, const Val& a, const Val& b, int& order);
  Val text(std::string_view value) { return pdata::Value::string(value); }
  Val copy(std::string_view value) { return pdata::Value::string(arena_.copy(value)); }
  bool fetch(const Val& from, const Val& key, Val& out);
  /// A list; the elements must be plain.
  Val list(std::span<const Val> items);
  pdata::Value plain(const Val& val);

 private:
  struct Scope {
    const pdata::Array* items;
    std::size_t index = 0;
    Val accumulator;
  };
  bool evaluate(const Node& node, Val& out);
  bool name(const Node& node, Val& out);
  bool host_call(const Node& node, Val& out);
  bool unary(const Node& node, Val& out);
  bool binary(const Node& node, Val& out);
  static void nil_when_empty(const Node& node, Val& val);
  bool logic(const Node& node, Val& out);
  bool matches(const Node& node, const Val& a, const Val& b, Val& out);
  bool in(const Node& node, const Val& a, const Val& b, Val& out);
  bool range(const Val& a, const Val& b, Val& out);
  bool member(const Node& node, Val& out);
  bool slice(const Node& node, Val& out);
  bool method(const Node& node, const Val& self, Val& out);
  bool over(const Node& node, Val& out);
  bool want_bool(const Val& val, bool& out);
  bool turn();
  Flaw& at(const Node& node) {
    flaw_.at = node.at;
    return flaw_;
  }

  const Environment& environment_;
  Arena& arena_;
  std::vector<Val> variables_;
  std::vector<Scope> scopes_;
  Flaw flaw_;
  bool placed_ = false;       ///< the place of the flaw is known
  bool chain_ended_ = false;  ///< a ?. met nil; everything up to the chain node is nil
  int chains_ = 0;
  std::size_t elements_ = 0, text_ = 0, turns_ = 0;
};

}  // namespace gleaner::text::expr
