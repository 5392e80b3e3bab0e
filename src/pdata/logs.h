#pragma once
#include "pdata/common.h"

namespace gleaner::pdata {

struct LogRecord {
  std::uint64_t time = 0;            ///< ns since 1970, 0 = unknown
  std::uint64_t observed_time = 0;   ///< ns since 1970
  std::int32_t severity_number = 0;  ///< 0 unspecified, 1..24
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view severity_text;
  std::string_view event_name;
  Value body;
  bool has_body = false;  ///< an empty body that is present is written as an empty AnyValue
  Map attributes;
  TraceId trace_id;
  SpanId span_id;
};

struct ScopeLogs {
  Scope scope;
  std::string_view schema_url;
  List<LogRecord> records;
};

struct ResourceLogs {
  Resource resource;
  std::string_view schema_url;
  List<ScopeLogs> scopes;
};

}  // namespace gleaner::pdata
