#include "text/expr/eval.h"

#include <cstdio>
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

}  // namespace gleaner::text::expr
