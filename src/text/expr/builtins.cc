// The functions over texts, numbers, times and JSON; those over lists and maps are in builtins_list.cc.
#include "text/expr/builtins.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/duration.h"
#include "text/expr/builtins_list.h"
#include "text/go_format.h"
#include "text/json.h"
#include "text/time_layout.h"
#include "text/utf8.h"

namespace gleaner::text::expr {
namespace {

using Args = std::span<Val>;
using Is = Type::Is;
using VK = pdata::Value::Kind;

bool integer(Val& out, std::int64_t value) {
  out = pdata::Value::integer(value);
  return true;
}
bool real(Val& out, double value) {
  out = pdata::Value::real(value);
  return true;
}
bool truth(Val& out, bool value) {
  out = pdata::Value::boolean(value);
  return true;
}
bool give(Evaluator& e, Val& out, const std::string& text) {
  if (!e.take_text(text.size())) return false;
  out = e.copy(text);
  return true;
}
/// The texts among the arguments; fails when one is none.
bool texts(Evaluator& e, Args args, std::initializer_list<std::size_t> which) {
  for (const std::size_t i : which)
    if (i < args.size() && !e.want_string(args[i])) return false;
  return true;
}
std::string_view text(const Val& val) { return val.value.text(); }
std::int64_t to_int(double value) {
  return std::fabs(value) < 9.2e18 ? static_cast<std::int64_t>(value) : INT64_MIN;
}
bool whole(Evaluator& e, const Val& val, std::int64_t& out) {
  if (!val.number()) return e.fail("invalid operation: int(" + std::string(type_name(val)) + ")");
  out = val.integer() ? val.value.as_int() : to_int(val.value.as_real());
  return true;
}

bool len(Evaluator& e, Args a, Val& out) {
  if (a[0].string()) return integer(out, static_cast<std::int64_t>(count_runes(text(a[0]))));
  if (a[0].is(VK::bytes)) return integer(out, static_cast<std::int64_t>(text(a[0]).size()));
  if (a[0].array()) return integer(out, static_cast<std::int64_t>(a[0].value.as_array().size()));
  if (a[0].map()) return integer(out, static_cast<std::int64_t>(a[0].value.as_map().size()));
  return e.fail("invalid argument for len (type " + std::string(type_name(a[0])) + ")");
}

bool type(Evaluator& e, Args a, Val& out) {
  const auto name = a[0].nil()                           ? "nil"
                    : a[0].integer()                     ? "int"
                    : a[0].real()                        ? "float"
                    : a[0].map()                         ? "map"
                    : a[0].array() || a[0].is(VK::bytes) ? "array"
                                                         : type_name(a[0]);
  out = e.text(name);
  return true;
}

bool abs(Evaluator& e, Args a, Val& out) {
  if (a[0].integer())
    return integer(out, a[0].value.as_int() < 0
                            ? static_cast<std::int64_t>(-static_cast<std::uint64_t>(a[0].value.as_int()))
                            : a[0].value.as_int());
  if (a[0].real()) return real(out, a[0].value.as_real() < 0 ? -a[0].value.as_real() : a[0].value.as_real());
  return e.fail("invalid argument for abs (type " + std::string(type_name(a[0])) + ")");
}

template <double (*Round)(double)>
bool rounded(Evaluator& e, Args a, Val& out, const char* name) {
  if (!a[0].number())
    return e.fail(std::string("invalid argument for ") + name + " (type " + std::string(type_name(a[0])) +
                  ")");
  return real(out, a[0].integer() ? a[0].as_double() : Round(a[0].value.as_real()));
}
bool ceil(Evaluator& e, Args a, Val& out) { return rounded<std::ceil>(e, a, out, "ceil"); }
bool floor(Evaluator& e, Args a, Val& out) { return rounded<std::floor>(e, a, out, "floor"); }
bool round(Evaluator& e, Args a, Val& out) { return rounded<std::round>(e, a, out, "round"); }

bool to_integer(Evaluator& e, Args a, Val& out) {
  if (a[0].string()) {
    auto digits = text(a[0]);
    if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
    std::int64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size())
      return e.fail("invalid operation: int(" + std::string(text(a[0])) + ")");
    return integer(out, value);
  }
  if (a[0].kind == Val::Kind::duration) return integer(out, a[0].nanos);
  std::int64_t value = 0;
  return whole(e, a[0], value) && integer(out, value);
}

bool to_float(Evaluator& e, Args a, Val& out) {
  if (a[0].number()) return real(out, a[0].as_double());
  if (!a[0].string()) return e.fail("invalid operation: float(" + std::string(type_name(a[0])) + ")");
  auto digits = text(a[0]);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size())
    return e.fail("invalid operation: float(" + std::string(text(a[0])) + ")");
  return real(out, value);
}

