// Log records, resources, scopes.
#include "text/ottl/path_rows.h"

namespace gleaner::text::ottl {

std::span<const PathRow> log_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_NANOS("time_unix_nano", e.log->time),
      OTTL_TIME("time", e.log->time),
      OTTL_NANOS("observed_time_unix_nano", e.log->observed_time),
      OTTL_TIME("observed_time", e.log->observed_time),
      OTTL_INT("severity_number", e.log->severity_number),
      OTTL_TEXT("severity_text", e.log->severity_text),
      {.name = "body",
       .value = [](Env& e) { return &e.log->body; },
       .touch = [](Env& e) { e.log->has_body = true; }},
      {.name = "body.string",
       .get =
           [](Env& e, Any& out) {
             const auto& body = e.log->body;
             out = Any::string(body.is_string() ? body.text() : e.keep(pdata::as_text(body)));
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             std::string_view text;
             if (!take(e, v, text)) return false;
             e.log->has_body = true;
             e.log->body = pdata::Value::string(text);
             return true;
           }},
      OTTL_MAP("attributes", e.log->attributes),
      OTTL_INT("dropped_attributes_count", e.log->dropped_attributes_count),
      OTTL_INT("flags", e.log->flags),
      OTTL_ID("trace_id", e.log->trace_id, trace_id),
      OTTL_ID_TEXT("trace_id.string", e.log->trace_id),
      OTTL_ID("span_id", e.log->span_id, span_id),
      OTTL_ID_TEXT("span_id.string", e.log->span_id),
      OTTL_TEXT("event_name", e.log->event_name),
  };
  return kRows;
}

std::span<const PathRow> resource_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_MAP("attributes", e.resource->attributes),
      OTTL_INT("dropped_attributes_count", e.resource->dropped_attributes_count),
      OTTL_TEXT("schema_url", *e.resource_schema),
  };
  return kRows;
}

std::span<const PathRow> scope_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_TEXT("name", e.scope->name),
      OTTL_TEXT("version", e.scope->version),
      OTTL_MAP("attributes", e.scope->attributes),
      OTTL_INT("dropped_attributes_count", e.scope->dropped_attributes_count),
      OTTL_TEXT("schema_url", *e.scope_schema),
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
