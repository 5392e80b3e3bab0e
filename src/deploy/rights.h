#pragma once
#include "deploy/collector.h"

namespace gleaner::deploy {

/// The RBAC rules the enabled components need, in the order of their names. Source: spec/operator.md 5.8.
Node rules_of(const Collector& collector);

}  // namespace gleaner::deploy
