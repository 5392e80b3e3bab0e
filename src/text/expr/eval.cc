#include "text/expr/eval.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/duration.h"
#include "text/expr/builtins.h"
#include "text/go_format.h"

namespace gleaner::text::expr {

using VK = pdata::Value::Kind;

Val Val::time(std::int64_t nanos, Zone zone) {
  Val val;
  val.kind = Kind::time;
  val.nanos = nanos;
  val.zone = zone;
  return val;
}

Val Val::duration(std::int64_t nanos) {
  Val val;
  val.kind = Kind::duration;
  val.nanos = nanos;
  return val;
}

std::string_view type_name(const Val& val) {
  if (val.kind == Val::Kind::time) return "time.Time";
  if (val.kind == Val::Kind::duration) return "time.Duration";
  if (val.kind == Val::Kind::zone) return "*time.Location";
  return val.integer() ? "int" : go_type(val.value);
}

bool equal(const Val& a, const Val& b) {
  if (!a.plain() || !b.plain()) return a.kind == b.kind && a.nanos == b.nanos;
  if (a.number() && b.number())
    return a.integer() && b.integer() ? a.value.as_int() == b.value.as_int() : a.as_double() == b.as_double();
  if (a.array() && b.array()) {
    const auto &x = a.value.as_array(), &y = b.value.as_array();
    if (x.size() != y.size()) return false;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!equal(Val(x[i]), Val(y[i]))) return false;
    return true;
  }
  return pdata::equal(a.value, b.value);
}

bool Evaluator::run(const Node& node, Val& out) { return evaluate(node, out); }

bool Evaluator::wrong_type(const Val& val, std::string_view wanted) {
  return fail("interface conversion: interface {} is " + std::string(val.nil() ? "nil" : type_name(val)) +
              ", not " + std::string(wanted));
}

bool Evaluator::want_bool(const Val& val, bool& out) {
  if (!val.is(VK::boolean)) return wrong_type(val, "bool");
  out = val.value.as_bool();
  return true;
}

bool Evaluator::take(std::size_t count) {
  elements_ += std::min<std::size_t>(count, 1u << 30);
  return elements_ < 1'000'000 || fail("memory budget exceeded");
}

bool Evaluator::take_text(std::size_t bytes) {
  text_ += std::min<std::size_t>(bytes, 1u << 30);
  return text_ <= (64u << 20) || fail("memory budget exceeded");
}

bool Evaluator::turn() { return ++turns_ < 10'000'000 || fail("expression takes too many steps"); }

Val Evaluator::list(std::span<const Val> items) {
  auto value = pdata::Value::new_array(arena_);
  value.as_array().reserve(arena_, items.size());
  for (const auto& item : items) value.as_array().push_back(arena_, plain(item));
  return value;
}

/// What a record can hold: times and durations become the text that Go prints.
pdata::Value Evaluator::plain(const Val& val) {
  if (val.plain()) return val.value;
  if (val.kind == Val::Kind::duration)
    return copy(format_duration(std::chrono::nanoseconds(val.nanos))).value;
  if (val.kind == Val::Kind::zone) return text("UTC").value;
  if (val.nanos == Val::kZeroTime) return text("0001-01-01 00:00:00 +0000 UTC").value;
  std::int64_t seconds = val.nanos / 1'000'000'000, part = val.nanos % 1'000'000'000;
  if (part < 0) --seconds, part += 1'000'000'000;
  const int offset = val.zone.offset_at(seconds);
  const std::int64_t wall = seconds + offset, day = (wall - (((wall % 86400) + 86400) % 86400)) / 86400,
                     clock = wall - day * 86400;
  const Civil date = civil_from_days(day);
  char buffer[96];
  int size =
      std::snprintf(buffer, sizeof buffer, "%04lld-%02u-%02u %02d:%02d:%02d",
                    static_cast<long long>(date.year), date.month, date.day, static_cast<int>(clock / 3600),
                    static_cast<int>(clock / 60 % 60), static_cast<int>(clock % 60));
  if (part) {
    size += std::snprintf(buffer + size, sizeof buffer - static_cast<std::size_t>(size), ".%09lld",
                          static_cast<long long>(part));
    while (buffer[size - 1] == '0') --size;
  }
  const int minutes = std::abs(offset) / 60;
  size += std::snprintf(buffer + size, sizeof buffer - static_cast<std::size_t>(size), " %c%02d%02d%s",
                        offset < 0 ? '-' : '+', minutes / 60, minutes % 60, offset == 0 ? " UTC" : "");
  return copy({buffer, static_cast<std::size_t>(size)}).value;
}

