#pragma once
// Protobuf's wire primitives over trusted and untrusted bytes.
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "otlp/schema.h"

namespace gleaner::otlp {

/// Reads a varint of at most ten bytes. @return the byte after it, nullptr when it is cut short or too long
inline const char* read_varint(const char* p, const char* end, std::uint64_t& value) {
  if (p < end && static_cast<signed char>(*p) >= 0) [[likely]] {
    value = static_cast<std::uint8_t>(*p);
    return p + 1;
  }
  std::uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (p == end) return nullptr;
    const auto byte = static_cast<std::uint8_t>(*p++);
    result |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      value = result;
      return p;
    }
  }
  return nullptr;
}

/// Reads a tag or a length: at most five bytes, as libprotobuf does.
/// @return the byte after it, nullptr when it is cut short or longer
inline const char* read_varint32(const char* p, const char* end, std::uint64_t& value) {
  const char* const after = read_varint(p, end, value);
  return after && after - p <= 5 ? after : nullptr;
}

inline std::uint64_t load64(const char* p) {
  std::uint64_t value;
  std::memcpy(&value, p, 8);
  return value;
}
inline std::uint32_t load32(const char* p) {
  std::uint32_t value;
  std::memcpy(&value, p, 4);
  return value;
}
static_assert(std::endian::native == std::endian::little, "OTLP's fixed fields are read in place");

constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

/// Walks the fields of one message. Bytes that scan() has accepted never fail; on others ok() turns false.
class FieldReader {
 public:
  explicit FieldReader(std::string_view message)
      : p_(message.data()), end_(message.data() + message.size()) {}

  /// Moves to the next field; false at the end or when the bytes are broken.
  bool next() {
    if (p_ == end_ || !ok_) return false;
    start_ = p_;
    std::uint64_t tag = 0;
    if (!(p_ = read_varint32(p_, end_, tag)) || tag >> 3 == 0 || tag >> 32) return broken();
    number_ = static_cast<std::uint32_t>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    switch (type_) {
      case WireType::varint:
        if (!(p_ = read_varint(p_, end_, value_))) return broken();
        return true;
      case WireType::fixed64:
        if (end_ - p_ < 8) return broken();
        value_ = load64(p_);
        p_ += 8;
        return true;
      case WireType::fixed32:
        if (end_ - p_ < 4) return broken();
        value_ = load32(p_);
        p_ += 4;
        return true;
      case WireType::length: {
        std::uint64_t size = 0;
        if (!(p_ = read_varint32(p_, end_, size)) || size > static_cast<std::uint64_t>(end_ - p_))
          return broken();
        data_ = {p_, static_cast<std::size_t>(size)};
        p_ += size;
        return true;
      }
      default:
        return broken();
    }
  }
  bool ok() const { return ok_; }
  std::uint32_t number() const { return number_; }
  WireType type() const { return type_; }
  std::uint64_t value() const { return value_; }  ///< varint, fixed64, fixed32
  double real() const { return std::bit_cast<double>(value_); }
  std::string_view data() const { return data_; }  ///< length-delimited
  /// The whole field, tag included.
  std::string_view raw() const { return {start_, static_cast<std::size_t>(p_ - start_)}; }

 private:
  bool broken() {
    ok_ = false;
    return false;
  }
  const char* p_;
  const char* end_;
  const char* start_ = nullptr;
  std::string_view data_;
  std::uint64_t value_ = 0;
  std::uint32_t number_ = 0;
  WireType type_{};
  bool ok_ = true;
};

constexpr std::size_t varint_size(std::uint64_t value) {
  return value < 0x80 ? 1 : static_cast<std::size_t>((std::bit_width(value) + 6) / 7);
}
inline char* write_varint(char* p, std::uint64_t value) {
  while (value >= 0x80) {
    *p++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<char>(value);
  return p;
}
constexpr std::uint32_t make_tag(std::uint32_t number, WireType type) {
  return number << 3 | static_cast<std::uint32_t>(type);
}

}  // namespace gleaner::otlp
