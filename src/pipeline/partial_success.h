#pragma once
#include "base/log.h"
#include "otlp/response.h"
#include "pdata/signal.h"

namespace gleaner {

/// Says that a backend took a request only in part. That counts as delivered and is never retried.
/// Source: spec/collector.md 5.4.
/// @param profiles  how the protocol's exporter of the reference names what was dropped of profiles
inline void warn_partial(const log::Logger& logger, SignalKind signal, const otlp::PartialSuccess& partial,
                         std::string_view profiles) {
  if (partial.empty()) return;
  const std::string_view key = signal == SignalKind::traces    ? "dropped_spans"
                               : signal == SignalKind::metrics ? "dropped_data_points"
                               : signal == SignalKind::logs    ? "dropped_log_records"
                                                               : profiles;
  logger.warn("Partial success response", {{"message", partial.message}, {key, partial.rejected}});
}

}  // namespace gleaner
