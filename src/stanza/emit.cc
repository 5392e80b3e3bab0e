#include "stanza/emit.h"

#include <algorithm>
#include <unordered_map>

#include "text/severity.h"

namespace gleaner::stanza {
namespace {

/// The same for equal maps, whatever their order.
std::size_t hash(const pdata::Map& map) {
  std::size_t sum = map.size();
  for (const auto& [key, value] : map) {
    std::size_t one = std::hash<std::string_view>{}(key);
    if (value.is_string()) one = one * 31 + std::hash<std::string_view>{}(value.text());
    sum += one * 0x9e3779b97f4a7c15;
  }
  return sum;
}

bool same(const pdata::Map& a, const pdata::Map& b) {
  return (a.items.begin() == b.items.begin() && a.size() == b.size()) ||
         pdata::equal(pdata::Value::map(const_cast<pdata::Map*>(&a)),
                      pdata::Value::map(const_cast<pdata::Map*>(&b)));
}

/// Go's word for nothing, as 0.102 wrote it.
void spell_out_nil(pdata::Value& value) {
  if (value.is_empty())
    value = pdata::Value::string("<nil>");
  else if (value.is_map())
    for (auto& item : value.as_map()) spell_out_nil(item.value);
  else if (value.is_array())
    for (auto& item : value.as_array()) spell_out_nil(item);
}

void fill(pdata::LogRecord& record, const Entry& entry) {
  record.time = entry.timestamp;
  record.observed_time = entry.observed;
  record.severity_number = entry.severity;
  record.severity_text =
      entry.severity_text.empty() ? text::severity_name(entry.severity) : entry.severity_text;
  record.body = entry.body;
  record.has_body = true;
  record.attributes = entry.attributes;
  if (!entry.trace_id.empty()) record.trace_id.assign(entry.trace_id);
  if (!entry.span_id.empty()) record.span_id.assign(entry.span_id);
  if (!entry.trace_flags.empty()) record.flags = static_cast<unsigned char>(entry.trace_flags[0]);
}

}  // namespace

Records<Logs> emit(Entries&& entries, bool nil_as_text) {
  if (nil_as_text)
    for (auto& entry : entries.list) {
      if (!entry.body.is_empty()) spell_out_nil(entry.body);  // an empty one was left empty
      for (auto& item : entry.attributes) spell_out_nil(item.value);
      for (auto& item : entry.resource) spell_out_nil(item.value);
    }
  Records<Logs> out;
  out.arena = std::move(entries.arena);
  std::unordered_multimap<std::size_t, std::size_t> by_hash;  // of resources, into out.resources
  pdata::ResourceLogs* resource = nullptr;
  pdata::ScopeLogs* scope = nullptr;
  for (const auto& entry : entries.list) {
    if (!resource || !same(resource->resource.attributes, entry.resource)) {
      scope = nullptr;
      const std::size_t key = hash(entry.resource);
      const auto [from, to] = by_hash.equal_range(key);
      const auto there = std::find_if(from, to, [&](const auto& pair) {
        return same(out.resources[pair.second].resource.attributes, entry.resource);
      });
      if (there != to) {
        resource = &out.resources[there->second];
      } else {
        by_hash.emplace(key, out.resources.size());
        resource = &out.resources.push_back(out.arena, {});
        resource->resource.attributes = entry.resource;
      }
    }
    if (!scope || scope->scope.name != entry.scope_name) {
      auto* const there = std::find_if(resource->scopes.begin(), resource->scopes.end(),
                                       [&](const auto& s) { return s.scope.name == entry.scope_name; });
      scope = there != resource->scopes.end() ? there : &resource->scopes.push_back(out.arena, {});
      scope->scope.name = entry.scope_name;
      if (scope->records.empty() && entries.list.size() > 16)
        scope->records.reserve(out.arena, std::min<std::size_t>(entries.list.size(), 1024));
    }
    fill(scope->records.push_back(out.arena, {}), entry);
  }
  entries.list.clear();
  return out;
}

}  // namespace gleaner::stanza
