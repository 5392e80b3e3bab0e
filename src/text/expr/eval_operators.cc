// What stands between two values: comparisons, arithmetic, matches, in, ranges.
#include <cmath>

#include "text/expr/eval.h"

namespace gleaner::text::expr {

using VK = pdata::Value::Kind;

bool Evaluator::binary(const Node& node, Val& out) {
  Val a, b;
  if (!evaluate(*node.kids[0], a) || !evaluate(*node.kids[1], b)) return false;
  const auto truth = [&](bool value) {
    out = pdata::Value::boolean(value);
    return true;
  };
  switch (node.op) {
    case Op::equal:
    case Op::unequal:
      nil_when_empty(*node.kids[0], a);
      nil_when_empty(*node.kids[1], b);
      return truth(equal(a, b) == (node.op == Op::equal));
    case Op::less:
    case Op::more:
    case Op::less_equal:
    case Op::more_equal: {
      if (a.number() && b.number() && (a.real() || b.real())) {
        const double x = a.as_double(), y = b.as_double();
        return truth(node.op == Op::less         ? x < y
                     : node.op == Op::more       ? x > y
                     : node.op == Op::less_equal ? x <= y
                                                 : x >= y);
      }
      int order = 0;
      if (!compare(node.text, a, b, order)) return false;
      return truth(node.op == Op::less         ? order < 0
                   : node.op == Op::more       ? order > 0
                   : node.op == Op::less_equal ? order <= 0
                                               : order >= 0);
    }
    case Op::in:
      return in(node, a, b, out);
    case Op::matches:
      return matches(node, a, b, out);
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with: {
      if (a.nil() || b.nil()) return truth(false);
      if (!want_string(a) || !want_string(b)) return false;
      const auto whole = a.value.text(), part = b.value.text();
      return truth(node.op == Op::contains      ? whole.find(part) != std::string_view::npos
                   : node.op == Op::starts_with ? whole.starts_with(part)
                                                : whole.ends_with(part));
    }
    case Op::range:
      return range(a, b, out);
    default:
      return arithmetic(node.op, a, b, out);
  }
}

bool Evaluator::compare(std::string_view op, const Val& a, const Val& b, int& order) {
  const auto sign = [&](auto x, auto y) {
    order = x < y ? -1 : x > y ? 1 : 0;
    return true;
  };
  if (a.integer() && b.integer()) return sign(a.value.as_int(), b.value.as_int());
  if (a.number() && b.number()) return sign(a.as_double(), b.as_double());
  if (a.string() && b.string()) return sign(a.value.text(), b.value.text());
  if (a.kind == b.kind && (a.kind == Val::Kind::time || a.kind == Val::Kind::duration))
    return sign(a.nanos, b.nanos);
  return fail("invalid operation: " + std::string(type_name(a)) + " " + std::string(op) + " " +
              std::string(type_name(b)));
}

bool Evaluator::arithmetic(Op op, const Val& a, const Val& b, Val& out) {
  static constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "%", "**"};
  const auto refuse = [&] {
    return fail("invalid operation: " + std::string(type_name(a)) + " " +
                std::string(kSigns[static_cast<int>(op) - static_cast<int>(Op::add)]) + " " +
                std::string(type_name(b)));
  };
  const auto wrapped = [](std::uint64_t v) { return static_cast<std::int64_t>(v); };
  if (op == Op::power) {
    for (const Val* side : {&a, &b})
      if (!side->number()) return fail("invalid operation: float(" + std::string(type_name(*side)) + ")");
    out = pdata::Value::real(std::pow(a.as_double(), b.as_double()));
    return true;
  }
  if (a.number() && b.number()) {
    if (op == Op::divide) {
      out = pdata::Value::real(a.as_double() / b.as_double());
      return true;
    }
    if (a.integer() && b.integer()) {
      const auto x = static_cast<std::uint64_t>(a.value.as_int()),
                 y = static_cast<std::uint64_t>(b.value.as_int());
      if (op == Op::modulo) {
        if (y == 0) return fail("runtime error: integer divide by zero");
        out = pdata::Value::integer(b.value.as_int() == -1 ? 0 : a.value.as_int() % b.value.as_int());
      } else {
        out = pdata::Value::integer(wrapped(op == Op::add ? x + y : op == Op::subtract ? x - y : x * y));
      }
      return true;
    }
    if (op == Op::modulo) return refuse();
    const double x = a.as_double(), y = b.as_double();
    out = pdata::Value::real(op == Op::add ? x + y : op == Op::subtract ? x - y : x * y);
    return true;
  }
  if (op == Op::add && a.string() && b.string()) {
    const auto x = a.value.text(), y = b.value.text();
    if (!take_text(x.size() + y.size())) return false;
    char* to = static_cast<char*>(arena_.allocate(x.size() + y.size() + 1, 1));
    x.copy(to, x.size());
    y.copy(to + x.size(), y.size());
    out = text({to, x.size() + y.size()});
    return true;
  }
  const bool time_a = a.kind == Val::Kind::time, time_b = b.kind == Val::Kind::time;
  const bool span_a = a.kind == Val::Kind::duration, span_b = b.kind == Val::Kind::duration;
  const auto sum = [&](std::uint64_t x, std::uint64_t y) { return wrapped(x + y); };
  const auto na = static_cast<std::uint64_t>(a.nanos), nb = static_cast<std::uint64_t>(b.nanos);
  if (op == Op::add && (time_a || span_a) && (time_b || span_b) && !(time_a && time_b)) {
    out = time_a || time_b ? Val::time(sum(na, nb), time_a ? a.zone : b.zone) : Val::duration(sum(na, nb));
    return true;
  }
  if (op == Op::subtract && ((time_a && (time_b || span_b)) || (span_a && span_b))) {
    out = time_a && span_b ? Val::time(sum(na, ~nb + 1), a.zone) : Val::duration(sum(na, ~nb + 1));
    return true;
  }
  if (op == Op::multiply && ((span_a && (b.number() || span_b)) || (span_b && a.number()))) {
    const double x = span_a ? static_cast<double>(a.nanos) : a.as_double(),
                 y = span_b ? static_cast<double>(b.nanos) : b.as_double();
    const double product = x * y;
    out = Val::duration(std::fabs(product) < 9.2e18 ? static_cast<std::int64_t>(product) : INT64_MAX);
    return true;
  }
  return refuse();
}

