#include "stanza/field.h"

#include <unordered_map>

#include "base/lasting.h"

namespace gleaner::stanza {
namespace {

constexpr std::string_view kRoots[] = {"body", "attributes", "resource"};

Result<std::vector<std::string>> split(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return fail(Fault::config, "field \"" + std::string(text) + "\": splitting field: " + why);
  };
  std::vector<std::string> keys;
  std::size_t i = 0;
  bool plain = true;  // a word outside brackets may come
  while (i < text.size()) {
    if (text[i] == '[') {
      if (++i == text.size()) return refuse("found unclosed left bracket");
      const char quote = text[i];
      if (quote != '\'' && quote != '"') return refuse("strings in brackets must be surrounded by quotes");
      const auto close = text.find(quote, i + 1);
      if (close == std::string_view::npos)
        return refuse(quote == '"' ? "found unclosed double quote" : "found unclosed single quote");
      keys.emplace_back(text.substr(i + 1, close - i - 1));
      if (close + 1 == text.size()) return refuse("found unclosed left bracket");
      if (text[close + 1] != ']') return refuse("found characters between closed quote and closing bracket");
      i = close + 2;
      plain = false;
      continue;
    }
    if (!plain) {
      if (text[i] != '.')
        return refuse("bracketed access must be followed by a dot or another bracketed access");
      ++i;
    }
    for (;;) {  // a.b.c up to the end or a bracket
      const auto end = std::min(text.find_first_of(".[", i), text.size());
      keys.emplace_back(text.substr(i, end - i));
      i = end;
      if (i == text.size() || text[i] == '[') break;
      ++i;
    }
    plain = false;
  }
  if (keys.empty()) return refuse("fields size is 0");
  return keys;
}

constexpr std::size_t kFewComparisons = 8192;  // of keys

[[gnu::noinline]] void merge_by_index(pdata::Map& into, std::span<const pdata::KeyValue> from, Arena& arena) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < into.size(); ++i) index.emplace(into.items[i].key, i);
  for (const auto& item : from) {
    if (const auto there = index.find(item.key); there != index.end())
      into.items[there->second].value = item.value;
    else
      into.items.push_back(arena, item);
  }
}

}  // namespace

Field::Field(Root root, const std::vector<std::string>& keys) : root_(root) {
  for (const auto& key : keys) keys_.push_back(lasting(key));
}

Result<Field> Field::parse(std::string_view text, bool allow_root) {
  auto keys = split(text);
  if (!keys) return fail(keys.error());
  for (std::size_t i = 0; i < 3; ++i) {
    if ((*keys)[0] != kRoots[i]) continue;
    if (i > 0 && keys->size() == 1 && !allow_root)
      return fail(Fault::config, std::string(kRoots[i]) + " cannot be referenced without subfield");
    keys->erase(keys->begin());
    return Field(static_cast<Root>(i), *keys);
  }
  return fail(Fault::config, "field \"" + std::string(text) +
                                 "\": unrecognized prefix: it must begin with body, attributes or resource");
}

const pdata::Value* Field::get(const Entry& entry) const {
  if (root_ == Root::body && keys_.empty()) return &entry.body;
  const pdata::Map* map = root_ == Root::attributes ? &entry.attributes
                          : root_ == Root::resource ? &entry.resource
                                                    : nullptr;
  if (!map) {
    if (!entry.body.is_map()) return nullptr;
    map = &entry.body.as_map();
  }
  if (keys_.empty()) {
    static thread_local pdata::Value whole;
    if (map->empty()) return nullptr;
    whole = pdata::Value::map(const_cast<pdata::Map*>(map));
    return &whole;
  }
  for (std::size_t i = 0;; ++i) {
    const pdata::Value* value = map->find(keys_[i]);
    if (!value || i + 1 == keys_.size()) return value;
    if (!value->is_map()) return nullptr;
    map = &value->as_map();
  }
}

