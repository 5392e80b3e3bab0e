#pragma once
// The extension a component's configuration names, as what it has to be.
#include <fmt/format.h>

#include <string>

#include "pipeline/component.h"

namespace gleaner {

/// @param kind  for the words: "storage"
/// @return Fault::config in the reference's words
template <class T>
Result<T*> find_extension(const Context& context, const std::string& id, std::string_view kind) {
  Extension* extension = context.extension(id);
  if (!extension) return fail(Fault::config, fmt::format("{} extension '{}' not found", kind, id));
  T* wanted = dynamic_cast<T*>(extension);
  if (!wanted) return fail(Fault::config, fmt::format("non-{} extension '{}' found", kind, id));
  return wanted;
}

}  // namespace gleaner
