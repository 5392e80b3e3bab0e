#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "otlp/json.h"
#include "otlp/scan.h"
#include "otlp/wire.h"
#include "pdata/value.h"

namespace gleaner::otlp {
namespace {

/// One field as it stood on the wire.
struct Seen {
  const Field* field;
  std::uint64_t value;
  std::string_view data;
  WireType type;
};

/// JSON text without touching what is no UTF-8.
void append_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, from);
  out += '"';
}

void append_real(std::string& out, double value) {
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    out += pdata::format_double(value);
}

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void message(Message kind, std::string_view bytes) {
    const std::size_t begin = seen_.size();
    collect(kind, bytes);
    const std::size_t end = seen_.size();
    out_ += '{';
    bool first = true;
    for (const Field& field : fields_of(kind)) {
      if (field.number >= 1000) continue;
      bool any = false;
      for (std::size_t i = begin; i < end; ++i) any |= seen_[i].field == &field;
      if (!any && !field.always) continue;
      const std::size_t mark = out_.size();
      if (!first) out_ += ',';
      out_ += '"';
      out_ += field.json;
      out_ += "\":";
      if (write_field(field, begin, end))
        first = false;
      else
        out_.resize(mark);
    }
    out_ += '}';
    seen_.resize(begin);
  }

 private:
  /// Remembers the fields of one message; of a oneof only the last member.
  void collect(Message kind, std::string_view bytes) {
    const auto fields = fields_of(kind);
    const std::size_t begin = seen_.size();
    for (FieldReader reader(bytes); reader.next();) {
      const std::uint32_t number =
          reader.number() == 1000
              ? 2
              : reader.number();  // the scope list of old senders is written as the new one
      const auto found =
          std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.number == number; });
      if (found == fields.end()) continue;
      if (found->oneof)
        seen_.erase(std::remove_if(seen_.begin() + static_cast<std::ptrdiff_t>(begin), seen_.end(),
                                   [&](const Seen& s) { return s.field->oneof == found->oneof; }),
                    seen_.end());
      seen_.push_back({&*found, reader.value(), reader.data(), reader.type()});
    }
  }

  /// @return false when the field turned out to hold its zero value and is not written
  bool write_field(const Field& field, std::size_t begin, std::size_t end) {
    if (field.repeated) return write_list(field, begin, end);
    const Seen* last = nullptr;
    for (std::size_t i = begin; i < end; ++i)
      if (seen_[i].field == &field) last = &seen_[i];
    if (field.type == Type::message) {
      const std::string_view data = last ? last->data : std::string_view();
      message(field.message, data);
      return true;
    }
    const Seen one = *last;
    if (!field.presence && is_zero(field, one)) return false;
    scalar(field, one.value, one.data);
    return true;
  }

  bool write_list(const Field& field, std::size_t begin, std::size_t end) {
    out_ += '[';
    const std::size_t start = out_.size();
    const auto comma = [&] {
      if (out_.size() > start) out_ += ',';
    };
    for (std::size_t i = begin; i < end; ++i) {
      const Seen one = seen_[i];
      if (one.field != &field) continue;
      if (field.type == Type::message) {
        comma();
        message(field.message, one.data);
      } else if (one.type == WireType::length && wire_type(field.type) != WireType::length) {
        packed(field, one.data, comma);
      } else {
        comma();
        scalar(field, one.value, one.data);
      }
    }
    out_ += ']';
    return out_.size() > start + 1;
  }

  template <class F>
  void packed(const Field& field, std::string_view data, F&& comma) {
    const char* p = data.data();
    const char* const end = p + data.size();
    while (p && p < end) {
      std::uint64_t value = 0;
      if (wire_type(field.type) == WireType::fixed64) {
        value = load64(p);
        p += 8;
      } else {
        p = read_varint(p, end, value);
      }
      comma();
      scalar(field, value, {});
    }
  }

  static bool is_zero(const Field& field, const Seen& seen) {
    switch (wire_type(field.type)) {
      case WireType::length:
        if (field.type == Type::trace_id || field.type == Type::span_id)
          return seen.data.find_first_not_of('\0') == std::string_view::npos;
        return seen.data.empty();
      default:
        return seen.value == 0;
    }
  }

  void scalar(const Field& field, std::uint64_t value, std::string_view data) {
    auto to = std::back_inserter(out_);
    switch (field.type) {
      case Type::string:
        append_string(out_, data);
        break;
      case Type::bytes:
        fmt::format_to(to, "\"{}\"", pdata::base64(data));
        break;
      case Type::trace_id:
      case Type::span_id:
        fmt::format_to(to, "\"{}\"", pdata::hex(data));
        break;
      case Type::boolean:
        out_ += value ? "true" : "false";
        break;
      case Type::enumeration:
      case Type::int32:
        fmt::format_to(to, "{}", static_cast<std::int32_t>(value));
        break;
      case Type::sint32:
        fmt::format_to(to, "{}", static_cast<std::int32_t>(unzigzag(value)));
        break;
      case Type::uint32:
      case Type::fixed32:
        fmt::format_to(to, "{}", static_cast<std::uint32_t>(value));
        break;
      case Type::uint64:
      case Type::fixed64:
        fmt::format_to(to, "\"{}\"", value);
        break;
      case Type::int64:
      case Type::sfixed64:
        fmt::format_to(to, "\"{}\"", static_cast<std::int64_t>(value));
        break;
      case Type::real:
        append_real(out_, std::bit_cast<double>(value));
        break;
      case Type::none:
      case Type::message:
        break;
    }
  }

  std::string& out_;
  std::vector<Seen> seen_;  // a stack: every open message has its fields on top of its parent's
};

}  // namespace

void append_json(std::string& out, SignalKind signal, std::string_view request) {
  JsonWriter(out).message(request_of(signal), request);
}

}  // namespace gleaner::otlp