bool to_string(Evaluator& e, Args a, Val& out) {
  if (a[0].string()) {
    out = a[0];
    return true;
  }
  return give(e, out, go_text(e.plain(a[0])));
}

bool trim(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0, 1})) return false;
  if (a.size() == 1) {
    out = e.text(trim_space(text(a[0])));
    return true;
  }
  out = e.text(trim_runes(text(a[0]), [&](char32_t c) {
    for (auto set = text(a[1]); !set.empty();) {
      const Rune rune = next_rune(set);
      if (rune.code == c) return true;
      set.remove_prefix(rune.valid ? rune.size : 1);
    }
    return false;
  }));
  return true;
}

bool trim_prefix(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0, 1})) return false;
  auto t = text(a[0]);
  const auto part = a.size() > 1 ? text(a[1]) : std::string_view(" ");
  if (t.starts_with(part)) t.remove_prefix(part.size());
  out = e.text(t);
  return true;
}
bool trim_suffix(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0, 1})) return false;
  auto t = text(a[0]);
  const auto part = a.size() > 1 ? text(a[1]) : std::string_view(" ");
  if (t.ends_with(part)) t.remove_suffix(part.size());
  out = e.text(t);
  return true;
}
bool upper(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0})) return false;
  std::string result;
  append_upper(result, text(a[0]));
  return give(e, out, result);
}
bool lower(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0})) return false;
  std::string result;
  append_lower(result, text(a[0]));
  return give(e, out, result);
}

bool split_at(Evaluator& e, Args a, Val& out, bool keep) {
  if (!texts(e, a, {0, 1})) return false;
  std::int64_t limit = -1;
  if (a.size() > 2 && !whole(e, a[2], limit)) return false;
  std::vector<Val> parts;
  auto rest = text(a[0]);
  const auto mark = text(a[1]);
  if (limit == 0) {
    out = Val();  // Go's nil list
    return true;
  }
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t end = rest.find(mark), next = end + mark.size();
    if (mark.empty()) {
      const Rune rune = next_rune(rest);
      end = next = rune.valid ? rune.size : 1;
      if (rest.size() <= end) break;
    } else if (end == std::string_view::npos) {
      break;
    }
    if (!e.take(1)) return false;
    parts.push_back(e.text(rest.substr(0, keep ? next : end)));
    rest.remove_prefix(next);
  }
  if (!mark.empty() || !rest.empty()) parts.push_back(e.text(rest));
  out = e.list(parts);
  return e.take(1);
}
bool split(Evaluator& e, Args a, Val& out) { return split_at(e, a, out, false); }
bool split_after(Evaluator& e, Args a, Val& out) { return split_at(e, a, out, true); }

bool replace(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0, 1, 2})) return false;
  std::int64_t limit = -1;
  if (a.size() > 3 && !whole(e, a[3], limit)) return false;
  std::string result;
  auto rest = text(a[0]);
  const auto from = text(a[1]), to = text(a[2]);
  for (bool first = true; limit != 0; --limit, first = false) {
    std::size_t at;
    if (from.empty()) {  // before the text and behind every character
      if (!first && rest.empty()) break;
      const Rune rune = next_rune(rest);
      at = first ? 0 : rune.valid ? rune.size : 1;
    } else {
      at = rest.find(from);
      if (at == std::string_view::npos) break;
    }
    result.append(rest.substr(0, at)).append(to);
    rest.remove_prefix(at + from.size());
    if (result.size() > (64u << 20)) return e.take_text(result.size());
  }
  return give(e, out, result.append(rest));
}

