#pragma once
#include <cstdint>

#include "config/node.h"

namespace gleaner::config {

/// A number for what is written, wherever it is written: the same for nodes that same() calls the same,
/// another one for all others (but for a chance of 1 in 2^64). Good within one process.
std::uint64_t fingerprint(const Node& node);

}  // namespace gleaner::config