bool Evaluator::evaluate(const Node& node, Val& out) {
  const auto placed = [&](bool ok) {
    if (!ok && !placed_) {
      placed_ = true;
      flaw_.at = node.at;
    }
    return ok;
  };
  switch (node.kind) {
    case Node::Kind::constant:
      out = node.value;
      return true;
    case Node::Kind::name:
      return placed(name(node, out));
    case Node::Kind::variable:
      out = variables_[node.slot];
      return true;
    case Node::Kind::pointer: {
      const Scope& scope = scopes_.back();
      if (node.text == "acc")
        out = scope.accumulator;
      else if (node.text == "index")
        out = pdata::Value::integer(static_cast<std::int64_t>(scope.index));
      else
        out = (*scope.items)[scope.index];
      return true;
    }
    case Node::Kind::array: {
      if (!placed(take(node.kids.size()))) return false;
      auto value = pdata::Value::new_array(arena_);
      for (const auto& kid : node.kids) {
        Val item;
        if (!evaluate(*kid, item)) return false;
        value.as_array().push_back(arena_, plain(item));
      }
      out = value;
      return true;
    }
    case Node::Kind::map: {
      if (!placed(take(node.kids.size()))) return false;
      auto value = pdata::Value::new_map(arena_);
      for (std::size_t i = 0; i + 1 < node.kids.size(); i += 2) {
        Val key, item;
        if (!evaluate(*node.kids[i], key) || !evaluate(*node.kids[i + 1], item)) return false;
        if (!placed(want_string(key))) return false;
        value.as_map().set(arena_, key.value.text(), plain(item));
      }
      out = value;
      return true;
    }
    case Node::Kind::unary:
      return placed(unary(node, out));
    case Node::Kind::binary:
      return placed(node.op == Op::or_ || node.op == Op::and_ || node.op == Op::coalesce ? logic(node, out)
                                                                                         : binary(node, out));
    case Node::Kind::chain: {
      ++chains_;
      const bool ok = evaluate(*node.kids[0], out);
      --chains_;
      if (chain_ended_) out = Val();
      chain_ended_ = false;
      return ok;
    }
    case Node::Kind::member:
      return placed(member(node, out));
    case Node::Kind::slice:
      return placed(slice(node, out));
    case Node::Kind::call: {
      if (environment_.host && !node.method) return placed(host_call(node, out));
      Val first;
      for (std::size_t i = 0; i < node.kids.size(); ++i) {
        Val argument;
        if (!evaluate(*node.kids[i], argument)) return false;
        if (i == 0) first = argument;
        if (chain_ended_) return true;
        if (i == 0 && node.optional && first.nil() && chains_ > 0) {
          chain_ended_ = true;
          return true;
        }
      }
      if (node.method) return placed(method(node, first, out));
      return placed(fail("invalid operation: cannot call nil"));
    }
    case Node::Kind::environment: {
      Val key;
      if (node.kids.size() != 1)
        return placed(
            fail("invalid number of arguments: expected 1, got " + std::to_string(node.kids.size())));
      if (!evaluate(*node.kids[0], key)) return false;
      if (!key.string())
        return placed(fail("reflect: Call using " + std::string(type_name(key)) + " as type string"));
      const char* value = std::getenv(std::string(key.value.text()).c_str());
      out = value ? copy(value) : text("");
      return true;
    }
    case Node::Kind::builtin: {
      if (!node.function) return placed(over(node, out));
      Val few[4];
      std::vector<Val> many;
      Val* arguments = few;
      if (node.kids.size() > 4) {
        many.resize(node.kids.size());
        arguments = many.data();
      }
      for (std::size_t i = 0; i < node.kids.size(); ++i)
        if (!evaluate(*node.kids[i], arguments[i])) return false;
      return placed(node.function->run(*this, {arguments, node.kids.size()}, out));
    }
    case Node::Kind::predicate:
      return evaluate(*node.kids[0], out);
    case Node::Kind::let:
      return evaluate(*node.kids[0], variables_[node.slot]) && evaluate(*node.kids[1], out);
    case Node::Kind::sequence:
      for (const auto& kid : node.kids)
        if (!evaluate(*kid, out)) return false;
      return true;
    case Node::Kind::conditional: {
      Val condition;
      bool yes = false;
      if (!evaluate(*node.kids[0], condition)) return false;
      if (!placed(want_bool(condition, yes))) return false;
      return evaluate(*node.kids[yes ? 1 : 2], out);
    }
  }
  return false;
}

