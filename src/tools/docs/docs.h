#pragma once
// Documents made from the field tables.
#include <map>
#include <string>

#include "config/field.h"
#include "service/components.h"

namespace gleaner::tools {

/// Path below docs/ -> content.
using Files = std::map<std::string, std::string>;

/// components/README.md, one page a component, and components/service.md.
void add_markdown(Files& files);
/// schema.json: JSON schema (draft 7) of a whole configuration file.
void add_schema(Files& files);

/// Calls f(kind, factory) for every component: kind is "receivers", "processors", "exporters", "extensions".
template <class F>
void for_each_component(F&& f) {
  for (const auto& factory : service::receivers()) f("receivers", factory);
  for (const auto& factory : service::processors()) f("processors", factory);
  for (const auto& factory : service::exporters()) f("exporters", factory);
  for (const auto& factory : service::extensions()) f("extensions", factory);
}

/// A field's default as its table shows it; "" when there is none. `object` may be null.
inline std::string default_of(const config::Field& field, void* object) {
  if (!object || !field.type || field.is_secret || field.is_required) return {};
  return field.type->show(field.at(object));
}
/// Where the nested struct's members are, with their defaults; `keep` owns what had to be made.
inline void* nested_object(const config::Field& field, void* object, std::shared_ptr<void>& keep) {
  if (object && field.type->inside) return field.type->inside(field.at(object));
  if (field.type->make) keep = field.type->make();
  return keep.get();
}

}  // namespace gleaner::tools
