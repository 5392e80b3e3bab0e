#pragma once
#include "base/bytes.h"
#include "pdata/signal.h"

namespace gleaner::otlp {

/// Appends the resources of a request that scan() accepted to `records`. Strings stay views into `request`,
/// which the arena keeps alive; unknown fields are lost; scope lists of old senders (field 1000) count when
/// the regular list is empty.
void decode(const Bytes& request, Records<Logs>& records);
void decode(const Bytes& request, Records<Traces>& records);
void decode(const Bytes& request, Records<Metrics>& records);

}  // namespace gleaner::otlp