bool Evaluator::name(const Node& node, Val& out) {
  const auto map = [](const pdata::Map* m) {
    return m ? Val(pdata::Value::map(const_cast<pdata::Map*>(m))) : Val();
  };
  const auto timestamp = [&] {
    return Val::time(environment_.timestamp ? static_cast<std::int64_t>(environment_.timestamp)
                                            : Val::kZeroTime);
  };
  const std::string_view name = node.text;
  if (name == "body" || name == "$") {
    out = environment_.body;
  } else if (name == "attributes") {
    out = map(environment_.attributes);
  } else if (name == "resource") {
    out = map(environment_.resource);
  } else if (name == "timestamp") {
    out = timestamp();
  } else if (name == "$env") {
    auto all = pdata::Value::new_map(arena_);
    all.as_map().set(arena_, "$", environment_.body);
    all.as_map().set(arena_, "body", environment_.body);
    all.as_map().set(arena_, "attributes", map(environment_.attributes).value);
    all.as_map().set(arena_, "resource", map(environment_.resource).value);
    all.as_map().set(arena_, "timestamp", plain(timestamp()));
    out = all;
  } else {
    pdata::Value own;
    if (environment_.host && !environment_.host->name(name, own))
      return fail("cannot fetch " + node.text + " from the environment");
    out = own;
  }
  return true;
}

bool Evaluator::host_call(const Node& node, Val& out) {
  std::vector<pdata::Value> arguments;
  arguments.reserve(node.kids.size());
  for (const auto& kid : node.kids) {
    Val argument;
    if (!evaluate(*kid, argument)) return false;
    arguments.push_back(plain(argument));
  }
  pdata::Value result;
  std::string flaw;
  if (!environment_.host->call(node.text, arguments, result, flaw))
    return fail("invalid operation: cannot call nil");
  if (!flaw.empty()) return fail(std::move(flaw));
  out = result;
  return true;
}

bool Evaluator::unary(const Node& node, Val& out) {
  Val value;
  if (!evaluate(*node.kids[0], value)) return false;
  if (node.op == Op::not_) {
    bool truth = false;
    if (!want_bool(value, truth)) return false;
    out = pdata::Value::boolean(!truth);
    return true;
  }
  if (node.op == Op::plus) {
    out = value;
    return true;
  }
  if (value.real()) {
    out = pdata::Value::real(-value.value.as_real());
  } else if (value.integer()) {
    out = pdata::Value::integer(static_cast<std::int64_t>(-static_cast<std::uint64_t>(value.value.as_int())));
  } else {
    return fail("invalid operation: - " + std::string(type_name(value)));
  }
  return true;
}

/// Maps of the environment are nil in the reference until something is put into them: attributes == nil.
void Evaluator::nil_when_empty(const Node& node, Val& val) {
  if (node.kind == Node::Kind::name && val.map() && val.value.as_map().empty()) val = {};
}

bool Evaluator::logic(const Node& node, Val& out) {
  if (!evaluate(*node.kids[0], out)) return false;
  if (node.op == Op::coalesce) nil_when_empty(*node.kids[0], out);
  if (node.op == Op::coalesce) return out.nil() ? evaluate(*node.kids[1], out) : true;
  bool truth = false;
  if (!want_bool(out, truth)) return false;
  return truth == (node.op == Op::or_) || evaluate(*node.kids[1], out);
}

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

