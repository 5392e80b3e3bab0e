#include "text/expr/builtins_list.h"

#include <algorithm>

#include "text/go_format.h"

namespace gleaner::text::expr {
namespace {

using Args = std::span<Val>;
using Types = std::span<const Type>;
using Is = Type::Is;
using VK = pdata::Value::Kind;

/// Go's reflect.Kind of a value.
std::string kind_name(const Val& v) {
  if (v.nil()) return "invalid";
  if (v.map()) return "map";
  if (v.array() || v.is(VK::bytes)) return "slice";
  if (v.kind == Val::Kind::time) return "struct";
  return std::string(type_name(v));
}
const pdata::Array& items(const Val& v) { return v.value.as_array(); }

/// Of a text: a byte.
bool end_of(Args a, Val& out, bool front) {
  out = Val();
  if (a[0].array() && !items(a[0]).empty()) out = front ? items(a[0])[0] : items(a[0]).back();
  if (a[0].string() && !a[0].value.text().empty()) {
    const auto text = a[0].value.text();
    out = pdata::Value::integer(static_cast<unsigned char>(front ? text.front() : text.back()));
  }
  return true;
}
bool first(Evaluator&, Args a, Val& out) { return end_of(a, out, true); }
bool last(Evaluator&, Args a, Val& out) { return end_of(a, out, false); }

bool get(Evaluator& e, Args a, Val& out) {
  out = Val();
  if (a[0].nil()) return true;
  if (a[0].map() || a[0].array() || a[0].string()) {
    if (!a[0].map() && !a[1].number())
      return e.fail("invalid operation: int(" + std::string(type_name(a[1])) + ")");
    const Flaw before = e.flaw();
    if (e.fetch(a[0], a[1], out)) return true;
    if (a[0].map()) return false;
    e.fail(before.what);  // out of range is nil here
    out = Val();
  }
  return true;
}

bool take(Evaluator& e, Args a, Val& out) {
  if (!a[0].array()) return e.fail("cannot take from " + kind_name(a[0]));
  if (!a[1].integer()) return e.fail("cannot take " + kind_name(a[1]) + " elements");
  const std::int64_t wanted = a[1].value.as_int();
  if (wanted < 0) return e.fail("reflect.Value.Slice: slice index out of bounds");
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(wanted), items(a[0]).size());
  if (!e.take(count)) return false;
  auto value = pdata::Value::new_array(e.arena());
  for (std::size_t i = 0; i < count; ++i) value.as_array().push_back(e.arena(), items(a[0])[i]);
  out = value;
  return true;
}

bool pairs(Evaluator& e, Args a, Val& out, const char* verb, bool keys, bool values) {
  if (!a[0].map()) return e.fail(verb + kind_name(a[0]) + (keys && values ? " to pairs" : ""));
  const auto& map = a[0].value.as_map();
  if (!e.take(map.size() * (keys && values ? 3 : 1))) return false;
  auto value = pdata::Value::new_array(e.arena());
  for (const auto& [key, item] : map) {
    if (keys && values) {
      auto pair = pdata::Value::new_array(e.arena());
      pair.as_array().push_back(e.arena(), pdata::Value::string(key));
      pair.as_array().push_back(e.arena(), item);
      value.as_array().push_back(e.arena(), pair);
    } else {
      value.as_array().push_back(e.arena(), keys ? pdata::Value::string(key) : item);
    }
  }
  out = value;
  return true;
}
bool keys(Evaluator& e, Args a, Val& out) { return pairs(e, a, out, "cannot get keys from ", true, false); }
bool values(Evaluator& e, Args a, Val& out) {
  return pairs(e, a, out, "cannot get values from ", false, true);
}
bool to_pairs(Evaluator& e, Args a, Val& out) { return pairs(e, a, out, "cannot transform ", true, true); }

bool from_pairs(Evaluator& e, Args a, Val& out) {
  if (!a[0].array()) return e.fail("cannot transform " + kind_name(a[0]) + " from pairs");
  if (!e.take(items(a[0]).size())) return false;
  auto value = pdata::Value::new_map(e.arena());
  for (const auto& item : items(a[0])) {
    if (!item.is_array()) return e.fail("invalid pair " + go_text(item));
    if (item.as_array().size() != 2) return e.fail("invalid pair length " + go_text(item));
    const auto& key = item.as_array()[0];
    value.as_map().set(e.arena(), key.is_string() ? key.text() : e.copy(go_text(key)).value.text(),
                       item.as_array()[1]);
  }
  out = value;
  return true;
}

bool reverse(Evaluator& e, Args a, Val& out) {
  if (!a[0].array()) return e.fail("cannot reverse " + kind_name(a[0]));
  if (!e.take(items(a[0]).size())) return false;
  auto value = pdata::Value::new_array(e.arena());
  for (std::size_t i = items(a[0]).size(); i-- > 0;) value.as_array().push_back(e.arena(), items(a[0])[i]);
  out = value;
  return true;
}

bool uniq(Evaluator& e, Args a, Val& out) {
  if (!a[0].array()) return e.fail("cannot uniq " + kind_name(a[0]));
  if (items(a[0]).size() > 3000) return e.fail("memory budget exceeded");  // compares each with each
  auto value = pdata::Value::new_array(e.arena());
  for (const auto& item : items(a[0])) {
    auto& kept = value.as_array();
    if (std::none_of(kept.begin(), kept.end(), [&](const auto& k) { return equal(Val(k), Val(item)); }))
      kept.push_back(e.arena(), item);
  }
  out = value;
  return e.take(value.as_array().size());
}

bool concat(Evaluator& e, Args a, Val& out) {
  auto value = pdata::Value::new_array(e.arena());
  for (const auto& list : a) {
    if (!list.array()) return e.fail("cannot concat " + kind_name(list));
    if (!e.take(items(list).size())) return false;
    for (const auto& item : items(list)) value.as_array().push_back(e.arena(), item);
  }
  out = value;
  return true;
}

bool flatten_into(Evaluator& e, const pdata::Array& list, pdata::Array& out, int depth) {
  if (depth > 1000) return e.fail("recursion depth exceeded");
  for (const auto& item : list) {
    if (item.is_array()) {
      if (!flatten_into(e, item.as_array(), out, depth + 1)) return false;
    } else {
      if (!e.take(1)) return false;
      out.push_back(e.arena(), item);
    }
  }
  return true;
}
bool flatten(Evaluator& e, Args a, Val& out) {
  if (!a[0].array()) return e.fail("cannot flatten " + kind_name(a[0]));
  out = pdata::Value::new_array(e.arena());
  return flatten_into(e, items(a[0]), out.value.as_array(), 0);
}

bool sort(Evaluator& e, Args a, Val& out) {
  bool descending = false;
  if (a.size() > 1) {
    if (!a[1].string())
      return e.fail("sort order argument must be a string (got " + std::string(type_name(a[1])) + ")");
    descending = a[1].value.text() == "desc";
    if (!descending && a[1].value.text() != "asc")
      return e.fail("invalid order " + std::string(a[1].value.text()) + ", expected asc or desc");
  }
  out = pdata::Value::new_array(e.arena());
  if (!a[0].array()) return true;
  auto& list = out.value.as_array();
  if (!e.take(items(a[0]).size())) return false;
  for (const auto& item : items(a[0])) {
    int order = 0;
    if (!e.compare("<", Val(items(a[0])[0]), Val(item), order)) return false;
    list.push_back(e.arena(), item);
  }
  std::stable_sort(list.begin(), list.end(), [&](const auto& x, const auto& y) {
    int order = 0;
    e.compare("<", Val(x), Val(y), order);
    return descending ? order > 0 : order < 0;
  });
  return true;
}

bool join(Evaluator& e, Args a, Val& out) {
  if (!a[0].array()) return e.fail("invalid argument for join (type " + std::string(type_name(a[0])) + ")");
  if (a.size() > 1 && !e.want_string(a[1])) return false;
  const auto glue = a.size() > 1 ? a[1].value.text() : std::string_view();
  std::string result;
  for (std::size_t i = 0; i < items(a[0]).size(); ++i) {
    if (!e.want_string(Val(items(a[0])[i]))) return false;
    if (i) result.append(glue);
    result.append(items(a[0])[i].text());
    if (result.size() > (64u << 20)) return e.take_text(result.size());
  }
  if (!e.take_text(result.size())) return false;
  out = e.copy(result);
  return true;
}

/// All numbers among the arguments, lists opened.
bool numbers(Evaluator& e, Args a, const char* name, std::vector<Val>& found, int depth = 0) {
  if (depth > 1000) return e.fail("recursion depth exceeded");
  for (const auto& v : a) {
    if (v.array()) {
      std::vector<Val> inside(items(v).begin(), items(v).end());
      if (!numbers(e, inside, name, found, depth + 1)) return false;
    } else if (v.number()) {
      found.push_back(v);
    } else {
      return e.fail(std::string("invalid argument for ") + name + " (type " + std::string(type_name(v)) +
                    ")");
    }
  }
  return true;
}
bool extreme(Evaluator& e, Args a, Val& out, const char* name, int wanted) {
  std::vector<Val> found;
  out = Val();
  if (a.size() == 1 && !a[0].number() && !a[0].array()) {
    out = a[0];
    return true;
  }
  if (!numbers(e, a, name, found)) return false;
  for (const auto& v : found) {
    int order = 0;
    if (out.nil() || (e.compare("<", v, out, order) && order == wanted)) out = v;
  }
  return true;
}
bool max(Evaluator& e, Args a, Val& out) { return extreme(e, a, out, "max", 1); }
bool min(Evaluator& e, Args a, Val& out) { return extreme(e, a, out, "min", -1); }
bool mean(Evaluator& e, Args a, Val& out) {
  std::vector<Val> found;
  if (!numbers(e, a, "mean", found)) return false;
  double total = 0;
  for (const auto& v : found) total += v.as_double();
  out = pdata::Value::real(found.empty() ? 0 : total / static_cast<double>(found.size()));
  return true;
}
bool median(Evaluator& e, Args a, Val& out) {
  std::vector<Val> found;
  if (!numbers(e, a, "median", found)) return false;
  std::vector<double> sorted;
  sorted.reserve(found.size());
  for (const auto& v : found) sorted.push_back(v.as_double());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  out = pdata::Value::real(n == 0 ? 0 : n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2);
  return true;
}

bool lists(Types t, std::string& why, std::size_t count, const char* verb, const char* behind, Is is) {
  if (t.size() != count) {
    why = "invalid number of arguments (expected " + std::to_string(count) + ", got " +
          std::to_string(t.size()) + ")";
    return false;
  }
  if (t[0].is == Is::unknown || t[0].is == is) return true;
  why = verb + name_of(t[0]) + behind;
  return false;
}
bool element(Types t, Type& r, std::string& why, const char* verb) {
  if (!lists(t, why, 1, verb, "", Is::array)) return false;
  r = {t[0].element};
  return true;
}
bool check_first(Types t, Type& r, std::string& why) {
  return element(t, r, why, "cannot get first element from ");
}
bool check_last(Types t, Type& r, std::string& why) {
  return element(t, r, why, "cannot get last element from ");
}
bool check_get(Types t, Type&, std::string& why) {
  if (t.size() == 2) return true;
  why = "invalid number of arguments (expected 2, got " + std::to_string(t.size()) + ")";
  return false;
}
bool check_take(Types t, Type& r, std::string& why) {
  if (!lists(t, why, 2, "cannot take from ", "", Is::array)) return false;
  if (t[1].is != Is::unknown && t[1].is != Is::integer) {
    why = "cannot take " + name_of(t[1]) + " elements";
    return false;
  }
  r = t[0];
  return true;
}
bool check_keys(Types t, Type&, std::string& why) {
  return lists(t, why, 1, "cannot get keys from ", "", Is::map);
}
bool check_values(Types t, Type&, std::string& why) {
  return lists(t, why, 1, "cannot get values from ", "", Is::map);
}
bool check_to_pairs(Types t, Type&, std::string& why) {
  return lists(t, why, 1, "cannot transform ", " to pairs", Is::map);
}
bool check_from_pairs(Types t, Type&, std::string& why) {
  return lists(t, why, 1, "cannot transform ", " from pairs", Is::array);
}
bool check_reverse(Types t, Type&, std::string& why) {
  return lists(t, why, 1, "cannot reverse ", "", Is::array);
}
bool check_uniq(Types t, Type&, std::string& why) { return lists(t, why, 1, "cannot uniq ", "", Is::array); }
bool check_flatten(Types t, Type&, std::string& why) {
  return lists(t, why, 1, "cannot flatten ", "", Is::array);
}
bool check_concat(Types t, Type&, std::string& why) {
  if (t.empty()) why = "invalid number of arguments (expected at least 1, got 0)";
  for (const auto& type : t)
    if (type.is != Is::unknown && type.is != Is::array) why = "cannot concat " + name_of(type);
  return why.empty();
}
bool aggregate(Types t, Type& r, std::string& why, const char* name) {
  if (t.empty()) {
    why = std::string("not enough arguments to call ") + name;
    return false;
  }
  for (const auto& type : t) {
    if (type.is == Is::unknown || type.is == Is::array || type.number()) continue;
    why = std::string("invalid argument for ") + name + " (type " + name_of(type) + ")";
    return false;
  }
  r = t[0].number() ? t[0] : Type{};
  return true;
}
bool check_max(Types t, Type& r, std::string& why) { return aggregate(t, r, why, "max"); }
bool check_min(Types t, Type& r, std::string& why) { return aggregate(t, r, why, "min"); }
bool check_mean(Types t, Type& r, std::string& why) {
  const bool ok = aggregate(t, r, why, "mean");
  r = {Is::real};
  return ok;
}
bool check_median(Types t, Type& r, std::string& why) {
  const bool ok = aggregate(t, r, why, "median");
  r = {Is::real};
  return ok;
}

constexpr Function kFunctions[] = {
    {"first", "", Is::unknown, first, check_first},
    {"last", "", Is::unknown, last, check_last},
    {"get", "", Is::unknown, get, check_get},
    {"take", "", Is::array, take, check_take},
    {"keys", "", Is::array, keys, check_keys},
    {"values", "", Is::array, values, check_values},
    {"toPairs", "", Is::array, to_pairs, check_to_pairs},
    {"fromPairs", "", Is::map, from_pairs, check_from_pairs},
    {"reverse", "", Is::array, reverse, check_reverse},
    {"uniq", "", Is::array, uniq, check_uniq},
    {"concat", "", Is::array, concat, check_concat},
    {"flatten", "", Is::array, flatten, check_flatten},
    {"sort", "as|a", Is::array, sort},
    {"join", "as|a", Is::string, join},
    {"max", "", Is::unknown, max, check_max},
    {"min", "", Is::unknown, min, check_min},
    {"mean", "", Is::real, mean, check_mean},
    {"median", "", Is::real, median, check_median},
};

}  // namespace

std::span<const Function> list_functions() { return kFunctions; }

}  // namespace gleaner::text::expr
