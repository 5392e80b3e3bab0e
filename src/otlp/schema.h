#pragma once
// OTLP's messages as tables: one statement of the schema drives the wire scan, JSON in and JSON out.
// Source: opentelemetry-proto, spec/collector.md 4.5 and 4.6.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace gleaner::otlp {

enum class Type : std::uint8_t {
  none,
  message,
  string,
  bytes,
  trace_id,  ///< bytes, 0 or 16 of them, hex in JSON
  span_id,   ///< bytes, 0 or 8 of them, hex in JSON
  boolean,
  enumeration,  ///< varint; a number or a full name in JSON
  uint32,
  int32,
  sint32,
  uint64,
  int64,
  fixed32,
  fixed64,
  sfixed64,
  real,
};

enum class Message : std::uint8_t {
  any_value,
  array_value,
  kv_list,
  key_value,
  resource,
  entity_ref,
  scope,
  logs,
  resource_logs,
  scope_logs,
  log_record,
  traces,
  resource_spans,
  scope_spans,
  span,
  span_event,
  span_link,
  status,
  metrics,
  resource_metrics,
  scope_metrics,
  metric,
  gauge,
  sum,
  histogram,
  exponential_histogram,
  summary,
  number_point,
  histogram_point,
  exponential_point,
  buckets,
  summary_point,
  quantile,
  exemplar,
  profiles,
  resource_profiles,
  scope_profiles,
  profile,
  sample,
  value_type,
  profiles_dictionary,
  mapping,
  location,
  line,
  function,
  link,
  key_value_and_unit,
  stack,
  count,  // the number of messages
};

struct EnumName {
  std::string_view name;
  std::int32_t value;
};

struct Field {
  std::uint16_t number = 0;
  Type type = Type::none;
  std::string_view json;  ///< lowerCamelCase
  Message message = Message::count;
  bool repeated = false;
  bool always = false;     ///< JSON: written even when absent (resource, scope, status, body, value)
  bool presence = false;   ///< JSON: written when on the wire, zero or not (optional and oneof)
  std::uint8_t oneof = 0;  ///< members of one group displace each other; 0 = none
  std::span<const EnumName> names = {};
};

/// The fields of a message, ordered by number.
std::span<const Field> fields_of(Message message);
std::string_view name_of(Message message);

enum class WireType : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  length = 2,
  group_begin = 3,
  group_end = 4,
  fixed32 = 5
};

constexpr WireType wire_type(Type type) {
  switch (type) {
    case Type::fixed64:
    case Type::sfixed64:
    case Type::real:
      return WireType::fixed64;
    case Type::fixed32:
      return WireType::fixed32;
    case Type::message:
    case Type::string:
    case Type::bytes:
    case Type::trace_id:
    case Type::span_id:
      return WireType::length;
    default:
      return WireType::varint;
  }
}

/// Levels of messages in messages before a request is refused.
inline constexpr int kMaxDepth = 100;

}  // namespace gleaner::otlp