bool Evaluator::fetch(const Val& from, const Val& key, Val& out) {
  if (from.map()) {
    if (!key.nil() && !key.string())
      return fail("reflect.Value.MapIndex: value of type " + std::string(type_name(key)) +
                  " is not assignable to type string");
    const pdata::Value* value = from.value.as_map().find(key.nil() ? std::string_view("") : key.value.text());
    out = value ? Val(*value) : Val();
    return true;
  }
  if (from.array() || from.string() || from.is(VK::bytes)) {
    if (!key.number()) return fail("invalid operation: int(" + std::string(type_name(key)) + ")");
    const auto size =
        static_cast<std::int64_t>(from.array() ? from.value.as_array().size() : from.value.text().size());
    std::int64_t index = key.integer() ? key.value.as_int()
                         : std::fabs(key.value.as_real()) < 9e18
                             ? static_cast<std::int64_t>(key.value.as_real())
                             : INT64_MIN / 2;
    if (index < 0) index += size;
    if (index < 0 || index >= size)
      return fail("index out of range: " + std::to_string(index) + " (array length is " +
                  std::to_string(size) + ")");
    const auto i = static_cast<std::size_t>(index);
    out = from.array() ? Val(from.value.as_array()[i])
                       : Val(pdata::Value::integer(static_cast<unsigned char>(from.value.text()[i])));
    return true;
  }
  return fail("cannot fetch " + go_text(plain(key)) + " from " + std::string(type_name(from)));
}

bool Evaluator::member(const Node& node, Val& out) {
  Val base, key;
  if (!evaluate(*node.kids[0], base)) return false;
  if (chain_ended_) return true;
  if (node.optional && base.nil() && chains_ > 0) {
    chain_ended_ = true;
    return true;
  }
  const Node& property = *node.kids[1];
  if (property.kind == Node::Kind::constant)
    key = property.value;
  else {
    // A chain inside the brackets is its own.
    const int chains = std::exchange(chains_, 0);
    const bool ok = evaluate(property, key);
    chains_ = chains;
    if (!ok) return false;
  }
  return fetch(base, key, out);
}

bool Evaluator::slice(const Node& node, Val& out) {
  Val base, from, to;
  if (!evaluate(*node.kids[0], base)) return false;
  if (node.kids[2] && !evaluate(*node.kids[2], to)) return false;
  if (node.kids[1] && !evaluate(*node.kids[1], from)) return false;
  const bool textual = base.string() || base.is(VK::bytes);
  if (!textual && !base.array()) {
    return fail(node.kids[2] ? "cannot slice " + (node.kids[1] ? go_text(plain(from)) : "0")
                             : "invalid argument for len (type " + std::string(type_name(base)) + ")");
  }
  const auto size =
      static_cast<std::int64_t>(textual ? base.value.text().size() : base.value.as_array().size());
  std::int64_t ends[2] = {0, size};
  const Val* given[2] = {&from, &to};
  for (std::size_t i = 0; i < 2; ++i) {
    if (!node.kids[i + 1]) continue;
    const Val& v = *given[i];
    if (!v.number()) return fail("invalid operation: int(" + std::string(type_name(v)) + ")");
    ends[i] = v.integer()                           ? v.value.as_int()
              : std::fabs(v.value.as_real()) < 9e18 ? static_cast<std::int64_t>(v.value.as_real())
                                                    : 0;
    if (ends[i] < 0) ends[i] = std::max<std::int64_t>(ends[i] + size, 0);
  }
  const std::int64_t b = std::min(ends[1], size), a = std::min(ends[0], b);
  const auto start = static_cast<std::size_t>(a), count = static_cast<std::size_t>(b - a);
  if (textual) {
    const auto part = base.value.text().substr(start, count);
    out = base.string() ? pdata::Value::string(part) : pdata::Value::bytes(part);
    return true;
  }
  if (!take(count)) return false;
  auto value = pdata::Value::new_array(arena_);
  value.as_array().reserve(arena_, count);
  for (std::size_t i = 0; i < count; ++i)
    value.as_array().push_back(arena_, base.value.as_array()[start + i]);
  out = value;
  return true;
}

