// What is inside a value: members, slices, methods.
#include <algorithm>
#include <cmath>
#include <utility>

#include "text/expr/eval.h"
#include "text/go_format.h"

namespace gleaner::text::expr {

using VK = pdata::Value::Kind;

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

}  // namespace gleaner::text::expr
