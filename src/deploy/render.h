#pragma once
// From a collector to the objects the operator would make of it. A pure function: same CR, same bytes.
#include <vector>

#include "deploy/collector.h"

namespace gleaner::deploy {

/// In the order in which they can be applied. Source: spec/operator.md 5.1.
std::vector<Node> render(const Collector& collector, const Cluster& cluster);

}  // namespace gleaner::deploy
