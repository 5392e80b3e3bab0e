#pragma once
// Signals as tags: what does not look inside an item is written once, as a template over these.
#include <cstdint>
#include <memory>
#include <string_view>

#include "pdata/logs.h"
#include "pdata/metrics.h"
#include "pdata/traces.h"

namespace gleaner {

enum class SignalKind : std::uint8_t { traces, metrics, logs, profiles };
inline constexpr SignalKind kSignals[] = {SignalKind::traces, SignalKind::metrics, SignalKind::logs,
                                          SignalKind::profiles};

using SignalSet = std::uint8_t;
constexpr SignalSet bit(SignalKind kind) { return static_cast<SignalSet>(1u << static_cast<unsigned>(kind)); }
/// What has records to look into; profiles pass as bytes.
inline constexpr SignalSet kRecordSignals =
    bit(SignalKind::traces) | bit(SignalKind::metrics) | bit(SignalKind::logs);
inline constexpr SignalSet kAllSignals = kRecordSignals | bit(SignalKind::profiles);
inline constexpr SignalSet kLogsOnly = bit(SignalKind::logs);
inline constexpr SignalSet kMetricsOnly = bit(SignalKind::metrics);

struct Logs {
  static constexpr SignalKind kind = SignalKind::logs;
  static constexpr std::string_view name = "logs";
  static constexpr std::string_view items = "log_records";  ///< suffix of the metric names
  using Resource = pdata::ResourceLogs;
};
struct Metrics {
  static constexpr SignalKind kind = SignalKind::metrics;
  static constexpr std::string_view name = "metrics";
  static constexpr std::string_view items = "metric_points";
  using Resource = pdata::ResourceMetrics;
};
struct Traces {
  static constexpr SignalKind kind = SignalKind::traces;
  static constexpr std::string_view name = "traces";
  static constexpr std::string_view items = "spans";
  using Resource = pdata::ResourceSpans;
};
/// Only on the wire: a request's resources share one dictionary, so requests are neither joined nor cut nor
/// read as records. The fourth signal is in development and off without the gate service.profilesSupport.
struct Profiles {
  static constexpr SignalKind kind = SignalKind::profiles;
  static constexpr std::string_view name = "profiles";
  static constexpr std::string_view items = "profile_samples";
};
/// Requests of a signal that can be joined, cut and read as records.
template <class S>
inline constexpr bool kHasRecords = S::kind != SignalKind::profiles;

constexpr std::string_view signal_name(SignalKind kind) {
  return kind == SignalKind::traces    ? Traces::name
         : kind == SignalKind::metrics ? Metrics::name
         : kind == SignalKind::logs    ? Logs::name
                                       : Profiles::name;
}
constexpr std::string_view signal_items(SignalKind kind) {
  return kind == SignalKind::traces    ? Traces::items
         : kind == SignalKind::metrics ? Metrics::items
         : kind == SignalKind::logs    ? Logs::items
                                       : Profiles::items;
}

/// A message of one signal as structs; everything lives in the arena.
template <class S>
struct Records {
  Arena arena;
  List<typename S::Resource> resources;
};

/// Items as the collector counts them: spans, log records, data points.
std::size_t count_items(const Records<Logs>& records);
std::size_t count_items(const Records<Traces>& records);
std::size_t count_items(const Records<Metrics>& records);

}  // namespace gleaner
