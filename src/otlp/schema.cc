#include "otlp/schema.h"

namespace gleaner::otlp {
namespace {
using M = Message;
using T = Type;

constexpr EnumName kSeverity[] = {
    {"SEVERITY_NUMBER_UNSPECIFIED", 0}, {"SEVERITY_NUMBER_TRACE", 1},   {"SEVERITY_NUMBER_TRACE2", 2},
    {"SEVERITY_NUMBER_TRACE3", 3},      {"SEVERITY_NUMBER_TRACE4", 4},  {"SEVERITY_NUMBER_DEBUG", 5},
    {"SEVERITY_NUMBER_DEBUG2", 6},      {"SEVERITY_NUMBER_DEBUG3", 7},  {"SEVERITY_NUMBER_DEBUG4", 8},
    {"SEVERITY_NUMBER_INFO", 9},        {"SEVERITY_NUMBER_INFO2", 10},  {"SEVERITY_NUMBER_INFO3", 11},
    {"SEVERITY_NUMBER_INFO4", 12},      {"SEVERITY_NUMBER_WARN", 13},   {"SEVERITY_NUMBER_WARN2", 14},
    {"SEVERITY_NUMBER_WARN3", 15},      {"SEVERITY_NUMBER_WARN4", 16},  {"SEVERITY_NUMBER_ERROR", 17},
    {"SEVERITY_NUMBER_ERROR2", 18},     {"SEVERITY_NUMBER_ERROR3", 19}, {"SEVERITY_NUMBER_ERROR4", 20},
    {"SEVERITY_NUMBER_FATAL", 21},      {"SEVERITY_NUMBER_FATAL2", 22}, {"SEVERITY_NUMBER_FATAL3", 23},
    {"SEVERITY_NUMBER_FATAL4", 24}};
constexpr EnumName kSpanKind[] = {{"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1},
                                  {"SPAN_KIND_SERVER", 2},      {"SPAN_KIND_CLIENT", 3},
                                  {"SPAN_KIND_PRODUCER", 4},    {"SPAN_KIND_CONSUMER", 5}};
constexpr EnumName kStatus[] = {{"STATUS_CODE_UNSET", 0}, {"STATUS_CODE_OK", 1}, {"STATUS_CODE_ERROR", 2}};
constexpr EnumName kTemporality[] = {{"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
                                     {"AGGREGATION_TEMPORALITY_DELTA", 1},
                                     {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2}};

constexpr Field scalar(std::uint16_t number, T type, std::string_view json) { return {number, type, json}; }
constexpr Field enumeration(std::uint16_t number, std::string_view json, std::span<const EnumName> names) {
  Field f{number, T::enumeration, json};
  f.names = names;
  return f;
}
constexpr Field one(std::uint16_t number, std::string_view json, M message, bool always = false) {
  Field f{number, T::message, json, message};
  f.always = always;
  return f;
}
constexpr Field many(std::uint16_t number, std::string_view json, M message) {
  Field f{number, T::message, json, message};
  f.repeated = true;
  return f;
}
constexpr Field list(std::uint16_t number, T type, std::string_view json) {
  Field f{number, type, json};
  f.repeated = true;
  return f;
}
constexpr Field optional(std::uint16_t number, T type, std::string_view json) {
  Field f{number, type, json};
  f.presence = true;
  return f;
}
constexpr Field choice(Field f) {
  f.presence = true;
  f.oneof = 1;
  return f;
}

constexpr Field kAnyValue[] = {
    choice(scalar(1, T::string, "stringValue")),  choice(scalar(2, T::boolean, "boolValue")),
    choice(scalar(3, T::int64, "intValue")),      choice(scalar(4, T::real, "doubleValue")),
    choice(one(5, "arrayValue", M::array_value)), choice(one(6, "kvlistValue", M::kv_list)),
    choice(scalar(7, T::bytes, "bytesValue")),    choice(scalar(8, T::int32, "stringValueStrindex"))};
constexpr Field kArrayValue[] = {many(1, "values", M::any_value)};
constexpr Field kKvList[] = {many(1, "values", M::key_value)};
constexpr Field kKeyValue[] = {scalar(1, T::string, "key"), one(2, "value", M::any_value, true),
                               scalar(3, T::int32, "keyStrindex")};
constexpr Field kResource[] = {many(1, "attributes", M::key_value),
                               scalar(2, T::uint32, "droppedAttributesCount"),
                               many(3, "entityRefs", M::entity_ref)};
constexpr Field kEntityRef[] = {scalar(1, T::string, "schemaUrl"), scalar(2, T::string, "type"),
                                list(3, T::string, "idKeys"), list(4, T::string, "descriptionKeys")};
constexpr Field kScope[] = {scalar(1, T::string, "name"), scalar(2, T::string, "version"),
                            many(3, "attributes", M::key_value),
                            scalar(4, T::uint32, "droppedAttributesCount")};

constexpr Field kLogs[] = {many(1, "resourceLogs", M::resource_logs)};
constexpr Field kResourceLogs[] = {one(1, "resource", M::resource, true), many(2, "scopeLogs", M::scope_logs),
                                   scalar(3, T::string, "schemaUrl"),
                                   many(1000, "deprecatedScopeLogs", M::scope_logs)};
constexpr Field kScopeLogs[] = {one(1, "scope", M::scope, true), many(2, "logRecords", M::log_record),
                                scalar(3, T::string, "schemaUrl")};
constexpr Field kLogRecord[] = {
    scalar(1, T::fixed64, "timeUnixNano"), enumeration(2, "severityNumber", kSeverity),
    scalar(3, T::string, "severityText"),  one(5, "body", M::any_value, true),
    many(6, "attributes", M::key_value),   scalar(7, T::uint32, "droppedAttributesCount"),
    scalar(8, T::fixed32, "flags"),        scalar(9, T::trace_id, "traceId"),
    scalar(10, T::span_id, "spanId"),      scalar(11, T::fixed64, "observedTimeUnixNano"),
    scalar(12, T::string, "eventName")};

constexpr Field kTraces[] = {many(1, "resourceSpans", M::resource_spans)};
constexpr Field kResourceSpans[] = {one(1, "resource", M::resource, true),
                                    many(2, "scopeSpans", M::scope_spans), scalar(3, T::string, "schemaUrl"),
                                    many(1000, "deprecatedScopeSpans", M::scope_spans)};
constexpr Field kScopeSpans[] = {one(1, "scope", M::scope, true), many(2, "spans", M::span),
                                 scalar(3, T::string, "schemaUrl")};
constexpr Field kSpan[] = {scalar(1, T::trace_id, "traceId"),
                           scalar(2, T::span_id, "spanId"),
                           scalar(3, T::string, "traceState"),
                           scalar(4, T::span_id, "parentSpanId"),
                           scalar(5, T::string, "name"),
                           enumeration(6, "kind", kSpanKind),
                           scalar(7, T::fixed64, "startTimeUnixNano"),
                           scalar(8, T::fixed64, "endTimeUnixNano"),
                           many(9, "attributes", M::key_value),
                           scalar(10, T::uint32, "droppedAttributesCount"),
                           many(11, "events", M::span_event),
                           scalar(12, T::uint32, "droppedEventsCount"),
                           many(13, "links", M::span_link),
                           scalar(14, T::uint32, "droppedLinksCount"),
                           one(15, "status", M::status, true),
                           scalar(16, T::fixed32, "flags")};
constexpr Field kSpanEvent[] = {scalar(1, T::fixed64, "timeUnixNano"), scalar(2, T::string, "name"),
                                many(3, "attributes", M::key_value),
                                scalar(4, T::uint32, "droppedAttributesCount")};
constexpr Field kSpanLink[] = {scalar(1, T::trace_id, "traceId"),
                               scalar(2, T::span_id, "spanId"),
                               scalar(3, T::string, "traceState"),
                               many(4, "attributes", M::key_value),
                               scalar(5, T::uint32, "droppedAttributesCount"),
                               scalar(6, T::fixed32, "flags")};
constexpr Field kStatusFields[] = {scalar(2, T::string, "message"), enumeration(3, "code", kStatus)};

constexpr Field kMetrics[] = {many(1, "resourceMetrics", M::resource_metrics)};
constexpr Field kResourceMetrics[] = {
    one(1, "resource", M::resource, true), many(2, "scopeMetrics", M::scope_metrics),
    scalar(3, T::string, "schemaUrl"), many(1000, "deprecatedScopeMetrics", M::scope_metrics)};
constexpr Field kScopeMetrics[] = {one(1, "scope", M::scope, true), many(2, "metrics", M::metric),
                                   scalar(3, T::string, "schemaUrl")};
constexpr Field kMetric[] = {scalar(1, T::string, "name"),
                             scalar(2, T::string, "description"),
                             scalar(3, T::string, "unit"),
                             choice(one(5, "gauge", M::gauge)),
                             choice(one(7, "sum", M::sum)),
                             choice(one(9, "histogram", M::histogram)),
                             choice(one(10, "exponentialHistogram", M::exponential_histogram)),
                             choice(one(11, "summary", M::summary)),
                             many(12, "metadata", M::key_value)};
constexpr Field kGauge[] = {many(1, "dataPoints", M::number_point)};
constexpr Field kSum[] = {many(1, "dataPoints", M::number_point),
                          enumeration(2, "aggregationTemporality", kTemporality),
                          scalar(3, T::boolean, "isMonotonic")};
constexpr Field kHistogram[] = {many(1, "dataPoints", M::histogram_point),
                                enumeration(2, "aggregationTemporality", kTemporality)};
constexpr Field kExponential[] = {many(1, "dataPoints", M::exponential_point),
                                  enumeration(2, "aggregationTemporality", kTemporality)};
constexpr Field kSummary[] = {many(1, "dataPoints", M::summary_point)};
constexpr Field kNumberPoint[] = {scalar(2, T::fixed64, "startTimeUnixNano"),
                                  scalar(3, T::fixed64, "timeUnixNano"),
                                  choice(scalar(4, T::real, "asDouble")),
                                  many(5, "exemplars", M::exemplar),
                                  choice(scalar(6, T::sfixed64, "asInt")),
                                  many(7, "attributes", M::key_value),
                                  scalar(8, T::uint32, "flags")};
constexpr Field kHistogramPoint[] = {scalar(2, T::fixed64, "startTimeUnixNano"),
                                     scalar(3, T::fixed64, "timeUnixNano"),
                                     scalar(4, T::fixed64, "count"),
                                     optional(5, T::real, "sum"),
                                     list(6, T::fixed64, "bucketCounts"),
                                     list(7, T::real, "explicitBounds"),
                                     many(8, "exemplars", M::exemplar),
                                     many(9, "attributes", M::key_value),
                                     scalar(10, T::uint32, "flags"),
                                     optional(11, T::real, "min"),
                                     optional(12, T::real, "max")};
constexpr Field kExponentialPoint[] = {
    many(1, "attributes", M::key_value),   scalar(2, T::fixed64, "startTimeUnixNano"),
    scalar(3, T::fixed64, "timeUnixNano"), scalar(4, T::fixed64, "count"),
    optional(5, T::real, "sum"),           scalar(6, T::sint32, "scale"),
    scalar(7, T::fixed64, "zeroCount"),    one(8, "positive", M::buckets, true),
    one(9, "negative", M::buckets, true),  scalar(10, T::uint32, "flags"),
    many(11, "exemplars", M::exemplar),    optional(12, T::real, "min"),
    optional(13, T::real, "max"),          scalar(14, T::real, "zeroThreshold")};
constexpr Field kBuckets[] = {scalar(1, T::sint32, "offset"), list(2, T::uint64, "bucketCounts")};
constexpr Field kSummaryPoint[] = {scalar(2, T::fixed64, "startTimeUnixNano"),
                                   scalar(3, T::fixed64, "timeUnixNano"),
                                   scalar(4, T::fixed64, "count"),
                                   scalar(5, T::real, "sum"),
                                   many(6, "quantileValues", M::quantile),
                                   many(7, "attributes", M::key_value),
                                   scalar(8, T::uint32, "flags")};
constexpr Field kQuantile[] = {scalar(1, T::real, "quantile"), scalar(2, T::real, "value")};
constexpr Field kExemplar[] = {
    scalar(2, T::fixed64, "timeUnixNano"),   choice(scalar(3, T::real, "asDouble")),
    scalar(4, T::span_id, "spanId"),         scalar(5, T::trace_id, "traceId"),
    choice(scalar(6, T::sfixed64, "asInt")), many(7, "filteredAttributes", M::key_value)};

constexpr Field kProfiles[] = {many(1, "resourceProfiles", M::resource_profiles),
                               one(2, "dictionary", M::profiles_dictionary, true)};
constexpr Field kResourceProfiles[] = {one(1, "resource", M::resource, true),
                                       many(2, "scopeProfiles", M::scope_profiles),
                                       scalar(3, T::string, "schemaUrl")};
constexpr Field kScopeProfiles[] = {one(1, "scope", M::scope, true), many(2, "profiles", M::profile),
                                    scalar(3, T::string, "schemaUrl")};
constexpr Field kProfile[] = {
    one(1, "sampleType", M::value_type, true),     many(2, "samples", M::sample),
    scalar(3, T::fixed64, "timeUnixNano"),         scalar(4, T::uint64, "durationNano"),
    one(5, "periodType", M::value_type, true),     scalar(6, T::int64, "period"),
    scalar(7, T::trace_id, "profileId"),           scalar(8, T::uint32, "droppedAttributesCount"),
    scalar(9, T::string, "originalPayloadFormat"), scalar(10, T::bytes, "originalPayload"),
    list(11, T::int32, "attributeIndices")};
constexpr Field kSample[] = {scalar(1, T::int32, "stackIndex"), list(2, T::int32, "attributeIndices"),
                             scalar(3, T::int32, "linkIndex"), list(4, T::int64, "values"),
                             list(5, T::fixed64, "timestampsUnixNano")};
constexpr Field kValueType[] = {scalar(1, T::int32, "typeStrindex"), scalar(2, T::int32, "unitStrindex")};
constexpr Field kDictionary[] = {
    many(1, "mappingTable", M::mapping),   many(2, "locationTable", M::location),
    many(3, "functionTable", M::function), many(4, "linkTable", M::link),
    list(5, T::string, "stringTable"),     many(6, "attributeTable", M::key_value_and_unit),
    many(7, "stackTable", M::stack)};
constexpr Field kMapping[] = {scalar(1, T::uint64, "memoryStart"), scalar(2, T::uint64, "memoryLimit"),
                              scalar(3, T::uint64, "fileOffset"), scalar(4, T::int32, "filenameStrindex"),
                              list(5, T::int32, "attributeIndices")};
constexpr Field kLocation[] = {scalar(1, T::int32, "mappingIndex"), scalar(2, T::uint64, "address"),
                               many(3, "lines", M::line), list(4, T::int32, "attributeIndices")};
constexpr Field kLine[] = {scalar(1, T::int32, "functionIndex"), scalar(2, T::int64, "line"),
                           scalar(3, T::int64, "column")};
constexpr Field kFunction[] = {scalar(1, T::int32, "nameStrindex"), scalar(2, T::int32, "systemNameStrindex"),
                               scalar(3, T::int32, "filenameStrindex"), scalar(4, T::int64, "startLine")};
constexpr Field kLink[] = {scalar(1, T::trace_id, "traceId"), scalar(2, T::span_id, "spanId")};
constexpr Field kKeyValueAndUnit[] = {scalar(1, T::int32, "keyStrindex"), one(2, "value", M::any_value, true),
                                      scalar(3, T::int32, "unitStrindex")};
constexpr Field kStack[] = {list(1, T::int32, "locationIndices")};

struct Entry {
  std::string_view name;
  std::span<const Field> fields;
};
// In the order of enum Message.
constexpr Entry kMessages[] = {{"AnyValue", kAnyValue},
                               {"ArrayValue", kArrayValue},
                               {"KeyValueList", kKvList},
                               {"KeyValue", kKeyValue},
                               {"Resource", kResource},
                               {"EntityRef", kEntityRef},
                               {"InstrumentationScope", kScope},
                               {"ExportLogsServiceRequest", kLogs},
                               {"ResourceLogs", kResourceLogs},
                               {"ScopeLogs", kScopeLogs},
                               {"LogRecord", kLogRecord},
                               {"ExportTraceServiceRequest", kTraces},
                               {"ResourceSpans", kResourceSpans},
                               {"ScopeSpans", kScopeSpans},
                               {"Span", kSpan},
                               {"Span.Event", kSpanEvent},
                               {"Span.Link", kSpanLink},
                               {"Status", kStatusFields},
                               {"ExportMetricsServiceRequest", kMetrics},
                               {"ResourceMetrics", kResourceMetrics},
                               {"ScopeMetrics", kScopeMetrics},
                               {"Metric", kMetric},
                               {"Gauge", kGauge},
                               {"Sum", kSum},
                               {"Histogram", kHistogram},
                               {"ExponentialHistogram", kExponential},
                               {"Summary", kSummary},
                               {"NumberDataPoint", kNumberPoint},
                               {"HistogramDataPoint", kHistogramPoint},
                               {"ExponentialHistogramDataPoint", kExponentialPoint},
                               {"Buckets", kBuckets},
                               {"SummaryDataPoint", kSummaryPoint},
                               {"ValueAtQuantile", kQuantile},
                               {"Exemplar", kExemplar},
                               {"ExportProfilesServiceRequest", kProfiles},
                               {"ResourceProfiles", kResourceProfiles},
                               {"ScopeProfiles", kScopeProfiles},
                               {"Profile", kProfile},
                               {"Sample", kSample},
                               {"ValueType", kValueType},
                               {"ProfilesDictionary", kDictionary},
                               {"Mapping", kMapping},
                               {"Location", kLocation},
                               {"Line", kLine},
                               {"Function", kFunction},
                               {"Link", kLink},
                               {"KeyValueAndUnit", kKeyValueAndUnit},
                               {"Stack", kStack}};
static_assert(std::size(kMessages) == static_cast<std::size_t>(Message::count));

}  // namespace

std::span<const Field> fields_of(Message message) {
  return kMessages[static_cast<std::size_t>(message)].fields;
}
std::string_view name_of(Message message) { return kMessages[static_cast<std::size_t>(message)].name; }

}  // namespace gleaner::otlp
