#pragma once
#include "base/bytes.h"
#include "pdata/signal.h"

namespace gleaner::otlp {

/// The records as one Export*ServiceRequest. Zero values are left out; resource, scope and status objects
/// that are empty are left out too (readers take absent for empty).
Bytes encode(const Records<Logs>& records);
Bytes encode(const Records<Traces>& records);
Bytes encode(const Records<Metrics>& records);

}  // namespace gleaner::otlp
