// Spans and their events.
#include <array>

#include "text/ottl/path_rows.h"

namespace gleaner::text::ottl {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {"Unspecified", "Internal", "Server",
                                                    "Client",      "Producer", "Consumer"};
constexpr std::array<std::string_view, 6> kOldKinds = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                       "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                       "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};

bool kind_text(const std::array<std::string_view, 6>& names, const pdata::Span& span, Any& out) {
  out = Any::string(span.kind >= 0 && span.kind < 6 ? names[static_cast<std::size_t>(span.kind)]
                                                    : std::string_view());
  return true;
}
bool take_kind(Env& e, const std::array<std::string_view, 6>& names, const Any& v) {
  std::string_view text;
  if (!take(e, v, text)) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != text) continue;
    e.span->kind = static_cast<std::int32_t>(i);
    return true;
  }
  return e.fail("unknown span kind string, " + std::string(text));
}

}  // namespace

std::span<const PathRow> span_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_ID("trace_id", e.span->trace_id, trace_id),
      OTTL_ID_TEXT("trace_id.string", e.span->trace_id),
      OTTL_ID("span_id", e.span->span_id, span_id),
      OTTL_ID_TEXT("span_id.string", e.span->span_id),
      OTTL_ID("parent_span_id", e.span->parent_span_id, span_id),
      OTTL_ID_TEXT("parent_span_id.string", e.span->parent_span_id),
      {.name = "trace_state",
       .get =
           [](Env& e, Any& out) {
             out = Any::string(e.span->trace_state);
             return true;
           },
       .set = [](Env& e, const Any& v) { return take(e, v, e.span->trace_state); },
       .trace_state = true},
      OTTL_TEXT("name", e.span->name),
      OTTL_INT("kind", e.span->kind),
      {.name = "kind.string",
       .get = [](Env& e, Any& out) { return kind_text(kKinds, *e.span, out); },
       .set = [](Env& e, const Any& v) { return take_kind(e, kKinds, v); }},
      {.name = "kind.deprecated_string",
       .get = [](Env& e, Any& out) { return kind_text(kOldKinds, *e.span, out); },
       .set = [](Env& e, const Any& v) { return take_kind(e, kOldKinds, v); }},
      OTTL_NANOS("start_time_unix_nano", e.span->start_time),
      OTTL_TIME("start_time", e.span->start_time),
      OTTL_NANOS("end_time_unix_nano", e.span->end_time),
      OTTL_TIME("end_time", e.span->end_time),
      OTTL_MAP("attributes", e.span->attributes),
      OTTL_INT("dropped_attributes_count", e.span->dropped_attributes_count),
      OTTL_PARTS("events", e.span->events, events),
      OTTL_INT("dropped_events_count", e.span->dropped_events_count),
      OTTL_PARTS("links", e.span->links, links),
      OTTL_INT("dropped_links_count", e.span->dropped_links_count),
      {.name = "status",
       .get =
           [](Env& e, Any& out) {
             out = Any::part(Any::Kind::status, e.span);
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             if (!v.is(Any::Kind::status))
               return e.fail("expects ptrace.Status but got " + std::string(v.type()));
             const auto& from = *static_cast<const pdata::Span*>(v.at());
             e.span->status_code = from.status_code;
             e.span->status_message = from.status_message;
             return true;
           }},
      OTTL_INT("status.code", e.span->status_code),
      OTTL_TEXT("status.message", e.span->status_message),
      {.name = "flags",
       .get =
           [](Env& e, Any& out) {
             out = Any::integer(e.span->flags);
             return true;
           },
       .set =
           [](Env& e, const Any& v) {
             std::int64_t number = 0;
             if (!take_int(e, v, number)) return false;
             if (number < 0 || number > UINT32_MAX)
               return e.fail("value " + std::to_string(number) + " is out of range for uint32");
             e.span->flags = static_cast<std::uint32_t>(number);
             return true;
           }},
  };
  return kRows;
}

std::span<const PathRow> event_paths() {
  static constexpr PathRow kRows[] = {
      OTTL_NANOS("time_unix_nano", e.event->time),
      OTTL_TIME("time", e.event->time),
      OTTL_TEXT("name", e.event->name),
      OTTL_MAP("attributes", e.event->attributes),
      OTTL_INT("dropped_attributes_count", e.event->dropped_attributes_count),
      {.name = "event_index",
       .get =
           [](Env& e, Any& out) {
             out = Any::integer(e.event_index);
             return true;
           },
       .set = [](Env& e, const Any&) { return e.fail("the 'event_index' path cannot be modified"); }},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
