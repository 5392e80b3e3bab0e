#include "otlp/scan.h"

#include <fmt/format.h>

#include <utility>

#include "otlp/wire.h"

namespace gleaner::otlp {
namespace {

/// What the scan must know of a field: two bytes.
struct Rule {
  enum Kind : std::uint8_t {
    unknown,
    varint,
    fixed64,
    fixed32,
    blob,
    trace_id,
    span_id,
    message,
    packed_varint,
    packed_fixed64
  };
  Kind kind = unknown;
  Message sub = Message::count;
};
constexpr std::uint32_t kNumbers = 17;  // field numbers below this have a rule; 1000 is looked at by hand

struct Rules {
  Rule of[static_cast<std::size_t>(Message::count)][kNumbers];
  Rules() {
    for (std::size_t m = 0; m < static_cast<std::size_t>(Message::count); ++m) {
      for (const auto& field : fields_of(static_cast<Message>(m))) {
        if (field.number >= kNumbers) continue;
        Rule& rule = of[m][field.number];
        rule.sub = field.message;
        switch (field.type) {
          case Type::message:
            rule.kind = Rule::message;
            break;
          case Type::trace_id:
            rule.kind = Rule::trace_id;
            break;
          case Type::span_id:
            rule.kind = Rule::span_id;
            break;
          case Type::string:
          case Type::bytes:
            rule.kind = Rule::blob;
            break;
          case Type::fixed64:
          case Type::sfixed64:
          case Type::real:
            rule.kind = field.repeated ? Rule::packed_fixed64 : Rule::fixed64;
            break;
          case Type::fixed32:
            rule.kind = Rule::fixed32;
            break;
          default:
            rule.kind = field.repeated ? Rule::packed_varint : Rule::varint;
            break;
        }
      }
    }
  }
};
const Rules kRules;

class Scanner {
 public:
  Scan result;

  bool message(Message kind, const char* p, const char* end, int depth) {
    if (depth > kMaxDepth) return fault(Fault::too_deep, kind, 0);
    count(kind);
    const Rule* rules = kRules.of[static_cast<std::size_t>(kind)];
    bool has_data = false;  // of a metric
    while (p < end) {
      std::uint64_t tag = 0;
      if (!(p = read_varint32(p, end, tag))) return fault(Fault::truncated, kind, 0);
      const auto number = static_cast<std::uint32_t>(tag >> 3);
      const auto type = static_cast<std::uint8_t>(tag & 7);
      if (number == 0 || tag >> 32) return fault(Fault::bad_tag, kind, number);
      const Rule rule = number < kNumbers ? rules[number] : Rule{};
      std::uint64_t size = 0;
      switch (type) {
        case 0:
          if (rule.kind != Rule::varint && rule.kind != Rule::packed_varint && rule.kind != Rule::unknown)
            return fault(Fault::bad_wire_type, kind, number, type);
          if (!(p = read_varint(p, end, size))) return fault(Fault::truncated, kind, number);
          break;
        case 1:
          if (rule.kind != Rule::fixed64 && rule.kind != Rule::packed_fixed64 && rule.kind != Rule::unknown)
            return fault(Fault::bad_wire_type, kind, number, type);
          if (end - p < 8) return fault(Fault::truncated, kind, number);
          p += 8;
          break;
        case 5:
          if (rule.kind != Rule::fixed32 && rule.kind != Rule::unknown)
            return fault(Fault::bad_wire_type, kind, number, type);
          if (end - p < 4) return fault(Fault::truncated, kind, number);
          p += 4;
          break;
        case 2:
          if (!(p = read_varint32(p, end, size)) || size > static_cast<std::uint64_t>(end - p))
            return fault(Fault::truncated, kind, number);
          if (!delimited(rule, kind, number, p, p + size, depth)) return false;
          if (kind == Message::metric && rule.kind == Rule::message && rule.sub != Message::key_value)
            result.legacy |= std::exchange(has_data, true);
          p += size;
          break;
        case 3:
        case 4:
          return fault(Fault::truncated, kind, number);  // groups: the reference refuses them so
        default:
          return fault(Fault::bad_wire_type, kind, number, type);
      }
    }
    return true;
  }

 private:
  bool delimited(Rule rule, Message kind, std::uint32_t number, const char* p, const char* end, int depth) {
    switch (rule.kind) {
      case Rule::message:
        return message(rule.sub, p, end, depth + 1);
      case Rule::blob:
        return true;
      case Rule::trace_id:
        return end == p || end - p == 16 || fault(Fault::bad_id_length, kind, number);
      case Rule::span_id:
        return end == p || end - p == 8 || fault(Fault::bad_id_length, kind, number);
      case Rule::packed_fixed64:
        return (end - p) % 8 == 0 || fault(Fault::truncated, kind, number);
      case Rule::packed_varint:
        for (std::uint64_t value; p < end;)
          if (!(p = read_varint(p, end, value))) return fault(Fault::truncated, kind, number);
        return true;
      case Rule::unknown:
        if (number != 1000) return true;
        if (kind == Message::resource_logs)
          return result.legacy = true, message(Message::scope_logs, p, end, depth + 1);
        if (kind == Message::resource_spans)
          return result.legacy = true, message(Message::scope_spans, p, end, depth + 1);
        if (kind == Message::resource_metrics)
          return result.legacy = true, message(Message::scope_metrics, p, end, depth + 1);
        return true;
      default:
        return fault(Fault::bad_wire_type, kind, number, 2);
    }
  }

  void count(Message kind) {
    switch (kind) {
      case Message::log_record:
      case Message::span:
      case Message::number_point:
      case Message::histogram_point:
      case Message::exponential_point:
      case Message::summary_point:
        ++result.items;
        break;
      case Message::resource_logs:
      case Message::resource_spans:
      case Message::resource_metrics:
        ++result.resources;
        break;
      default:
        break;
    }
  }

  bool fault(Fault what, Message kind, std::uint32_t number, std::uint8_t wire = 0) {
    result.fault = what;
    result.where = kind;
    result.field = number << 3 | wire;
    return false;
  }
};

}  // namespace

Scan scan(SignalKind signal, std::string_view request) {
  Scanner scanner;
  scanner.message(request_of(signal), request.data(), request.data() + request.size(), 0);
  return scanner.result;
}

std::string Scan::text() const {
  const std::uint32_t number = field >> 3;
  switch (fault) {
    case Fault::none:
      return "ok";
    case Fault::truncated:
      return "unexpected EOF";
    case Fault::too_deep:
      return fmt::format("messages are nested deeper than {} levels", kMaxDepth);
    case Fault::bad_tag:
      return number ? fmt::format("proto: {}: a tag of more than 32 bits", name_of(where))
                    : fmt::format("proto: {}: illegal tag 0", name_of(where));
    case Fault::bad_id_length:
      return where == Message::span_link || where == Message::span || where == Message::log_record
                 ? fmt::format("unmarshal: invalid {} length",
                               number == 1 || number == 9 ? "TraceID" : "SpanID")
                 : "unmarshal: invalid ID length";
    case Fault::bad_wire_type: {
      std::string_view name = "?";
      for (const auto& f : fields_of(where))
        if (f.number == number) name = f.json;
      return fmt::format("proto: wrong wireType = {} for field {} of {}", field & 7, name, name_of(where));
    }
  }
  return "?";
}

}  // namespace gleaner::otlp
