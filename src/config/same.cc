#include "config/same.h"

namespace gleaner::config {

bool same(const Node& a, const Node& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.kind() != b.kind() || a.items().size() != b.items().size() ||
      a.entries().size() != b.entries().size())
    return false;
  if (a.is_scalar()) return a.type() == b.type() && a.text() == b.text();
  for (std::size_t i = 0; i < a.items().size(); ++i)
    if (!same(a.items()[i], b.items()[i])) return false;
  for (const auto& entry : a.entries())
    if (const Node* there = b.find(entry.key); !there || !same(entry.value, *there)) return false;
  return true;
}

}  // namespace gleaner::config
