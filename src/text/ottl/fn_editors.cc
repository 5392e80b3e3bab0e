// Editors of fields and maps.
#include <algorithm>

#include "text/ottl/function.h"
#include "text/ottl/pattern.h"

namespace gleaner::text::ottl {
namespace {

using pdata::KeyValue;
using pdata::Value;

/// Keeps what `keep` wants, in its order.
template <class F>
void retain(pdata::Map& map, F keep) {
  auto* end = std::remove_if(map.begin(), map.end(), [&](const KeyValue& item) { return !keep(item); });
  map.items.truncate(static_cast<std::size_t>(end - map.begin()));
}

bool set(const Call& call, Env& env, Any&) {
  Any value;
  if (!call.any(env, 1, value)) return false;
  if (value.is_nil()) {
    env.ignored_nil = true;
    return true;
  }
  return call.set(env, 0, value);
}

bool append(const Call& call, Env& env, Any&) {
  Any target;
  if (!call.any(env, 0, target)) return false;
  Value made = Value::new_array(*env.arena);
  auto& list = made.as_array();
  const auto put = [&](const Any& any, bool literal = false) {
    Value value;
    // The reference takes lists from the statement only, and maps not at all.
    if (any.is(Any::Kind::map) || (any.is(Any::Kind::list) && !literal))
      return env.fail("invalid value type " + std::string(any.type()));
    if (!to_value(*env.arena, any, value)) return env.fail("a list cannot hold " + std::string(any.type()));
    list.push_back(*env.arena, value);
    return true;
  };
  if (target.is(Any::Kind::list)) {
    for (const auto& item : target.as_list()) list.push_back(*env.arena, share(*env.arena, item));
  } else if (!target.is_nil() && !put(target)) {
    return false;
  }
  Any value;
  const auto put_node = [&](const Node& node) {
    return node.get(env, value) && put(value, node.constant() != nullptr);
  };
  if (call.given(1) && !put_node(*call.args[1].node)) return false;
  for (const auto& node : call.args[2].nodes)
    if (!put_node(*node)) return false;
  return call.set(env, 0, Any::of(made));
}
Result<> prepare_append(Call& call) {
  if (!call.given(1) && !call.given(2))
    return fail(Fault::config,
                "at least one of the optional arguments ('value' or 'values') must be provided");
  return {};
}

bool delete_index(const Call& call, Env& env, Any&) {
  pdata::Array* list = nullptr;
  std::int64_t start = 0, end = 0;
  if (!call.list(env, 0, list) || !call.integer(env, 1, start)) return false;
  end = start + 1;
  if (call.given(2) && !call.integer(env, 2, end)) return false;
  const auto size = static_cast<std::int64_t>(list->size());
  if (start == 0 && end == size) {
    list->clear();
    return true;
  }
  if (start < 0 || start >= size)
    return env.fail("startIndex " + std::to_string(start) + " out of bounds for slice of length " +
                    std::to_string(size));
  if (end < start)
    return env.fail("endIndex " + std::to_string(end) + " cannot be less than startIndex " +
                    std::to_string(start));
  if (end > size)
    return env.fail("deletion range [" + std::to_string(start) + ":" + std::to_string(end) +
                    "] out of bounds for slice of length " + std::to_string(size));
  std::copy(list->begin() + end, list->end(), list->begin() + start);
  list->truncate(static_cast<std::size_t>(size - (end - start)));
  return true;
}

bool delete_key(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  std::string_view key;
  if (!call.map(env, 0, map) || !call.string(env, 1, key)) return false;
  map->erase(key);
  return true;
}

bool keep_keys(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  std::vector<std::string_view> names;
  names.reserve(call.args[1].nodes.size());
  for (const auto& node : call.args[1].nodes) {
    Any value;
    if (!node->get(env, value) || !as_string(env, value, names.emplace_back())) return false;
  }
  retain(*map, [&](const KeyValue& item) {
    return std::find(names.begin(), names.end(), item.key) != names.end();
  });
  return true;
}

template <bool kKeep>
bool matching_keys(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  const Regex* regex = nullptr;
  if (!call.map(env, 0, map) || !regex_of(call, env, regex)) return false;
  retain(*map, [&](const KeyValue& item) { return regex->search(item.key) == kKeep; });
  return true;
}

Result<> prepare_limit(Call& call) {
  const auto limit = call.args[1].number;
  if (limit < 0)
    return fail(Fault::config,
                "invalid limit for limit function, " + std::to_string(limit) + " cannot be negative");
  if (static_cast<std::size_t>(limit) < call.args[2].texts.size())
    return fail(Fault::config, "invalid limit for limit function, " + std::to_string(limit) +
                                   " cannot be less than number of priority attributes " +
                                   std::to_string(call.args[2].texts.size()));
  return {};
}
bool limit(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  const auto most = static_cast<std::size_t>(call.args[1].number);
  if (map->size() <= most) return true;
  const auto& first = call.args[2].texts;
  std::size_t kept = 0;
  for (const auto& name : first) kept += map->find(name) != nullptr;
  retain(*map, [&](const KeyValue& item) {
    return std::find(first.begin(), first.end(), item.key) != first.end() || kept++ < most;
  });
  return true;
}

Result<> prepare_merge(Call& call) {
  const auto& strategy = call.args[2].text;
  if (strategy == "insert" || strategy == "update" || strategy == "upsert") return {};
  return fail(Fault::config,
              "invalid value for strategy, " + strategy + ", must be 'insert', 'update' or 'upsert'");
}
bool merge_maps(const Call& call, Env& env, Any&) {
  pdata::Map *target = nullptr, *source = nullptr;
  if (!call.map(env, 0, target) || !call.map(env, 1, source)) return false;
  const auto& strategy = call.args[2].text;
  if (target == source) return true;
  const pdata::Map from = share(*env.arena, *source);  // the source may lie inside the target
  for (const auto& [key, value] : from) {
    const bool there = target->find(key) != nullptr;
    if (strategy == "upsert" || there == (strategy == "update")) target->set(*env.arena, key, value);
  }
  return true;
}

Result<> prepare_truncate(Call& call) {
  const auto most = call.args[1].number;
  if (most < 0)
    return fail(Fault::config,
                "invalid limit for truncate_all function, " + std::to_string(most) + " cannot be negative");
  if (static_cast<std::size_t>(most) < call.args[3].text.size())
    return fail(Fault::config, "invalid truncation marker for truncate_all function, length of marker " +
                                   std::to_string(call.args[3].text.size()) +
                                   " cannot be greater than limit " + std::to_string(most));
  return {};
}
bool truncate_all(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  const auto most = static_cast<std::size_t>(call.args[1].number);
  const bool utf8 = !call.given(2) || call.args[2].number != 0;
  const auto& marker = call.args[3].text;
  for (auto& [key, value] : *map) {
    if (!value.is_string() || value.text().size() <= most) continue;
    const auto text = value.text();
    std::size_t end = most - marker.size();
    while (utf8 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    value = marker.empty() ? Value::string(text.substr(0, end))
                           : Value::string(env.keep(std::string(text.substr(0, end)) + marker));
  }
  return true;
}

bool stringify_all(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  for (auto& [key, value] : *map)
    if (!value.is_string()) value = Value::string(env.keep(pdata::as_text(value)));
  return true;
}

/// One run of flatten().
class Flatten {
 public:
  Flatten(Arena& arena, std::int64_t depth, bool resolve) : arena_(arena), depth_(depth), resolve_(resolve) {}
  void map(const pdata::Map& from, std::string prefix, std::int64_t depth) {
    if (!prefix.empty()) prefix += '.';
    for (const auto& [key, value] : from) one(prefix + std::string(key), value, depth);
  }
  pdata::Map result;

 private:
  void list(const pdata::Array& from, const std::string& prefix, std::int64_t depth) {
    for (std::size_t i = 0; i < from.size(); ++i) one(prefix + std::to_string(i), from[i], depth + 1);
  }
  void one(const std::string& key, const Value& value, std::int64_t depth) {
    if (value.is_map() && depth < depth_) return map(value.as_map(), key, depth + 1);
    if (!value.is_array() || depth >= depth_) return put(key, value);
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      const Value& item = value.as_array()[i];
      const std::string inside = key + "." + std::to_string(i);
      if (item.is_map() && depth + 1 < depth_)
        map(item.as_map(), inside, depth + 2);
      else if (item.is_array() && depth + 1 < depth_)
        list(item.as_array(), inside, depth + 2);
      else
        put(resolve_ ? key : inside, item);
    }
  }
  void put(std::string key, const Value& value) {
    if (resolve_ && result.find(key)) key += "." + std::to_string(again(key));
    result.set(arena_, arena_.copy(key), share(arena_, value));
  }
  /// How often this key was in the way before.
  int again(const std::string& key) {
    for (auto& [name, count] : taken_)
      if (name == key) return count++;
    taken_.emplace_back(key, 1);
    return 0;
  }
  Arena& arena_;
  const std::int64_t depth_;
  const bool resolve_;
  std::vector<std::pair<std::string, int>> taken_;
};

Result<> prepare_flatten(Call& call) {
  if (!call.given(2) || call.args[2].number >= 1) return {};
  return fail(Fault::config, "invalid depth '" + std::to_string(call.args[2].number) +
                                 "' for flatten function, must be greater than 0");
}
bool flatten(const Call& call, Env& env, Any&) {
  pdata::Map* map = nullptr;
  if (!call.map(env, 0, map)) return false;
  Flatten run(*env.arena, call.given(2) ? call.args[2].number : INT64_MAX - 2, call.args[3].number != 0);
  run.map(*map, std::string(call.text(1)), 0);
  *map = run.result;
  return true;
}

}  // namespace

std::span<const Function> editor_functions() {
  static constexpr Function kRows[] = {
      {"set", {{{"Target", Param::path}, {"Value", Param::any}}}, set},
      {"append",
       {{{"Target", Param::path}, {"Value", Param::any, true}, {"Values", Param::anys, true}}},
       append,
       prepare_append},
      {"delete_index",
       {{{"Target", Param::list_path}, {"StartIndex", Param::integer}, {"EndIndex", Param::integer, true}}},
       delete_index},
      {"delete_key", {{{"Target", Param::map_path}, {"Key", Param::string}}}, delete_key},
      {"delete_matching_keys",
       {{{"Target", Param::map_path}, {"Pattern", Param::string}}},
       matching_keys<false>,
       prepare_regex},
      {"keep_matching_keys",
       {{{"Target", Param::map_path}, {"Pattern", Param::string}}},
       matching_keys<true>,
       prepare_regex},
      {"keep_keys", {{{"Target", Param::map_path}, {"Keys", Param::strings}}}, keep_keys},
      {"limit",
       {{{"Target", Param::map_path}, {"Limit", Param::number}, {"PriorityKeys", Param::texts}}},
       limit,
       prepare_limit},
      {"merge_maps",
       {{{"Target", Param::map_path}, {"Source", Param::map}, {"Strategy", Param::text}}},
       merge_maps,
       prepare_merge},
      {"truncate_all",
       {{{"Target", Param::map_path},
         {"Limit", Param::number},
         {"Utf8Safe", Param::flag, true},
         {"TruncationMarker", Param::text, true}}},
       truncate_all,
       prepare_truncate},
      {"stringify_all", {{{"Target", Param::map_path}}}, stringify_all},
      {"flatten",
       {{{"Target", Param::map_path},
         {"Prefix", Param::text, true},
         {"Depth", Param::number, true},
         {"ResolveConflicts", Param::flag, true}}},
       flatten,
       prepare_flatten},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