bool Field::set(Entry& entry, pdata::Value value, Arena& arena) const {
  pdata::Map* map;
  if (root_ == Root::body) {
    if (keys_.empty() && !value.is_map()) {
      entry.body = value;
      return true;
    }
    if (!entry.body.is_map()) entry.body = pdata::Value::new_map(arena);
    map = &entry.body.as_map();
  } else {
    if (keys_.empty() && !value.is_map()) return false;
    map = root_ == Root::attributes ? &entry.attributes : &entry.own_resource(arena);
  }
  const std::size_t steps = value.is_map() ? keys_.size() : keys_.size() - 1;
  for (std::size_t i = 0; i < steps; ++i) {
    pdata::Value* next = map->find(keys_[i]);
    if (!next) next = &map->items.push_back(arena, {keys_[i], {}}).value;
    if (!next->is_map()) *next = pdata::Value::new_map(arena);
    map = &next->as_map();
  }
  if (value.is_map()) {
    const pdata::Map& from = value.as_map();
    merge(*map, {from.begin(), from.size()}, arena);
  } else if (pdata::Value* there = map->find(keys_.back())) {
    *there = value;
  } else {
    map->items.push_back(arena, {keys_.back(), value});
  }
  return true;
}

std::optional<pdata::Value> Field::remove(Entry& entry, Arena& arena) const {
  if (keys_.empty()) {
    if (root_ == Root::body) return std::exchange(entry.body, pdata::Value());
    pdata::Map& map = root_ == Root::attributes ? entry.attributes : entry.resource;
    if (map.empty()) return std::nullopt;
    const auto old = pdata::Value::map(arena.make<pdata::Map>(map));
    map = {};
    if (root_ == Root::resource) entry.resource_shared = false;
    return old;
  }
  pdata::Map* map;
  if (root_ == Root::body) {
    if (!entry.body.is_map()) return std::nullopt;
    map = &entry.body.as_map();
  } else {
    map = root_ == Root::attributes ? &entry.attributes : &entry.own_resource(arena);
  }
  for (std::size_t i = 0; i + 1 < keys_.size(); ++i) {
    pdata::Value* value = map->find(keys_[i]);
    if (!value || !value->is_map()) return std::nullopt;
    map = &value->as_map();
  }
  const std::string_view key = keys_.back();  // unique in an entry's maps
  for (std::size_t i = 0; i < map->size(); ++i) {
    const std::string_view there = map->items[i].key;
    if (there.size() != key.size() || (there.data() != key.data() && there != key)) continue;
    const pdata::Value old = map->items[i].value;
    map->items.erase(i);
    return old;
  }
  return std::nullopt;
}

Field Field::parent() const {
  Field up = *this;
  if (!up.keys_.empty()) up.keys_.pop_back();
  return up;
}

Field Field::child(std::string_view key) const {
  Field down = *this;
  down.keys_.push_back(key);
  return down;
}

std::string Field::text() const {
  std::string out(kRoots[static_cast<std::size_t>(root_)]);
  bool dots = false;
  for (const auto& key : keys_) dots = dots || key.find('.') != std::string::npos;
  for (const auto& key : keys_) out += dots ? "['" + std::string(key) + "']" : "." + std::string(key);
  return out;
}

void merge(pdata::Map& into, std::span<const pdata::KeyValue> from, Arena& arena) {
  if (into.items.begin() == from.data()) return;  // onto itself
  const std::size_t before = into.size();
  into.items.reserve(arena, before + from.size());
  if (before * from.size() > kFewComparisons) return merge_by_index(into, from, arena);
  pdata::KeyValue* const first = into.items.begin();
  pdata::KeyValue* const last = first + before;
  pdata::KeyValue* next = last;
  for (const auto& item : from) {
    pdata::KeyValue* there = first;
    while (there != last && there->key != item.key) ++there;
    if (there != last)
      there->value = item.value;
    else
      *next++ = item;
  }
  into.items.truncate(static_cast<std::size_t>(next - first));  // reserved above
}

}  // namespace gleaner::stanza
