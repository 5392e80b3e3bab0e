#pragma once
#include "pdata/common.h"

namespace gleaner::pdata {

struct SpanEvent {
  std::uint64_t time = 0;  ///< ns since 1970
  std::string_view name;
  Map attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::string_view trace_state;
  Map attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
};

struct Span {
  TraceId trace_id;
  SpanId span_id, parent_span_id;
  std::string_view trace_state, name;
  std::int32_t kind = 0;  ///< 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer
  std::uint64_t start_time = 0, end_time = 0;  ///< ns since 1970
  Map attributes;
  std::uint32_t dropped_attributes_count = 0, dropped_events_count = 0, dropped_links_count = 0;
  List<SpanEvent> events;
  List<SpanLink> links;
  std::string_view status_message;
  std::int32_t status_code = 0;  ///< 0 unset, 1 ok, 2 error
  std::uint32_t flags = 0;
};

struct ScopeSpans {
  Scope scope;
  std::string_view schema_url;
  List<Span> records;
};

struct ResourceSpans {
  Resource resource;
  std::string_view schema_url;
  List<ScopeSpans> scopes;
};

}  // namespace gleaner::pdata
