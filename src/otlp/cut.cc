#include "otlp/cut.h"

#include "otlp/scan.h"
#include "otlp/wire.h"

namespace gleaner::otlp {
namespace {

/// Which fields of `kind` hold the next level on the way down to the items. Metrics have five.
Message next_level(Message kind, std::uint32_t number) {
  switch (kind) {
    case Message::logs:
      return number == 1 ? Message::resource_logs : Message::count;
    case Message::resource_logs:
      return number == 2 ? Message::scope_logs : Message::count;
    case Message::scope_logs:
      return number == 2 ? Message::log_record : Message::count;
    case Message::traces:
      return number == 1 ? Message::resource_spans : Message::count;
    case Message::resource_spans:
      return number == 2 ? Message::scope_spans : Message::count;
    case Message::scope_spans:
      return number == 2 ? Message::span : Message::count;
    case Message::metrics:
      return number == 1 ? Message::resource_metrics : Message::count;
    case Message::resource_metrics:
      return number == 2 ? Message::scope_metrics : Message::count;
    case Message::scope_metrics:
      return number == 2 ? Message::metric : Message::count;
    case Message::metric:
      switch (number) {
        case 5:
          return Message::gauge;
        case 7:
          return Message::sum;
        case 9:
          return Message::histogram;
        case 10:
          return Message::exponential_histogram;
        case 11:
          return Message::summary;
        default:
          return Message::count;
      }
    case Message::gauge:
    case Message::sum:
      return number == 1 ? Message::number_point : Message::count;
    case Message::histogram:
      return number == 1 ? Message::histogram_point : Message::count;
    case Message::exponential_histogram:
      return number == 1 ? Message::exponential_point : Message::count;
    case Message::summary:
      return number == 1 ? Message::summary_point : Message::count;
    default:
      return Message::count;
  }
}

bool is_item(Message kind) {
  return kind == Message::log_record || kind == Message::span || kind == Message::number_point ||
         kind == Message::histogram_point || kind == Message::exponential_point ||
         kind == Message::summary_point;
}

std::size_t count_items(Message kind, std::string_view message) {
  if (is_item(kind)) return 1;
  std::size_t items = 0;
  for (FieldReader field(message); field.next();)
    if (const Message child = next_level(kind, field.number()); child != Message::count)
      items += count_items(child, field.data());
  return items;
}

void append_field(Buffer& out, std::uint32_t number, std::string_view body) {
  char* p = out.reserve(20);
  char* const begin = p;
  p = write_varint(p, make_tag(number, WireType::length));
  p = write_varint(p, body.size());
  out.commit(static_cast<std::size_t>(p - begin));
  out.append(body);
}

/// Splits one message after `items` items; everything that is not on the way down is copied to both sides.
/// A side that ends without items below a child does not get that child.
void split(Message kind, std::string_view message, std::size_t items, Buffer& head, Buffer& tail) {
  std::size_t left = items;
  for (FieldReader field(message); field.next();) {
    const Message child = next_level(kind, field.number());
    if (child == Message::count) {
      head.append(field.raw());
      tail.append(field.raw());
      continue;
    }
    const std::size_t inside = count_items(child, field.data());
    if (inside <= left && (left > 0 || inside == 0)) {
      head.append(field.raw());
      left -= inside;
    } else if (left == 0) {
      tail.append(field.raw());
    } else {
      Buffer first(field.data().size()), second(field.data().size());
      split(child, field.data(), left, first, second);
      append_field(head, field.number(), first.view());
      append_field(tail, field.number(), second.view());
      left = 0;
    }
  }
}

}  // namespace

Cut cut(SignalKind signal, const Bytes& request, std::size_t items) {
  const Message kind = request_of(signal);
  Cut result;
  std::size_t left = items;
  const std::string_view all = request.view();
  for (FieldReader field(all); field.next();) {
    const auto at = static_cast<std::size_t>(field.raw().data() - all.data());
    const Message child = next_level(kind, field.number());
    const std::size_t inside = child == Message::count ? 0 : count_items(child, field.data());
    if (left >= inside && left > 0) {
      result.head.append(request.slice(at, field.raw().size()));
      left -= inside;
    } else if (left == 0) {
      result.tail.append(request.slice(at, all.size() - at));
      break;
    } else {
      Buffer first(field.data().size()), second(field.data().size());
      split(child, field.data(), left, first, second);
      Buffer head(first.size() + 12), tail(second.size() + 12);
      append_field(head, field.number(), first.view());
      append_field(tail, field.number(), second.view());
      result.head.append(std::move(head).finish());
      result.tail.append(std::move(tail).finish());
      left = 0;
    }
  }
  return result;
}

}  // namespace gleaner::otlp