bool repeat(Evaluator& e, Args a, Val& out) {
  std::int64_t count = 0;
  if (!texts(e, a, {0}) || !whole(e, a[1], count)) return false;
  if (count < 0)
    return e.fail("invalid argument for repeat (expected positive integer, got " + std::to_string(count) +
                  ")");
  const std::size_t size = text(a[0]).size();
  if (count > 1'000'000 || !e.take(size * static_cast<std::size_t>(count)))
    return e.fail("memory budget exceeded");
  std::string result;
  for (std::int64_t i = 0; i < count; ++i) result.append(text(a[0]));
  return give(e, out, result);
}

bool index_of(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0, 1})) return false;
  const auto at = text(a[0]).find(text(a[1]));
  return integer(out, at == std::string_view::npos ? -1 : static_cast<std::int64_t>(at));
}
bool last_index_of(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0, 1})) return false;
  const auto at = text(a[0]).rfind(text(a[1]));
  return integer(out, at == std::string_view::npos ? -1 : static_cast<std::int64_t>(at));
}
bool has_prefix(Evaluator& e, Args a, Val& out) {
  return texts(e, a, {0, 1}) && truth(out, text(a[0]).starts_with(text(a[1])));
}
bool has_suffix(Evaluator& e, Args a, Val& out) {
  return texts(e, a, {0, 1}) && truth(out, text(a[0]).ends_with(text(a[1])));
}

bool to_json(Evaluator& e, Args a, Val& out) {
  std::string result;
  if (!append_json_pretty(result, e.plain(a[0]))) return e.fail("json: unsupported value: NaN");
  return give(e, out, result);
}
bool from_json(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0})) return false;
  auto value = JsonReader({.strict = true}).read(text(a[0]), e.arena());
  if (!value) return e.fail(value.error().what);
  out = *value;
  return e.take_text(text(a[0]).size());
}
bool to_base64(Evaluator& e, Args a, Val& out) {
  return texts(e, a, {0}) && give(e, out, pdata::base64(text(a[0])));
}
bool from_base64(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0})) return false;
  std::string result;
  if (!pdata::unbase64(text(a[0]), result)) return e.fail("illegal base64 data at input byte 0");
  return give(e, out, result);
}

bool now(Evaluator& e, Args a, Val& out) {
  if (!a.empty() && a[0].kind != Val::Kind::zone)
    return e.fail("invalid number of arguments (expected 0, got " + std::to_string(a.size()) + ")");
  out = Val::time(static_cast<std::int64_t>(unix_nanos()), a.empty() ? Zone::local() : a[0].zone);
  return true;
}
bool duration(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0})) return false;
  const auto value = parse_duration(text(a[0]));
  if (!value) return e.fail(value.error().what);
  out = Val::duration(value->count());
  return true;
}
bool timezone(Evaluator& e, Args a, Val& out) {
  if (!texts(e, a, {0})) return false;
  const auto zone = Zone::load(text(a[0]));
  if (!zone) return e.fail(zone.error().what);
  out = Val();
  out.kind = Val::Kind::zone;
  out.zone = *zone;
  return true;
}
bool date(Evaluator& e, Args a, Val& out) {
  Zone zone;
  if (!a.empty() && a[0].kind == Val::Kind::zone) {
    zone = a[0].zone;
    a = a.subspan(1);
  }
  if (a.empty()) return e.fail("invalid number of arguments (expected at least 1, got 0)");
  if (!texts(e, a, {0, 1, 2})) return false;
  if (a.size() > 2) {
    const auto named = Zone::load(text(a[2]));
    if (!named) return e.fail(named.error().what);
    zone = *named;
  }
  if (a.size() > 1) {
    const auto layout = TimeLayout::gotime(text(a[1]));
    if (!layout) return e.fail(layout.error().what);
    const auto nanos = layout->parse(text(a[0]), zone);
    if (!nanos) return e.fail(nanos.error().what);
    out = Val::time(*nanos, zone);
    return true;
  }
  static const auto* const kLayouts = [] {
    auto* all = new std::vector<TimeLayout>;
    for (const char* layout :
         {"2006-01-02", "15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00", "02 Jan 06 15:04 MST",
          "Monday, 02-Jan-06 15:04:05 MST", "Mon, 02 Jan 2006 15:04:05 MST"})
      all->push_back(*TimeLayout::gotime(layout));
    return all;
  }();
  for (const auto& layout : *kLayouts)
    if (const auto nanos = layout.parse(text(a[0]), zone)) {
      out = Val::time(*nanos, zone);
      return true;
    }
  return e.fail("invalid date " + std::string(text(a[0])));
}

