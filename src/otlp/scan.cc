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

/// What a one-byte tag leads to where everything is as usual; `unusual` is looked at by Scanner::field().
struct Step {
  enum Kind : std::uint8_t { unusual, varint, eight, four, blob, id16, id8, attribute, message };
  Kind kind = unusual;
  Message sub = Message::count;
};
constexpr std::uint32_t kTags = 128;

struct Steps {
  Step of[static_cast<std::size_t>(Message::count)][kTags];
  Steps() {
    for (std::size_t m = 0; m < static_cast<std::size_t>(Message::count); ++m)
      for (std::uint32_t tag = 8; tag < kTags; ++tag) of[m][tag] = step(m, tag >> 3, tag & 7);
  }
  static Step step(std::size_t m, std::uint32_t number, std::uint32_t type) {
    const Rule rule = kRules.of[m][number];
    switch (rule.kind) {
      case Rule::varint:
      case Rule::packed_varint:
        return {type == 0 ? Step::varint : Step::unusual};
      case Rule::fixed64:
      case Rule::packed_fixed64:
        return {type == 1 ? Step::eight : Step::unusual};
      case Rule::fixed32:
        return {type == 5 ? Step::four : Step::unusual};
      case Rule::blob:
        return {type == 2 ? Step::blob : Step::unusual};
      case Rule::trace_id:
        return {type == 2 ? Step::id16 : Step::unusual};
      case Rule::span_id:
        return {type == 2 ? Step::id8 : Step::unusual};
      case Rule::message:
        if (type != 2 || static_cast<Message>(m) == Message::metric)
          return {};  // its kinds of data are counted
        return {rule.sub == Message::key_value ? Step::attribute : Step::message, rule.sub};
      default:
        return {};
    }
  }
};
const Steps kSteps;

/// Whether one byte says the length of what follows it, all of it before `end`.
inline bool short_length(const char* p, const char* end, std::ptrdiff_t& size) {
  if (p >= end) return false;
  size = static_cast<unsigned char>(*p);
  return size < 0x80 && size <= end - p - 1;
}

/// The byte after an attribute as nearly all are: key, value, one scalar in it, all of it shorter than 128
/// bytes.
/// @param p  its length
/// @return nullptr when it is another, which may be good as well
inline const char* plain_attribute(const char* p, const char* end) {
  constexpr unsigned kLeast = 6;  // 0a 00 12 02, and the value's two bytes
  const auto byte = [](const char* at) { return static_cast<unsigned char>(*at); };
  if (p >= end) return nullptr;
  const unsigned size = byte(p);
  if (size - kLeast >= 0x80 - kLeast || static_cast<std::ptrdiff_t>(size) >= end - p) return nullptr;
  const char* const after = p + 1 + size;
  const unsigned key = byte(p + 2);
  if (p[1] != '\x0a' || key > size - kLeast) return nullptr;
  p += 3 + key;
  const unsigned value = byte(p + 1);  // two bytes at least: there was room for them
  if (p[0] != '\x12' || static_cast<std::ptrdiff_t>(value) != after - p - 2) return nullptr;
  p += 2;
  switch (*p) {
    case '\x0a':  // string
      return byte(p + 1) == value - 2 ? after : nullptr;
    case '\x10':  // bool
    case '\x18':  // int
      if (value > 11) return nullptr;
      for (++p; p < after - 1; ++p)
        if (static_cast<signed char>(*p) >= 0) return nullptr;
      return static_cast<signed char>(*p) >= 0 ? after : nullptr;
    case '\x21':  // double
      return value == 9 ? after : nullptr;
    default:
      return nullptr;
  }
}

class Scanner {
 public:
  Scan result;

