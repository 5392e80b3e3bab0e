#include "otlp/decode.h"

#include "otlp/decode_common.h"
#include "otlp/wire.h"

namespace gleaner::otlp {
namespace detail {

pdata::Value read_value(Arena& arena, std::string_view message) {
  using pdata::Value;
  Value value;
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 1:
        value = Value::string(field.data());
        break;
      case 2:
        value = Value::boolean(field.value() != 0);
        break;
      case 3:
        value = Value::integer(static_cast<std::int64_t>(field.value()));
        break;
      case 4:
        value = Value::real(field.real());
        break;
      case 5:
        value = Value::new_array(arena);
        for (FieldReader item(field.data()); item.next();)
          if (item.number() == 1) value.as_array().push_back(arena, read_value(arena, item.data()));
        break;
      case 6:
        value = Value::new_map(arena);
        for (FieldReader item(field.data()); item.next();)
          if (item.number() == 1) read_attribute(arena, item.data(), value.as_map());
        break;
      case 7:
        value = Value::bytes(field.data());
        break;
      default:
        break;
    }
  }
  return value;
}

void read_attribute(Arena& arena, std::string_view message, pdata::Map& into) {
  pdata::KeyValue pair;
  for (FieldReader field(message); field.next();) {
    if (field.number() == 1) pair.key = field.data();
    if (field.number() == 2) pair.value = read_value(arena, field.data());
  }
  into.items.push_back(arena, pair);
}

void read_resource(Arena& arena, std::string_view message, pdata::Resource& into) {
  Buffer refs;
  for (FieldReader field(message); field.next();) {
    if (field.number() == 1) read_attribute(arena, field.data(), into.attributes);
    if (field.number() == 2) into.dropped_attributes_count = static_cast<std::uint32_t>(field.value());
    if (field.number() == 3) refs.append(field.raw());
  }
  into.entity_refs = arena.copy(refs.view());
}

void read_scope(Arena& arena, std::string_view message, pdata::Scope& into) {
  for (FieldReader field(message); field.next();) {
    if (field.number() == 1) into.name = field.data();
    if (field.number() == 2) into.version = field.data();
    if (field.number() == 3) read_attribute(arena, field.data(), into.attributes);
    if (field.number() == 4) into.dropped_attributes_count = static_cast<std::uint32_t>(field.value());
  }
}

}  // namespace detail

namespace {

void read_log_record(Arena& arena, std::string_view message, pdata::LogRecord& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 1:
        out.time = field.value();
        break;
      case 2:
        out.severity_number = static_cast<std::int32_t>(field.value());
        break;
      case 3:
        out.severity_text = field.data();
        break;
      case 5:
        out.body = detail::read_value(arena, field.data());
        out.has_body = true;
        break;
      case 6:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 7:
        out.dropped_attributes_count = static_cast<std::uint32_t>(field.value());
        break;
      case 8:
        out.flags = static_cast<std::uint32_t>(field.value());
        break;
      case 9:
        out.trace_id.assign(field.data());
        break;
      case 10:
        out.span_id.assign(field.data());
        break;
      case 11:
        out.observed_time = field.value();
        break;
      case 12:
        out.event_name = field.data();
        break;
      default:
        break;
    }
  }
}

void read_event(Arena& arena, std::string_view message, pdata::SpanEvent& out) {
  for (FieldReader field(message); field.next();) {
    if (field.number() == 1) out.time = field.value();
    if (field.number() == 2) out.name = field.data();
    if (field.number() == 3) detail::read_attribute(arena, field.data(), out.attributes);
    if (field.number() == 4) out.dropped_attributes_count = static_cast<std::uint32_t>(field.value());
  }
}

void read_link(Arena& arena, std::string_view message, pdata::SpanLink& out) {
  for (FieldReader field(message); field.next();) {
    switch (field.number()) {
      case 1:
        out.trace_id.assign(field.data());
        break;
      case 2:
        out.span_id.assign(field.data());
        break;
      case 3:
        out.trace_state = field.data();
        break;
      case 4:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 5:
        out.dropped_attributes_count = static_cast<std::uint32_t>(field.value());
        break;
      case 6:
        out.flags = static_cast<std::uint32_t>(field.value());
        break;
      default:
        break;
    }
  }
}

void read_span(Arena& arena, std::string_view message, pdata::Span& out) {
  for (FieldReader field(message); field.next();) {
    const auto count = static_cast<std::uint32_t>(field.value());
    switch (field.number()) {
      case 1:
        out.trace_id.assign(field.data());
        break;
      case 2:
        out.span_id.assign(field.data());
        break;
      case 3:
        out.trace_state = field.data();
        break;
      case 4:
        out.parent_span_id.assign(field.data());
        break;
      case 5:
        out.name = field.data();
        break;
      case 6:
        out.kind = static_cast<std::int32_t>(field.value());
        break;
      case 7:
        out.start_time = field.value();
        break;
      case 8:
        out.end_time = field.value();
        break;
      case 9:
        detail::read_attribute(arena, field.data(), out.attributes);
        break;
      case 10:
        out.dropped_attributes_count = count;
        break;
      case 11:
        read_event(arena, field.data(), out.events.push_back(arena, {}));
        break;
      case 12:
        out.dropped_events_count = count;
        break;
      case 13:
        read_link(arena, field.data(), out.links.push_back(arena, {}));
        break;
      case 14:
        out.dropped_links_count = count;
        break;
      case 15:
        for (FieldReader status(field.data()); status.next();) {
          if (status.number() == 2) out.status_message = status.data();
          if (status.number() == 3) out.status_code = static_cast<std::int32_t>(status.value());
        }
        break;
      case 16:
        out.flags = count;
        break;
      default:
        break;
    }
  }
}

}  // namespace

void decode(const Bytes& request, Records<Logs>& records) {
  const auto view = records.arena.adopt(request);
  detail::read_request(view, records,
                       [&](auto message, auto& out) { read_log_record(records.arena, message, out); });
}

void decode(const Bytes& request, Records<Traces>& records) {
  const auto view = records.arena.adopt(request);
  detail::read_request(view, records,
                       [&](auto message, auto& out) { read_span(records.arena, message, out); });
}

}  // namespace gleaner::otlp