bool Evaluator::matches(const Node& node, const Val& a, const Val& b, Val& out) {
  out = pdata::Value::boolean(false);
  if (a.nil() || b.nil()) return true;
  if (!a.string() && !a.is(VK::bytes)) return wrong_type(a, "[]uint8");
  if (node.regex) {
    out = pdata::Value::boolean(node.regex->search(a.value.text()));
    return true;
  }
  if (!want_string(b)) return false;
  const auto regex = Regex::compile(b.value.text());
  if (!regex) return fail(regex.error().what);
  out = pdata::Value::boolean(regex->search(a.value.text()));
  return true;
}

bool Evaluator::in(const Node& node, const Val& a, const Val& b, Val& out) {
  out = pdata::Value::boolean(false);
  if (b.nil()) return true;
  const auto no_key = [&] {
    return fail("reflect.Value.MapIndex: value of type " + std::string(type_name(a)) +
                " is not assignable to type string");
  };
  if (b.map()) {
    if (!a.nil() && !a.string()) return no_key();
    out = pdata::Value::boolean(b.value.as_map().find(a.nil() ? std::string_view("") : a.value.text()) !=
                                nullptr);
    return true;
  }
  if (!b.array()) return fail("operator \"in\" not defined on " + std::string(type_name(b)));
  // expr-lang makes a set of a list of string literals, and a set has no place for other kinds.
  const Node& right = *node.kids[1];
  if (right.kind == Node::Kind::array && !right.kids.empty() && !a.nil() && !a.string()) {
    bool literals = true;
    for (const auto& kid : right.kids)
      literals = literals && kid->kind == Node::Kind::constant && kid->value.is_string();
    if (literals) return no_key();
  }
  for (const auto& item : b.value.as_array())
    if (equal(Val(item), a)) {
      out = pdata::Value::boolean(true);
      break;
    }
  return true;
}

bool Evaluator::range(const Val& a, const Val& b, Val& out) {
  for (const Val* side : {&a, &b})
    if (!side->number()) return fail("invalid operation: int(" + std::string(type_name(*side)) + ")");
  const auto whole = [](const Val& v) {
    return v.integer()                           ? v.value.as_int()
           : std::fabs(v.value.as_real()) < 9e18 ? static_cast<std::int64_t>(v.value.as_real())
                                                 : INT64_MIN;
  };
  const std::int64_t low = whole(a), high = whole(b);
  auto value = pdata::Value::new_array(arena_);
  if (high >= low) {
    const auto size = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (!take(size >= 1'000'000 ? 1'000'000 : size + 1)) return false;
    value.as_array().reserve(arena_, size + 1);
    for (std::uint64_t i = 0; i <= size; ++i)
      value.as_array().push_back(arena_, pdata::Value::integer(low + static_cast<std::int64_t>(i)));
  }
  out = value;
  return true;
}

}  // namespace gleaner::text::expr