  bool message(Message kind, const char* p, const char* end, int depth) {
    if (depth > kMaxDepth) return fault(Fault::too_deep, kind, 0);
    count(kind);
    const Step* steps = kSteps.of[static_cast<std::size_t>(kind)];
    bool has_data = false;  // of a metric
    while (p < end) {
      const auto tag = static_cast<std::uint8_t>(*p);
      const Step step = tag < kTags ? steps[tag] : Step{};
      std::uint64_t value = 0;
      std::ptrdiff_t size = 0;
      const char* next = nullptr;  // the byte after the field
      switch (step.kind) {
        case Step::varint:
          next = read_varint(p + 1, end, value);
          break;
        case Step::eight:
          if (end - p > 8) next = p + 9;
          break;
        case Step::four:
          if (end - p > 4) next = p + 5;
          break;
        case Step::blob:
          if (short_length(p + 1, end, size)) next = p + 2 + size;
          break;
        case Step::id16:
          if (short_length(p + 1, end, size) && (size == 16 || size == 0)) next = p + 2 + size;
          break;
        case Step::id8:
          if (short_length(p + 1, end, size) && (size == 8 || size == 0)) next = p + 2 + size;
          break;
        case Step::attribute:
          if (depth >= kMaxDepth - 1) break;
          next = plain_attribute(p + 1, end);
          while (next && next < end && *next == *p) {  // they come in rows
            const char* const more = plain_attribute(next + 1, end);
            if (!more) break;
            next = more;
          }
          break;
        case Step::message:
          if (short_length(p + 1, end, size)) {
            next = p + 2 + size;
            if (!message(step.sub, p + 2, next, depth + 1)) return false;
          }
          break;
        case Step::unusual:
          break;
      }
      if (!next && !(next = field(kind, p, end, depth, has_data))) return false;
      p = next;
    }
    return true;
  }

 private:
  /// One field, whatever it is. @return the byte after it, nullptr at a fault
  const char* field(Message kind, const char* p, const char* end, int depth, bool& has_data) {
    std::uint64_t tag = 0;
    if (!(p = read_varint32(p, end, tag))) return refuse(Fault::truncated, kind, 0);
    const auto number = static_cast<std::uint32_t>(tag >> 3);
    const auto type = static_cast<std::uint8_t>(tag & 7);
    if (number == 0 || tag >> 32) return refuse(Fault::bad_tag, kind, number);
    const Rule rule = number < kNumbers ? kRules.of[static_cast<std::size_t>(kind)][number] : Rule{};
    std::uint64_t size = 0;
    switch (type) {
      case 0:
        if (rule.kind != Rule::varint && rule.kind != Rule::packed_varint && rule.kind != Rule::unknown)
          return refuse(Fault::bad_wire_type, kind, number, type);
        if (!(p = read_varint(p, end, size))) return refuse(Fault::truncated, kind, number);
        return p;
      case 1:
        if (rule.kind != Rule::fixed64 && rule.kind != Rule::packed_fixed64 && rule.kind != Rule::unknown)
          return refuse(Fault::bad_wire_type, kind, number, type);
        if (end - p < 8) return refuse(Fault::truncated, kind, number);
        return p + 8;
      case 5:
        if (rule.kind != Rule::fixed32 && rule.kind != Rule::unknown)
          return refuse(Fault::bad_wire_type, kind, number, type);
        if (end - p < 4) return refuse(Fault::truncated, kind, number);
        return p + 4;
      case 2:
        if (!(p = read_varint32(p, end, size)) || size > static_cast<std::uint64_t>(end - p))
          return refuse(Fault::truncated, kind, number);
        if (!delimited(rule, kind, number, p, p + size, depth)) return nullptr;
        if (kind == Message::metric && rule.kind == Rule::message && rule.sub != Message::key_value)
          result.legacy |= std::exchange(has_data, true);
        return p + size;
      case 3:
      case 4:
        return refuse(Fault::truncated, kind, number);  // groups: the reference refuses them so
      default:
        return refuse(Fault::bad_wire_type, kind, number, type);
    }
  }

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
      case Message::sample:
        ++result.items;
        break;
      case Message::resource_logs:
      case Message::resource_spans:
      case Message::resource_metrics:
      case Message::resource_profiles:
        ++result.resources;
        break;
      default:
        break;
    }
  }

  const char* refuse(Fault what, Message kind, std::uint32_t number, std::uint8_t wire = 0) {
    fault(what, kind, number, wire);
    return nullptr;
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
      if (where == Message::profile) return "unmarshal: invalid ProfileID length";
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
