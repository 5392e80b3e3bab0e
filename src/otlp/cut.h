#pragma once
#include <cstddef>

#include "base/bytes.h"
#include "pdata/signal.h"

namespace gleaner::otlp {

/// One request in two. Joining is plain concatenation: a request is a list of resources.
struct Cut {
  Chain head, tail;
};

/// Cuts off the first `items` items (spans, log records, data points) of a request that scan() accepted.
/// Takes whole resources, scopes and metrics where they fit; what lies across the cut gets its resource,
/// scope, schema URLs and metric header on both sides. Only the split resource is copied, the rest is shared.
/// Requires 0 < items < items in the request. Source: spec/collector.md 6.1 (splitting).
Cut cut(SignalKind signal, const Bytes& request, std::size_t items);

}  // namespace gleaner::otlp
