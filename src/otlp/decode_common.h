#pragma once
// Shared by the three decoders: attributes, values, resources, scopes.
#include "base/arena.h"
#include "otlp/wire.h"
#include "pdata/common.h"

namespace gleaner::otlp::detail {

pdata::Value read_value(Arena& arena, std::string_view message);
void read_attribute(Arena& arena, std::string_view message, pdata::Map& into);
void read_resource(Arena& arena, std::string_view message, pdata::Resource& into);
void read_scope(Arena& arena, std::string_view message, pdata::Scope& into);

/// Walks Resource* and Scope* of any signal. `read_item(message, list element)` reads one item; scopes are
/// templates over the signal's structs, which share their member names.
template <class S, class ReadItem>
void read_request(std::string_view request, Records<S>& records, ReadItem&& read_item) {
  using Resource = typename S::Resource;
  using Scope = std::remove_reference_t<decltype(Resource{}.scopes[0])>;
  using Item = std::remove_reference_t<decltype(Scope{}.records[0])>;
  Arena& arena = records.arena;
  const auto read_scope_items = [&](std::string_view message, Scope& into) {
    for (FieldReader field(message); field.next();) {
      if (field.number() == 1) read_scope(arena, field.data(), into.scope);
      if (field.number() == 2) read_item(field.data(), into.records.push_back(arena, Item{}));
      if (field.number() == 3) into.schema_url = field.data();
    }
  };
  for (FieldReader outer(request); outer.next();) {
    if (outer.number() != 1) continue;
    Resource& resource = records.resources.push_back(arena, Resource{});
    bool legacy = false;
    for (FieldReader field(outer.data()); field.next();) {
      if (field.number() == 1) read_resource(arena, field.data(), resource.resource);
      if (field.number() == 2) read_scope_items(field.data(), resource.scopes.push_back(arena, Scope{}));
      if (field.number() == 3) resource.schema_url = field.data();
      legacy |= field.number() == 1000;
    }
    if (!legacy || !resource.scopes.empty()) continue;
    for (FieldReader field(outer.data()); field.next();)
      if (field.number() == 1000) read_scope_items(field.data(), resource.scopes.push_back(arena, Scope{}));
  }
}

}  // namespace gleaner::otlp::detail
