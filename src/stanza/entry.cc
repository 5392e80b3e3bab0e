#include "stanza/entry.h"

namespace gleaner::stanza {

Entry clone(Arena& arena, const Entry& entry) {
  Entry copy = entry;
  copy.body = pdata::clone(arena, entry.body);
  copy.attributes = pdata::clone(arena, entry.attributes);
  copy.resource = pdata::clone(arena, entry.resource);
  copy.resource_shared = false;
  for (std::string_view* text :
       {&copy.severity_text, &copy.scope_name, &copy.trace_id, &copy.span_id, &copy.trace_flags})
    *text = arena.copy(*text);
  return copy;
}

}  // namespace gleaner::stanza