/// The methods of Go's time.Time and time.Duration that give numbers or bools.
bool Evaluator::method(const Node& node, const Val& self, Val& out) {
  const std::string_view name = node.text;
  const auto number = [&](std::int64_t value) {
    out = pdata::Value::integer(value);
    return true;
  };
  if (self.kind == Val::Kind::duration) {
    const auto real = [&](double unit) {
      out = pdata::Value::real(static_cast<double>(self.nanos) / unit);
      return true;
    };
    if (name == "Hours") return real(3600e9);
    if (name == "Minutes") return real(60e9);
    if (name == "Seconds") return real(1e9);
    if (name == "Milliseconds") return number(self.nanos / 1000000);
    if (name == "Microseconds") return number(self.nanos / 1000);
    if (name == "Nanoseconds") return number(self.nanos);
    if (name == "String") return out = plain(self), true;
  }
  if (self.kind == Val::Kind::time) {
    if (name == "IsZero") return out = pdata::Value::boolean(self.nanos == Val::kZeroTime), true;
    if (name == "String") return out = plain(self), true;
    if (name == "UTC") return out = Val::time(self.nanos), true;
    const bool zero = self.nanos == Val::kZeroTime;
    std::int64_t seconds = self.nanos / 1'000'000'000, part = self.nanos % 1'000'000'000;
    if (part < 0) --seconds, part += 1'000'000'000;
    if (zero) seconds = -62135596800, part = 0;
    if (name == "Unix") return number(seconds);
    if (name == "UnixMilli") return number(seconds * 1000 + part / 1000000);
    if (name == "UnixMicro") return number(seconds * 1000000 + part / 1000);
    if (name == "UnixNano") return number(self.nanos);
    const std::int64_t wall = seconds + self.zone.offset_at(seconds),
                       clock = ((wall % 86400) + 86400) % 86400, day = (wall - clock) / 86400;
    const Civil date = civil_from_days(day);
    if (name == "Year") return number(date.year);
    if (name == "Month") return number(date.month);
    if (name == "Day") return number(date.day);
    if (name == "Hour") return number(clock / 3600);
    if (name == "Minute") return number(clock / 60 % 60);
    if (name == "Second") return number(clock % 60);
    if (name == "Nanosecond") return number(part);
    if (name == "Weekday") return number(((day + 4) % 7 + 7) % 7);
    if (name == "YearDay") return number(day - days_from_civil(date.year, 1, 1) + 1);
  }
  if (self.map()) {
    const pdata::Value* there = self.value.as_map().find(name);
    if (!there || there->is_empty()) return fail("invalid operation: cannot call nil");
    return fail("invalid operation: cannot call non-function of type " + std::string(type_name(*there)));
  }
  if (self.array() || self.string() || self.is(VK::bytes)) return fail("invalid operation: int(string)");
  return fail("cannot fetch " + node.text + " from " + std::string(type_name(self)));
}

