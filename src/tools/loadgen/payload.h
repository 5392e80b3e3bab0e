#pragma once
// What loadgen sends: one request, made once.
#include "base/bytes.h"
#include "pdata/signal.h"

namespace gleaner::loadgen {

/// Spans of about 400 bytes each, with the attributes an HTTP server's instrumentation sets.
Bytes spans(std::uint64_t count, std::uint64_t now);
/// Log records of about 200 bytes each.
Bytes logs(std::uint64_t count, std::uint64_t now);

}  // namespace gleaner::loadgen
