// Arithmetic, lists, maps, conditions.
#include "text/ottl/node.h"

#include <cmath>
#include <limits>

namespace gleaner::text::ottl {
namespace {

using Kind = Any::Kind;

/// Two's complement, as Go's integers wrap.
std::int64_t wrap(char op, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a), y = static_cast<std::uint64_t>(b);
  return static_cast<std::int64_t>(op == '+' ? x + y : op == '-' ? x - y : x * y);
}
std::int64_t saturating_minus(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (!__builtin_sub_overflow(a, b, &out)) return out;
  return b < 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

bool on_integers(Env& env, char op, std::int64_t a, std::int64_t b, Any& out) {
  if (op == '/') {
    if (b == 0) return env.fail("attempted to divide by 0");
    out = Any::integer(b == -1 ? wrap('-', 0, a) : a / b);
    return true;
  }
  out = Any::integer(wrap(op, a, b));
  return true;
}
bool on_reals(Env& env, char op, double a, double b, Any& out) {
  if (op == '/' && b == 0) return env.fail("attempted to divide by 0");
  out = Any::real(op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b);
  return true;
}

bool is_number(const Any& any) { return any.is(Kind::integer) || any.is(Kind::real); }
double real_of(const Any& any) {
  return any.is(Kind::real) ? any.as_real() : static_cast<double>(any.number());
}

class Math final : public Node {
 public:
  Math(char op, NodePtr left, NodePtr right) : op_(op), left_(std::move(left)), right_(std::move(right)) {}
  bool get(Env& env, Any& out) const override {
    Any left, right;
    return left_->get(env, left) && right_->get(env, right) && arithmetic(env, op_, left, right, out);
  }

 private:
  const char op_;
  const NodePtr left_, right_;
};

class Negate final : public Node {
 public:
  explicit Negate(NodePtr inner) : inner_(std::move(inner)) {}
  bool get(Env& env, Any& out) const override {
    Any value;
    if (!inner_->get(env, value)) return false;
    if (value.is(Kind::integer))
      out = Any::integer(wrap('-', 0, value.number()));
    else if (value.is(Kind::real))
      out = Any::real(-value.as_real());
    else
      return env.fail("unsupported unary minus operation on type " + std::string(value.type()));
    return true;
  }

 private:
  const NodePtr inner_;
};

class ListNode final : public Node {
 public:
  explicit ListNode(std::vector<NodePtr> items) : items_(std::move(items)) {}
  bool get(Env& env, Any& out) const override {
    pdata::Value made = pdata::Value::new_array(*env.arena);
    made.as_array().reserve(*env.arena, items_.size());
    for (const auto& item : items_) {
      Any value;
      pdata::Value element;
      if (!item->get(env, value)) return false;
      if (!to_value(*env.arena, value, element))
        return env.fail("a list cannot hold " + std::string(value.type()));
      made.as_array().push_back(*env.arena, element);
    }
    out = Any::of(made);
    return true;
  }

 private:
  const std::vector<NodePtr> items_;
};

class MapNode final : public Node {
 public:
  MapNode(std::vector<std::string_view> names, std::vector<NodePtr> items)
      : names_(std::move(names)), items_(std::move(items)) {}
  bool get(Env& env, Any& out) const override {
    pdata::Value made = pdata::Value::new_map(*env.arena);
    made.as_map().items.reserve(*env.arena, items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      Any value;
      pdata::Value element;
      if (!items_[i]->get(env, value)) return false;
      if (!to_value(*env.arena, value, element))
        return env.fail("a map cannot hold " + std::string(value.type()));
      made.as_map().set(*env.arena, names_[i], element);
    }
    out = Any::of(made);
    return true;
  }

 private:
  const std::vector<std::string_view> names_;
  const std::vector<NodePtr> items_;
};

/// Runs a node whose parts are constants, once.
Result<NodePtr> folded(Arena& arena, NodePtr node) {
  Env env(arena);
  Any value;
  if (!node->get(env, value)) return fail(Fault::config, env.error);
  return NodePtr(std::make_unique<Constant>(value));
}

bool all_constant(const std::vector<NodePtr>& items) {
  for (const auto& item : items)
    if (!item->constant()) return false;
  return true;
}

class ConstantTest final : public Test {
 public:
  explicit ConstantTest(bool value) : value_(value) {}
  bool test(Env&, bool& out) const override {
    out = value_;
    return true;
  }
  std::optional<bool> constant() const override { return value_; }

 private:
  const bool value_;
};

class NotTest final : public Test {
 public:
  explicit NotTest(TestPtr inner) : inner_(std::move(inner)) {}
  bool test(Env& env, bool& out) const override {
    if (!inner_->test(env, out)) return false;
    out = !out;
    return true;
  }

 private:
  const TestPtr inner_;
};

class ChainTest final : public Test {
 public:
  ChainTest(bool every, std::vector<TestPtr> parts) : every_(every), parts_(std::move(parts)) {}
  bool test(Env& env, bool& out) const override {
    for (const auto& part : parts_) {
      if (!part->test(env, out)) return false;
      if (out != every_) return true;
    }
    return true;
  }

 private:
  const bool every_;
  const std::vector<TestPtr> parts_;
};

class CompareTest final : public Test {
 public:
  CompareTest(Compare op, NodePtr left, NodePtr right)
      : op_(op), left_(std::move(left)), right_(std::move(right)) {}
  bool test(Env& env, bool& out) const override {
    Any left, right;
    if (!left_->get(env, left) || !right_->get(env, right)) return false;
    out = compare(left, right, op_);
    return true;
  }

 private:
  const Compare op_;
  const NodePtr left_, right_;
};

class CallTest final : public Test {
 public:
  explicit CallTest(NodePtr call) : call_(std::move(call)) {}
  bool test(Env& env, bool& out) const override {
    Any value;
    if (!call_->get(env, value)) return false;
    if (!value.is(Kind::boolean))
      return env.fail("value returned from Converter in constant expression must be bool but got " +
                      std::string(value.type()));
    out = value.as_bool();
    return true;
  }

 private:
  const NodePtr call_;
};

}  // namespace

bool arithmetic(Env& env, char op, const Any& x, const Any& y, Any& out) {
  if (x.is(Kind::integer) && y.is(Kind::integer)) return on_integers(env, op, x.number(), y.number(), out);
  if (is_number(x) && is_number(y)) return on_reals(env, op, real_of(x), real_of(y), out);
  if (is_number(x)) return env.fail(std::string(y.type()) + " must be int64 or float64");
  const bool x_time = x.is(Kind::time), y_time = y.is(Kind::time), y_span = y.is(Kind::duration);
  if (!x_time && !x.is(Kind::duration))
    return env.fail(std::string(x.type()) + " must be int64, float64, time.Time or time.Duration");
  if (op != '+' && op != '-')
    return env.fail("only addition and subtraction supported for time.Time and time.Duration");
  if (x_time && y_time && op == '-')
    out = Any::duration(saturating_minus(x.number(), y.number()));
  else if (x_time && y_span)
    out = Any::time(wrap(op, x.number(), y.number()), x.zone_offset());
  else if (!x_time && y_span)
    out = Any::duration(wrap(op, x.number(), y.number()));
  else if (!x_time && y_time && op == '+')
    out = Any::time(wrap('+', x.number(), y.number()), y.zone_offset());
  else
    return env.fail(std::string(y.type()) + " cannot be " + (op == '+' ? "added to " : "subtracted from ") +
                    std::string(x.type()));
  return true;
}

NodePtr make_math(char op, NodePtr left, NodePtr right) {
  return std::make_unique<Math>(op, std::move(left), std::move(right));
}
NodePtr make_negate(NodePtr inner) { return std::make_unique<Negate>(std::move(inner)); }

Result<NodePtr> make_list(Arena& arena, std::vector<NodePtr> items) {
  const bool constant = all_constant(items);
  NodePtr made = std::make_unique<ListNode>(std::move(items));
  if (!constant) return made;
  return folded(arena, std::move(made));
}
Result<NodePtr> make_map(Arena& arena, std::vector<std::string_view> names, std::vector<NodePtr> items) {
  const bool constant = all_constant(items);
  NodePtr made = std::make_unique<MapNode>(std::move(names), std::move(items));
  if (!constant) return made;
  return folded(arena, std::move(made));
}

TestPtr make_constant_test(bool value) { return std::make_unique<ConstantTest>(value); }
TestPtr make_not(TestPtr inner) {
  if (const auto value = inner->constant()) return make_constant_test(!*value);
  return std::make_unique<NotTest>(std::move(inner));
}
TestPtr make_chain(bool every, std::vector<TestPtr> parts) {
  std::vector<TestPtr> open;
  for (auto& part : parts) {
    const auto value = part->constant();
    if (!value)
      open.push_back(std::move(part));
    else if (*value != every)
      return make_constant_test(!every);
  }
  if (open.empty()) return make_constant_test(every);
  if (open.size() == 1) return std::move(open.front());
  return std::make_unique<ChainTest>(every, std::move(open));
}
TestPtr make_compare(Compare op, NodePtr left, NodePtr right) {
  if (left->constant() && right->constant())
    return make_constant_test(compare(*left->constant(), *right->constant(), op));
  return std::make_unique<CompareTest>(op, std::move(left), std::move(right));
}
TestPtr make_call_test(NodePtr call) { return std::make_unique<CallTest>(std::move(call)); }

}  // namespace gleaner::text::ottl
