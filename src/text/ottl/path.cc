// Reading and writing fields, and what keys mean inside them.
#include "text/ottl/node.h"

namespace gleaner::text::ottl {
namespace {

std::string_view value_type(const pdata::Value& value) {
  static constexpr std::string_view kNames[] = {"Empty",  "Str",   "Bool",  "Int",
                                                "Double", "Bytes", "Slice", "Map"};
  return kNames[static_cast<std::size_t>(value.kind())];
}
bool not_indexable(Env& env, const pdata::Value& value) {
  return env.fail("type " + std::string(value_type(value)) + " does not support indexing");
}
/// Most elements that setting behind the end of a new list makes: a key can come from data.
constexpr std::int64_t kMaxGap = 10'000;

}  // namespace

bool Path::map_key(Env& env, const Key& key, std::string_view& out) const {
  Any value;
  if (!key.get(env, value)) return false;
  if (!value.is_string())
    return env.fail("unable to resolve a string index in map: got " + std::string(value.type()));
  out = value.text();
  return true;
}

bool Path::list_key(Env& env, const Key& key, std::size_t size, std::size_t& out) const {
  Any value;
  if (!key.get(env, value)) return false;
  if (!value.is(Any::Kind::integer))
    return env.fail("unable to resolve an integer index in slice: got " + std::string(value.type()));
  if (value.number() < 0 || static_cast<std::size_t>(value.number()) >= size)
    return env.fail("index " + std::to_string(value.number()) + " out of bounds");
  out = static_cast<std::size_t>(value.number());
  return true;
}

bool Path::get_inside(Env& env, pdata::Value value, std::size_t from, Any& out) const {
  for (std::size_t i = from; i < keys_.size(); ++i) {
    if (value.is_map()) {
      std::string_view name;
      if (!map_key(env, keys_[i], name)) return false;
      const pdata::Value* there = value.as_map().find(name);
      if (!there) {
        out = Any();
        return true;
      }
      value = *there;
    } else if (value.is_array()) {
      std::size_t index = 0;
      if (!list_key(env, keys_[i], value.as_array().size(), index)) return false;
      value = value.as_array()[index];
    } else {
      return not_indexable(env, value);
    }
  }
  out = Any::of(value);
  return true;
}

bool Path::set_inside(Env& env, pdata::Value* value, std::size_t from, const Any& to) const {
  for (std::size_t i = from; i < keys_.size(); ++i) {
    if (value->is_empty()) {
      // What is not there yet becomes what the key needs.
      Any key;
      if (!keys_[i].get(env, key)) return false;
      if (key.is_string()) {
        *value = pdata::Value::new_map(*env.arena);
      } else if (key.is(Any::Kind::integer)) {
        if (key.number() < 0 || key.number() > kMaxGap)
          return env.fail("index " + std::to_string(key.number()) + " out of bounds");
        *value = pdata::Value::new_array(*env.arena);
        for (std::int64_t k = 0; k <= key.number(); ++k) value->as_array().push_back(*env.arena, {});
      } else {
        return env.fail("a key is neither a string nor an int");
      }
    }
    if (value->is_map()) {
      std::string_view name;
      if (!map_key(env, keys_[i], name)) return false;
      auto& map = value->as_map();
      pdata::Value* there = map.find(name);
      value = there ? there : &map.set(*env.arena, name, {});
    } else if (value->is_array()) {
      std::size_t index = 0;
      if (!list_key(env, keys_[i], value->as_array().size(), index)) return false;
      value = &value->as_array()[index];
    } else {
      return not_indexable(env, *value);
    }
  }
  return take_value(env, to, *value);
}

bool Path::get(Env& env, Any& out) const {
  if (row_.map) {
    pdata::Map* map = row_.map(env);
    if (keys_.empty()) {
      out = Any::map(map);
      return true;
    }
    std::string_view name;
    if (!map_key(env, keys_[0], name)) return false;
    const pdata::Value* there = map->find(name);
    if (!there) {
      out = Any();
      return true;
    }
    if (keys_.size() == 1) {
      out = Any::of(*there);
      return true;
    }
    return get_inside(env, *there, 1, out);
  }
  if (row_.value) {
    const pdata::Value& value = *row_.value(env);
    if (!keys_.empty() && !value.is_map() && !value.is_array())
      return env.fail("log bodies of type " + std::string(value_type(value)) + " cannot be indexed");
    return get_inside(env, value, 0, out);
  }
  if (row_.trace_state && !keys_.empty()) return get_trace_state(env, out);
  return row_.get(env, out);
}

bool Path::set(Env& env, const Any& value) const {
  if (row_.map) {
    pdata::Map* map = row_.map(env);
    if (keys_.empty()) return take_map(env, value, *map);
    std::string_view name;
    if (!map_key(env, keys_[0], name)) return false;
    pdata::Value* there = map->find(name);
    if (!there) there = &map->set(*env.arena, name, {});
    return set_inside(env, there, 1, value);
  }
  if (row_.value) {
    pdata::Value* there = row_.value(env);
    if (!keys_.empty() && !there->is_map() && !there->is_array())
      return env.fail("log bodies of type " + std::string(value_type(*there)) + " cannot be indexed");
    if (!set_inside(env, there, 0, value)) return false;
    if (row_.touch) row_.touch(env);
    return true;
  }
  if (row_.trace_state && !keys_.empty()) return set_trace_state(env, value);
  return row_.set(env, value);
}

bool Path::get_trace_state(Env& env, Any& out) const {
  std::string_view name, found;
  if (!map_key(env, keys_[0], name)) return false;
  Any state;
  if (!row_.get(env, state)) return false;
  out = trace_state_get(state.text(), name, found) ? Any::string(found) : Any();
  return true;
}

bool Path::set_trace_state(Env& env, const Any& value) const {
  std::string_view name;
  if (!map_key(env, keys_[0], name)) return false;
  Any state;
  if (!row_.get(env, state)) return false;
  if (!value.is_string()) return env.fail("expects string but got " + std::string(value.type()));
  std::string made;
  if (!trace_state_put(state.text(), name, value.text(), made)) return true;  // the reference says nothing
  return row_.set(env, Any::string(env.keep(made)));
}

bool get_indexed(Env& env, const Keys& keys, Any& value) {
  for (const auto& key : keys) {
    Any at;
    if (!key.get(env, at)) return false;
    if (at.is_string()) {
      if (!value.is(Any::Kind::map))
        return env.fail("type " + std::string(value.type()) + " does not support string indexing");
      const auto* there = value.as_map().find(at.text());
      if (!there) return env.fail("key not found in map");
      value = Any::of(*there);
    } else if (at.is(Any::Kind::integer)) {
      const auto index = at.number();
      if (!value.is(Any::Kind::list) && !value.is(Any::Kind::bytes))
        return env.fail("type " + std::string(value.type()) + " does not support int indexing");
      if (index < 0 || index >= length(value))
        return env.fail("index " + std::to_string(index) + " out of bounds");
      const auto i = static_cast<std::size_t>(index);
      value = value.is(Any::Kind::list) ? Any::of(value.as_list()[i])
                                        : Any::integer(static_cast<unsigned char>(value.text()[i]));
    } else {
      return env.fail("key expression must evaluate to string or int, got " + std::string(at.type()));
    }
  }
  return true;
}

}  // namespace gleaner::text::ottl
