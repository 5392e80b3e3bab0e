// Builtins that ask a predicate about every element: all, filter, map, sortBy and their kin.
#include <algorithm>

#include "text/expr/builtins.h"
#include "text/expr/eval.h"
#include "text/go_format.h"

namespace gleaner::text::expr {

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
