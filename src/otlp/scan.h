#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "otlp/schema.h"
#include "pdata/signal.h"

namespace gleaner::otlp {

/// Why bytes are no OTLP message. One byte: it is made on the hot path.
enum class Fault : std::uint8_t { none, truncated, too_deep, bad_wire_type, bad_id_length, bad_tag };

/// What one pass over an Export*ServiceRequest found.
struct Scan {
  Fault fault = Fault::none;
  Message where = Message::count;  ///< the message the fault is in
  std::uint32_t field = 0;         ///< the field number at the fault
  std::size_t items = 0;           ///< spans, log records, data points, samples on the wire
  std::size_t resources = 0;
  /// Must be read as records, and counted there: has the scope list of old senders (field 1000), of which one
  /// counts, or a metric with two kinds of data, of which the last counts.
  bool legacy = false;
  bool ok() const { return fault == Fault::none; }
  /// In words, as the reference says it: "unexpected EOF", "proto: wrong wireType = 7 for field
  /// ResourceLogs".
  std::string text() const;
};

/// Validates a whole request against the schema, to full depth: lengths, wire types, id lengths, nesting.
/// Accepts what libprotobuf accepts (fuzz/otlp_wire_fuzz.cc), but for: groups, a known field with a wrong
/// wire type, ids of odd length, tags with bits above the 32nd. Invalid UTF-8 in strings is accepted. Source:
/// spec/collector.md 4.5. Cost: one table look-up a field, no allocation.
Scan scan(SignalKind signal, std::string_view request);

constexpr Message request_of(SignalKind signal) {
  return signal == SignalKind::traces    ? Message::traces
         : signal == SignalKind::metrics ? Message::metrics
         : signal == SignalKind::logs    ? Message::logs
                                         : Message::profiles;
}

}  // namespace gleaner::otlp
