#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "otlp/json.h"
#include "otlp/scan.h"
#include "otlp/wire.h"
#include "pdata/value.h"

namespace gleaner::otlp {
namespace {

/// "time_unix_nano" and "timeUnixNano" name the same field.
bool same_name(std::string_view camel, std::string_view key) {
  if (camel == key) return true;
  std::size_t k = 0;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      if (k + 1 >= key.size() || key[k] != '_' || key[k + 1] != static_cast<char>(c + 32)) return false;
      k += 2;
    } else {
      if (k >= key.size() || key[k] != c) return false;
      ++k;
    }
  }
  return k == key.size();
}

const Field* find_field(Message kind, std::string_view key) {
  for (const Field& field : fields_of(kind))
    if (same_name(field.json, key)) return &field;
  return nullptr;
}

/// Builds protobuf while RapidJSON reads. One level per open object or list.
class Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
 public:
  explicit Handler(Message root) : root_(root) {}

  std::string error;
  std::string result;

  // An object's or list's life.
  bool StartObject() {
    if (skipping_) return ++skipping_ > 0;
    if (levels_.empty()) return open(root_, nullptr);
    const Field* field = current();
    if (!field) return ++skipping_ > 0;
    if (field->type != Type::message || in_bare_list(*field)) return unexpected("an object");
    if (levels_.size() > kMaxDepth) return refuse(fmt::format("nested deeper than {} levels", kMaxDepth));
    return open(field->message, field);
  }
  bool EndObject(rapidjson::SizeType) {
    if (skipping_) return --skipping_, true;
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty()) {
      result = std::move(level.bytes);
      return true;
    }
    append_field(*level.field, level.bytes);
    return true;
  }
  bool StartArray() {
    if (skipping_) return ++skipping_ > 0;
    if (levels_.empty()) return refuse("an object is expected, not a list");
    const Field* field = current();
    if (!field) return ++skipping_ > 0;
    if (!field->repeated || levels_.back().in_list) return unexpected("a list");
    levels_.back().in_list = true;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    if (skipping_) return --skipping_, true;
    levels_.back().in_list = false;
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (skipping_) return true;
    Level& level = levels_.back();
    level.key = find_field(level.kind, {text, size});
    return true;
  }

  // Scalars.
  bool Null() {
    if (skipping_) return true;
    if (levels_.empty()) return refuse("an object is expected, not null");
    return true;
  }
  bool Bool(bool value) {
    const Field* field = target();
    if (!field) return ignored();
    if (field->type != Type::boolean) return unexpected(value ? "true" : "false");
    return number(*field, value);
  }
  /// A number as it stands in the text, NUL behind it. RapidJSON's own conversion of doubles shifts by
  /// undefined amounts for zeros with many decimals, so only its grammar is used.
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    const Field* field = target();
    if (!field) return ignored();
    const std::string_view value(text, size);
    if (field->type == Type::real) return real_number(*field, value);
    switch (field->type) {
      case Type::string:
      case Type::bytes:
      case Type::trace_id:
      case Type::span_id:
      case Type::boolean:
      case Type::message:
        return unexpected("a number");
      default:
        break;
    }
    if (value.find_first_of(".eE") != std::string_view::npos) return unexpected("a fraction");
    return integer_text(*field, value);
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const Field* field = target();
    if (!field) return ignored();
    const std::string_view value(text, size);
    switch (field->type) {
      case Type::string:
        append_field(*field, value);
        return true;
      case Type::bytes: {
        std::string raw;
        if (!pdata::unbase64(value, raw)) return refuse("illegal base64 data");
        append_field(*field, raw);
        return true;
      }
      case Type::trace_id:
        return id(*field, value, 16);
      case Type::span_id:
        return id(*field, value, 8);
      case Type::enumeration:
        for (const auto& name : field->names)
          if (name.name == value) return number(*field, static_cast<std::uint64_t>(name.value));
        return refuse(fmt::format("unknown value \"{}\" of {}", value.substr(0, 64), field->json));
      case Type::real:
        return real_text(*field, value);
      case Type::boolean:
      case Type::message:
        return unexpected("a text");
      default:
        return integer_text(*field, value);
    }
  }

 private:
  struct Level {
    Message kind;
    const Field* field;          // in the parent
    const Field* key = nullptr;  // whose value comes next
    bool in_list = false;
    std::string bytes;
  };

  bool open(Message kind, const Field* field) {
    levels_.push_back({kind, field, nullptr, false, {}});
    return true;
  }
  const Field* current() const { return levels_.back().key; }
  const Field* target() const { return skipping_ || levels_.empty() ? nullptr : levels_.back().key; }
  bool in_bare_list(const Field& field) const { return field.repeated && !levels_.back().in_list; }
  bool ignored() {
    if (levels_.empty()) return refuse("an object is expected");
    return true;
  }
  bool refuse(std::string why) {
    error = std::move(why);
    return false;
  }
  bool unexpected(std::string_view what) {
    const Field* field = levels_.back().key;
    return refuse(fmt::format("{} does not fit field {} of {}", what, field ? field->json : "?",
                              name_of(levels_.back().kind)));
  }

  void append_field(const Field& field, std::string_view body) {
    std::string& out = levels_.back().bytes;
    char head[20];
    char* p = write_varint(head, make_tag(field.number, WireType::length));
    p = write_varint(p, body.size());
    out.append(head, static_cast<std::size_t>(p - head));
    out.append(body);
  }

  /// A numeric field, `value` being its bits.
  bool number(const Field& field, std::uint64_t value) {
    if (in_bare_list(field)) return unexpected("a single value");
    std::string& out = levels_.back().bytes;
    char bytes[24];
    const WireType type = wire_type(field.type);
    char* p = write_varint(bytes, make_tag(field.number, type));
    if (type == WireType::varint) {
      p = write_varint(p, field.type == Type::sint32 ? zigzag(static_cast<std::int64_t>(value)) : value);
    } else {
      const std::size_t size = type == WireType::fixed64 ? 8 : 4;
      std::memcpy(p, &value, size);
      p += size;
    }
    out.append(bytes, static_cast<std::size_t>(p - bytes));
    return true;
  }

  bool integer(bool negative, std::uint64_t value) {
    const Field* field = target();
    if (!field) return ignored();
    const auto low = static_cast<std::int64_t>(value);
    switch (field->type) {
      case Type::uint64:
      case Type::fixed64:
        if (negative) return out_of_range(*field);
        break;
      case Type::uint32:
      case Type::fixed32:
        if (negative || value > UINT32_MAX) return out_of_range(*field);
        break;
      case Type::int64:
      case Type::sfixed64:
        if (!negative && value > INT64_MAX) return out_of_range(*field);
        break;
      case Type::enumeration:
      case Type::int32:
      case Type::sint32:
        if (negative ? low < INT32_MIN : value > INT32_MAX) return out_of_range(*field);
        break;
      default:
        return unexpected("a number");
    }
    return number(*field, value);
  }
  bool out_of_range(const Field& field) {
    return refuse(fmt::format("number out of range for {}", field.json));
  }

  bool integer_text(const Field& field, std::string_view text) {
    const bool negative = text.starts_with('-');
    std::uint64_t value = 0;
    std::int64_t low = 0;
    const auto parsed = negative ? std::from_chars(text.data(), text.data() + text.size(), low)
                                 : std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
      return refuse(fmt::format("\"{}\" is no whole number for {}", text.substr(0, 64), field.json));
    return integer(negative, negative ? static_cast<std::uint64_t>(low) : value);
  }

  bool real_text(const Field& field, std::string_view text) {
    if (text == "NaN") return number(field, std::bit_cast<std::uint64_t>(std::nan("")));
    if (text == "Infinity") return number(field, std::bit_cast<std::uint64_t>(HUGE_VAL));
    if (text == "-Infinity") return number(field, std::bit_cast<std::uint64_t>(-HUGE_VAL));
    return real_number(field, text);
  }
  /// Too small is zero, too large is an error, as in the reference.
  bool real_number(const Field& field, std::string_view text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code == std::errc::result_out_of_range && end == text.data() + text.size()) {
      value = std::strtod(std::string(text).c_str(), nullptr);
      if (std::isinf(value)) return out_of_range(field);
    } else if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
      return refuse(fmt::format("\"{}\" is no number for {}", text.substr(0, 64), field.json));
    }
    return number(field, std::bit_cast<std::uint64_t>(value));
  }

  bool id(const Field& field, std::string_view text, std::size_t size) {
    if (text.empty()) return true;
    if (text.size() != size * 2)
      return refuse(fmt::format("{} has {} hex digits, not {}", field.json, text.size(), size * 2));
    std::string raw;
    for (std::size_t i = 0; i < text.size(); i += 2) {
      unsigned byte = 0;
      const auto [end, code] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
      if (code != std::errc{} || end != text.data() + i + 2)
        return refuse(fmt::format("{} is not hex", field.json));
      raw += static_cast<char>(byte);
    }
    append_field(field, raw);
    return true;
  }

  Message root_;
  std::vector<Level> levels_;
  int skipping_ = 0;  // depth inside an unknown field's value
};

}  // namespace

Result<Bytes> parse_json(SignalKind signal, std::string_view json) {
  Handler handler(request_of(signal));
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseStopWhenDoneFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  if (!reader.Parse<kFlags>(stream, handler)) {
    const std::string why =
        handler.error.empty() ? rapidjson::GetParseError_En(reader.GetParseErrorCode()) : handler.error;
    return fail(gleaner::Fault::permanent, fmt::format("byte {}: {}", reader.GetErrorOffset(), why));
  }
  return Bytes::copy(handler.result);
}

}  // namespace gleaner::otlp