bool Evaluator::over(const Node& node, Val& out) {
  Val collection;
  if (!evaluate(*node.kids[0], collection)) return false;
  if (collection.string()) {  // its bytes
    const std::string_view text = collection.value.text();
    if (!take(text.size())) return false;
    auto bytes = pdata::Value::new_array(arena_);
    for (const char c : text)
      bytes.as_array().push_back(arena_, pdata::Value::integer(static_cast<unsigned char>(c)));
    collection = bytes;
  }
  if (collection.map() && collection.value.as_map().empty()) collection = pdata::Value::new_array(arena_);
  if (!collection.array())
    return fail("builtin " + node.text + " takes only array (got " +
                std::string(collection.nil() ? "nil" : type_name(collection)) + ")");
  const pdata::Array& items = collection.value.as_array();
  const Node* predicate = node.kids.size() > 1 ? node.kids[1].get() : nullptr;
  const Over what = static_cast<Over>(node.slot);
  const std::size_t size = items.size();

  Scope scope{&items, 0, {}};
  if (what == Over::reduce) {
    if (node.kids.size() > 2) {
      if (!evaluate(*node.kids[2], scope.accumulator)) return false;
    } else {
      if (size == 0) return fail("reduce of empty array with no initial value");
      scope.accumulator = items[0];
      scope.index = 1;
    }
  }
  bool descending = false;
  if (what == Over::sort_by && node.kids.size() > 2) {
    Val order;
    if (!evaluate(*node.kids[2], order)) return false;
    if (!order.string()) return fail("sortBy order argument must be a string");
    if (order.value.text() != "asc" && order.value.text() != "desc")
      return fail("unknown order, use asc or desc");
    descending = order.value.text() == "desc";
  }
  // An element or what the predicate makes of it.
  const auto result = [&](std::size_t index, Val& value) {
    if (!turn()) return false;
    scopes_.back().index = index;
    if (predicate) return evaluate(*predicate, value);
    value = items[index];
    return true;
  };
  const auto test = [&](std::size_t index, bool& truth) {
    Val value;
    return result(index, value) && want_bool(value, truth);
  };
  scopes_.push_back(scope);
  const auto done = [&](bool ok) {
    scopes_.pop_back();
    return ok;
  };
  const auto give = [&](const Val& value) {
    out = value;
    return done(true);
  };
  bool truth = false;
  std::vector<Val> found;
  std::int64_t count = 0;
  switch (what) {
    case Over::all:
    case Over::none:
    case Over::any: {
      const bool stop_at = what != Over::all;
      for (std::size_t i = 0; i < size; ++i) {
        if (!test(i, truth)) return done(false);
        if (truth == stop_at) return give(pdata::Value::boolean(what == Over::any));
      }
      return give(pdata::Value::boolean(what != Over::any));
    }
    case Over::one:
    case Over::count:
    case Over::filter:
      for (std::size_t i = 0; i < size; ++i) {
        if (!test(i, truth)) return done(false);
        count += truth;
        if (truth && what == Over::filter) found.push_back(items[i]);
      }
      if (what == Over::filter) return take(found.size()) ? give(list(found)) : done(false);
      return give(what == Over::one ? pdata::Value::boolean(count == 1) : pdata::Value::integer(count));
    case Over::map:
      if (!take(size)) return done(false);
      for (std::size_t i = 0; i < size; ++i) {
        Val value;
        if (!result(i, value)) return done(false);
        found.push_back(value);
      }
      return give(list(found));
    case Over::sum: {
      Val total = pdata::Value::integer(0);
      for (std::size_t i = 0; i < size; ++i) {
        Val value, next;
        if (!result(i, value) || !arithmetic(Op::add, total, value, next)) return done(false);
        total = next;
      }
      return give(total);
    }
    case Over::find:
    case Over::find_index:
    case Over::find_last:
    case Over::find_last_index: {
      const bool back = what == Over::find_last || what == Over::find_last_index;
      const bool index = what == Over::find_index || what == Over::find_last_index;
      for (std::size_t n = 0; n < size; ++n) {
        const std::size_t i = back ? size - 1 - n : n;
        if (!test(i, truth)) return done(false);
        if (truth)
          return give(index ? Val(pdata::Value::integer(static_cast<std::int64_t>(i))) : Val(items[i]));
      }
      return give(index ? Val(pdata::Value::integer(-1)) : Val());
    }
    case Over::group_by: {
      auto groups = pdata::Value::new_map(arena_);
      if (!take(size)) return done(false);
      for (std::size_t i = 0; i < size; ++i) {
        Val key;
        if (!result(i, key)) return done(false);
        if (key.array() || key.map())
          return fail("cannot use " + std::string(type_name(key)) +
                      " as a key for groupBy: type is not comparable"),
                 done(false);
        const auto name = key.string() ? key.value.text() : copy(go_text(plain(key))).value.text();
        pdata::Value* group = groups.as_map().find(name);
        if (!group) group = &groups.as_map().set(arena_, name, pdata::Value::new_array(arena_));
        group->as_array().push_back(arena_, items[i]);
      }
      return give(groups);
    }
    case Over::sort_by: {
      std::vector<std::pair<Val, std::size_t>> keyed(size);
      if (!take(size)) return done(false);
      for (std::size_t i = 0; i < size; ++i) {
        if (!result(i, keyed[i].first)) return done(false);
        keyed[i].second = i;
        int order = 0;
        if (!compare("<", keyed[0].first, keyed[i].first, order)) return done(false);
      }
      std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        int order = 0;
        compare("<", a.first, b.first, order);
        return descending ? order > 0 : order < 0;
      });
      for (const auto& [key, i] : keyed) found.push_back(items[i]);
      return give(list(found));
    }
    case Over::reduce:
      for (std::size_t i = scope.index; i < size; ++i) {
        Val value;
        if (!result(i, value)) return done(false);
        scopes_.back().accumulator = value;
      }
      return give(scopes_.back().accumulator);
  }
  return done(false);
}

}  // namespace gleaner::text::expr
