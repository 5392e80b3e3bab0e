#pragma once
#include "config/node.h"

namespace gleaner::config {

/// Same kind, keys (in any order), items and scalars; where they were written does not count.
bool same(const Node& a, const Node& b);

}  // namespace gleaner::config
