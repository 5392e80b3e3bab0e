// Lists and maps.
#include <algorithm>

#include "text/ottl/function.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

bool keys(const Call& call, Env& env, Any& out) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  Value made = Value::new_array(*env.arena);
  made.as_array().reserve(*env.arena, map->size());
  for (const auto& item : *map) made.as_array().push_back(*env.arena, Value::string(item.key));
  out = Any::of(made);
  return true;
}
bool values(const Call& call, Env& env, Any& out) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  Value made = Value::new_array(*env.arena);
  made.as_array().reserve(*env.arena, map->size());
  for (const auto& item : *map) made.as_array().push_back(*env.arena, share(*env.arena, item.value));
  out = Any::of(made);
  return true;
}

bool contains_value(const Call& call, Env& env, Any& out) {
  pdata::Array* list = nullptr;
  Any wanted;
  if (!call.list(env, 0, list) || !call.any(env, 1, wanted)) return false;
  out = Any::boolean(std::any_of(list->begin(), list->end(), [&](const Value& item) {
    return compare(Any::of(item), wanted, Compare::eq);
  }));
  return true;
}

bool coalesce(const Call& call, Env& env, Any& out) {
  out = Any();
  for (const auto& node : call.args[0].nodes) {
    if (!node->get(env, out)) return false;
    if (!out.is_nil()) return true;
  }
  return true;
}

/// What the elements of a list are sorted as: numbers, unless one is not.
enum class Order : std::uint8_t { none, integers, reals, texts };
Order order_of(const pdata::Array& list) {
  bool reals = false, integers = false, texts = false;
  for (const auto& item : list) {
    switch (item.kind()) {
      case Value::Kind::integer:
        integers = true;
        break;
      case Value::Kind::real:
        reals = true;
        break;
      case Value::Kind::string:
      case Value::Kind::boolean:
      case Value::Kind::empty:
        texts = true;
        break;
      default:
        return Order::none;
    }
  }
  if (texts) return Order::texts;
  if (reals) return Order::reals;
  return integers ? Order::integers : Order::none;
}
double real_of(const Value& value) {
  return value.kind() == Value::Kind::integer ? static_cast<double>(value.as_int()) : value.as_real();
}
bool sort(const Call& call, Env& env, Any& out) {
  Any target;
  if (!call.any(env, 0, target)) return false;
  if (!target.is(Any::Kind::list))
    return env.fail("sort with unsupported type: '" + std::string(target.type()) + "'. Target is not a list");
  Value made = share(*env.arena, Value::array(&target.as_list()));
  auto& list = made.as_array();
  const bool down = call.text(1) == "desc";
  const auto by = [&](auto key) {
    std::stable_sort(list.begin(), list.end(), [&](const Value& a, const Value& b) {
      return down ? key(b) < key(a) : key(a) < key(b);
    });
  };
  switch (order_of(list)) {
    case Order::none:
      break;
    case Order::integers:
      by([](const Value& v) { return v.as_int(); });
      break;
    case Order::reals:
      // NaN is less than every number, as in Go's cmp.
      by([](const Value& v) {
        const double r = real_of(v);
        return std::pair(r == r, r == r ? r : 0.0);
      });
      break;
    case Order::texts:
      by([](const Value& v) { return pdata::as_text(v); });
      break;
  }
  out = Any::of(made);
  return true;
}
Result<> prepare_sort(Call& call) {
  const auto order = call.text(1, "asc");
  if (order == "asc" || order == "desc") return {};
  return fail(Fault::config, "invalid arguments: " + std::string(order) +
                                 ". Sort order should be either \"asc\" or \"desc\"");
}

bool extract(Env& env, const pdata::Map& from, const std::vector<std::string>& path, const Value*& out) {
  const pdata::Map* map = &from;
  if (path.empty()) return env.fail("must provide at least one path item");
  for (std::size_t i = 0; i < path.size(); ++i) {
    out = map->find(path[i]);
    if (!out || (i + 1 < path.size() && !out->is_map()))
      return env.fail("provided object does not contain the path of SliceToMap");
    if (out->is_map()) map = &out->as_map();
  }
  return true;
}
bool slice_to_map(const Call& call, Env& env, Any& out) {
  pdata::Array* list = nullptr;
  if (!call.list(env, 0, list)) return false;
  Value made = Value::new_map(*env.arena);
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Value& item = (*list)[i];
    if ((call.given(1) || call.given(2)) && !item.is_map())
      return env.fail("slice elements must be maps when using `key_path` or `value_path`");
    std::string_view key;
    const Value* value = &item;
    if (call.given(1)) {
      const Value* found = nullptr;
      if (!extract(env, item.as_map(), call.args[1].texts, found)) return false;
      if (!found->is_string())
        return env.fail("element " + std::to_string(i) + ": extracted key attribute is not of type string");
      key = found->text();
    } else {
      key = env.keep(std::to_string(i));
    }
    if (call.given(2) && !extract(env, item.as_map(), call.args[2].texts, value)) return false;
    made.as_map().set(*env.arena, key, share(*env.arena, *value));
  }
  out = Any::of(made);
  return true;
}

std::string quoted(std::string_view text, std::string_view delimiter, std::string_view pairs) {
  std::string out;
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c;
  }
  const bool needs = out.find(pairs) != std::string::npos || out.find(delimiter) != std::string::npos;
  return needs ? '"' + out + '"' : out;
}
bool to_key_value(const Call& call, Env& env, Any& out) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  const auto delimiter = call.text(1, "="), pairs = call.text(2, " ");
  std::vector<const pdata::KeyValue*> items;
  for (const auto& item : *map) items.push_back(&item);
  if (call.args[3].number)
    std::stable_sort(items.begin(), items.end(), [](auto* a, auto* b) { return a->key < b->key; });
  std::string made;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i) made += pairs;
    made += quoted(items[i]->key, delimiter, pairs);
    made += delimiter;
    made += quoted(pdata::as_text(items[i]->value), delimiter, pairs);
  }
  out = Any::string(env.keep(made));
  return true;
}
Result<> prepare_key_value(Call& call) {
  if (call.given(1) && call.args[1].text.empty())
    return fail(Fault::config, "delimiter cannot be set to an empty string");
  if (call.given(2) && call.args[2].text.empty())
    return fail(Fault::config, "pair delimiter cannot be set to an empty string");
  if (call.text(1, "=") == call.text(2, " "))
    return fail(Fault::config, "pair delimiter cannot be equal to delimiter");
  return {};
}

}  // namespace

std::span<const Function> collection_functions() {
  static constexpr Function kRows[] = {
      {"Keys", {{{"Target", Param::map}}}, keys},
      {"Values", {{{"Target", Param::map}}}, values},
      {"ContainsValue", {{{"Target", Param::list}, {"Item", Param::any}}}, contains_value},
      {"Coalesce", {{{"Values", Param::anys}}}, coalesce},
      {"Sort", {{{"Target", Param::any}, {"Order", Param::text, true}}}, sort, prepare_sort},
      {"SliceToMap",
       {{{"Target", Param::list}, {"KeyPath", Param::texts, true}, {"ValuePath", Param::texts, true}}},
       slice_to_map},
      {"ToKeyValueString",
       {{{"Target", Param::map},
         {"Delimiter", Param::text, true},
         {"PairDelimiter", Param::text, true},
         {"SortOutput", Param::flag, true}}},
       to_key_value,
       prepare_key_value},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
