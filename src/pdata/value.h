#pragma once
// OTLP's AnyValue and attribute maps in an arena. All types here are trivially copyable views.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace gleaner::pdata {

struct KeyValue;

class Value;
using Array = List<Value>;

/// An ordered list of keys and values; duplicates can come in from the wire and are kept. Lookup is linear:
/// records have tens of attributes, not thousands.
struct Map {
  List<KeyValue> items;

  bool empty() const { return items.empty(); }
  std::size_t size() const { return items.size(); }
  KeyValue* begin() const { return items.begin(); }
  KeyValue* end() const { return items.end(); }
  /// The first value under `key`, or nullptr.
  Value* find(std::string_view key) const;
  /// Sets `key`, replacing the first of that name or appending. Key and value must live as long as `arena`.
  Value& set(Arena& arena, std::string_view key, const Value& value);
  /// Removes every entry of that name; true if there was one.
  bool erase(std::string_view key);
};

/// One value: 16 bytes. Strings and bytes are views; array and map point into an arena.
class Value {
 public:
  enum class Kind : std::uint8_t { empty, string, boolean, integer, real, bytes, array, map };

  Value() noexcept : kind_(Kind::empty), size_(0), int_(0) {}
  static Value string(std::string_view text) noexcept { return Value(Kind::string, text); }
  static Value bytes(std::string_view data) noexcept { return Value(Kind::bytes, data); }
  static Value boolean(bool value) noexcept {
    Value v;
    v.kind_ = Kind::boolean;
    v.int_ = value;
    return v;
  }
  static Value integer(std::int64_t value) noexcept {
    Value v;
    v.kind_ = Kind::integer;
    v.int_ = value;
    return v;
  }
  static Value real(double value) noexcept {
    Value v;
    v.kind_ = Kind::real;
    v.real_ = value;
    return v;
  }
  static Value array(pdata::Array* list) noexcept {
    Value v;
    v.kind_ = Kind::array;
    v.array_ = list;
    return v;
  }
  static Value map(pdata::Map* map) noexcept {
    Value v;
    v.kind_ = Kind::map;
    v.map_ = map;
    return v;
  }
  static Value new_array(Arena& arena) { return array(arena.make<pdata::Array>()); }
  static Value new_map(Arena& arena) { return map(arena.make<pdata::Map>()); }

  Kind kind() const noexcept { return kind_; }
  bool is_empty() const noexcept { return kind_ == Kind::empty; }
  bool is_string() const noexcept { return kind_ == Kind::string; }
  bool is_map() const noexcept { return kind_ == Kind::map; }
  bool is_array() const noexcept { return kind_ == Kind::array; }

  // Each requires the kind it is named after (text: string or bytes).
  std::string_view text() const noexcept { return {text_, size_}; }
  bool as_bool() const noexcept { return int_ != 0; }
  std::int64_t as_int() const noexcept { return int_; }
  double as_real() const noexcept { return real_; }
  pdata::Array& as_array() const noexcept { return *array_; }
  pdata::Map& as_map() const noexcept { return *map_; }

 private:
  Value(Kind kind, std::string_view text) noexcept
      : kind_(kind), size_(static_cast<std::uint32_t>(text.size())), text_(text.data()) {}
  Kind kind_;
  std::uint32_t size_;  // of text_
  union {
    const char* text_;
    std::int64_t int_;
    double real_;
    pdata::Array* array_;
    pdata::Map* map_;
  };
};

struct KeyValue {
  std::string_view key;
  Value value;
};

/// Deep equality: kinds must match; maps compare as sets of keys, doubles by value (NaN differs from itself).
bool equal(const Value& a, const Value& b);

/// A deep copy whose every byte lives in `arena`.
Value clone(Arena& arena, const Value& value);
Map clone(Arena& arena, const Map& map);

/// The text form used all over the collector ("AsString"): ints decimal, doubles as in JavaScript, bools,
/// bytes in base64, maps and lists as JSON without HTML escaping (map keys sorted), empty = "". Source:
/// spec/collector.md 4.5.
std::string as_text(const Value& value);
/// The same, appended.
void append_text(std::string& out, const Value& value);
/// The value as JSON as AsString writes it inside maps and lists: strings quoted, empty = null.
void append_json(std::string& out, const Value& value);

/// A double as JavaScript (and Go's encoding/json) prints it: shortest digits, exponent below 1e-6 and from
/// 1e21.
std::string format_double(double value);

/// Standard base64 with padding.
std::string base64(std::string_view bytes);
/// @return false when `text` is not base64 (standard or URL alphabet, padding optional)
bool unbase64(std::string_view text, std::string& out);

}  // namespace gleaner::pdata