template <class Do>
bool bits(Evaluator& e, Args a, Val& out, const char* name, bool shift, Do what) {
  for (const auto& v : a)
    if (!v.integer())
      return e.fail("cannot use " + std::string(type_name(v)) + " as argument (type int) to call " + name);
  const std::int64_t y = a[1].value.as_int();
  if (shift && y < 0)
    return e.fail("invalid operation: negative shift count " + std::to_string(y) + " (type int)");
  return integer(out, what(a[0].value.as_int(), y));
}
bool bit_and(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitand", false, [](auto x, auto y) { return x & y; });
}
bool bit_or(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitor", false, [](auto x, auto y) { return x | y; });
}
bool bit_xor(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitxor", false, [](auto x, auto y) { return x ^ y; });
}
bool bit_nand(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitnand", false, [](auto x, auto y) { return x & ~y; });
}
bool bit_shl(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitshl", true, [](std::int64_t x, std::int64_t y) {
    return y > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(x) << y);
  });
}
bool bit_shr(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitshr", true,
              [](std::int64_t x, std::int64_t y) { return x >> std::min<std::int64_t>(y, 63); });
}
bool bit_ushr(Evaluator& e, Args a, Val& out) {
  return bits(e, a, out, "bitushr", true, [](std::int64_t x, std::int64_t y) {
    return y > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(x) >> y);
  });
}
bool bit_not(Evaluator& e, Args a, Val& out) {
  if (!a[0].integer())
    return e.fail("cannot use " + std::string(type_name(a[0])) + " as argument (type int) to call bitnot");
  return integer(out, ~a[0].value.as_int());
}

// --- what needs more than types per argument --------------------------------------------------------------

bool one_argument(std::span<const Type> types, std::string& why) {
  if (types.size() == 1) return true;
  why = "invalid number of arguments (expected 1, got " + std::to_string(types.size()) + ")";
  return false;
}
bool one_of(std::span<const Type> types, std::string& why, const char* name, std::initializer_list<Is> ok) {
  if (!one_argument(types, why)) return false;
  if (types[0].is == Is::unknown || std::find(ok.begin(), ok.end(), types[0].is) != ok.end()) return true;
  why = std::string("invalid argument for ") + name + " (type " + name_of(types[0]) + ")";
  return false;
}
using Types = std::span<const Type>;
bool check_len(Types t, Type&, std::string& why) {
  return one_of(t, why, "len", {Is::string, Is::array, Is::map, Is::bytes});
}
bool check_abs(Types t, Type& r, std::string& why) {
  if (!one_of(t, why, "abs", {Is::integer, Is::real})) return false;
  r = t[0];
  return true;
}
bool check_ceil(Types t, Type&, std::string& why) { return one_of(t, why, "ceil", {Is::integer, Is::real}); }
bool check_floor(Types t, Type&, std::string& why) {
  return one_of(t, why, "floor", {Is::integer, Is::real});
}
bool check_round(Types t, Type&, std::string& why) {
  return one_of(t, why, "round", {Is::integer, Is::real});
}
bool check_int(Types t, Type&, std::string& why) {
  return one_of(t, why, "int", {Is::integer, Is::real, Is::string});
}
bool check_float(Types t, Type&, std::string& why) {
  return one_of(t, why, "float", {Is::integer, Is::real, Is::string});
}
bool check_now(Types t, Type&, std::string& why) {
  if (t.empty() || (t.size() == 1 && (t[0].is == Is::location || t[0].is == Is::unknown))) return true;
  why = "invalid number of arguments (expected 0, got " + std::to_string(t.size()) + ")";
  return false;
}
bool check_date(Types t, Type&, std::string& why) {
  const std::size_t most = !t.empty() && t[0].is == Is::location ? 4 : 3;
  if (!t.empty() && t.size() <= most) return true;
  why = t.empty() ? "invalid number of arguments (expected at least 1, got 0)"
                  : "invalid number of arguments (expected at most 3, got " + std::to_string(t.size()) + ")";
  return false;
}

constexpr Function kFunctions[] = {
    {"len", "", Is::integer, len, check_len},
    {"type", "*", Is::string, type},
    {"abs", "", Is::unknown, abs, check_abs},
    {"ceil", "", Is::real, ceil, check_ceil},
    {"floor", "", Is::real, floor, check_floor},
    {"round", "", Is::real, round, check_round},
    {"int", "", Is::integer, to_integer, check_int},
    {"float", "", Is::real, to_float, check_float},
    {"string", "*", Is::string, to_string},
    {"trim", "s|ss", Is::string, trim},
    {"trimPrefix", "ss|s", Is::string, trim_prefix},
    {"trimSuffix", "ss|s", Is::string, trim_suffix},
    {"upper", "s", Is::string, upper},
    {"lower", "s", Is::string, lower},
    {"split", "ss|ssi", Is::array, split},
    {"splitAfter", "ss|ssi", Is::array, split_after},
    {"replace", "sssi|sss", Is::string, replace},
    {"repeat", "si", Is::string, repeat},
    {"indexOf", "ss", Is::integer, index_of},
    {"lastIndexOf", "ss", Is::integer, last_index_of},
    {"hasPrefix", "ss", Is::boolean, has_prefix},
    {"hasSuffix", "ss", Is::boolean, has_suffix},
    {"toJSON", "*", Is::string, to_json},
    {"fromJSON", "s", Is::unknown, from_json},
    {"toBase64", "s", Is::string, to_base64},
    {"fromBase64", "s", Is::string, from_base64},
    {"now", "", Is::time, now, check_now},
    {"duration", "s", Is::duration, duration},
    {"date", "", Is::time, date, check_date},
    {"timezone", "s", Is::location, timezone},
    {"bitand", "ii", Is::integer, bit_and},
    {"bitor", "ii", Is::integer, bit_or},
    {"bitxor", "ii", Is::integer, bit_xor},
    {"bitnand", "ii", Is::integer, bit_nand},
    {"bitshl", "ii", Is::integer, bit_shl},
    {"bitshr", "ii", Is::integer, bit_shr},
    {"bitushr", "ii", Is::integer, bit_ushr},
    {"bitnot", "i", Is::integer, bit_not},
};

constexpr Predicate kPredicates[] = {
    {"all", Over::all, true, false},
    {"none", Over::none, true, false},
    {"any", Over::any, true, false},
    {"one", Over::one, true, false},
    {"filter", Over::filter, true, false},
    {"map", Over::map, true, false},
    {"count", Over::count, false, false},
    {"sum", Over::sum, false, false},
    {"find", Over::find, true, false},
    {"findIndex", Over::find_index, true, false},
    {"findLast", Over::find_last, true, false},
    {"findLastIndex", Over::find_last_index, true, false},
    {"groupBy", Over::group_by, true, false},
    {"sortBy", Over::sort_by, true, true},
    {"reduce", Over::reduce, true, true},
};

}  // namespace

const Function* find_function(std::string_view name) {
  for (const auto& function : kFunctions)
    if (function.name == name) return &function;
  for (const auto& function : list_functions())
    if (function.name == name) return &function;
  return nullptr;
}

const Predicate* find_predicate(std::string_view name) {
  for (const auto& predicate : kPredicates)
    if (predicate.name == name) return &predicate;
  return nullptr;
}

}  // namespace gleaner::text::expr
