#pragma once
// Writes protobuf fields front to back. A nested message gets one length byte first; when it turns out longer
// than 127 bytes, its body moves up by what the length needs.

#include "base/bytes.h"
#include "otlp/wire.h"
#include "pdata/common.h"

namespace gleaner::otlp {

/// memcpy for names and values, most of which are short: a call costs more than the copy.
inline void copy_bytes(char* to, const char* from, std::size_t size) {
  // A vector, not an array: it stays in a register, an array would bring a guard of the stack along.
  using Sixteen = char __attribute__((vector_size(16)));
  const auto copy = [&]<class Word>(std::size_t at, Word word) {
    std::memcpy(&word, from + at, sizeof word);
    std::memcpy(to + at, &word, sizeof word);
  };
  const auto both_ends = [&]<class Word>(Word word) {
    copy(0, word);
    copy(size - sizeof word, word);
  };
  if (size > 64) {
    std::memcpy(to, from, size);
  } else if (size > 32) {
    both_ends(Sixteen{});
    copy(16, Sixteen{});
    copy(size - 32, Sixteen{});
  } else if (size >= 16) {
    both_ends(Sixteen{});
  } else if (size >= 8) {
    both_ends(std::uint64_t{});
  } else if (size >= 4) {
    both_ends(std::uint32_t{});
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

class Writer {
 public:
  explicit Writer(std::size_t expected) : out_(expected) {}

  void varint(std::uint32_t number, std::uint64_t value) {
    if (value) varint_always(number, value);
  }
  void varint_always(std::uint32_t number, std::uint64_t value) {
    char* p = out_.reserve(15);
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::varint));
    p = write_varint(p, value);
    out_.commit(static_cast<std::size_t>(p - begin));
  }
  void sint(std::uint32_t number, std::int64_t value) { varint(number, zigzag(value)); }
  void fixed64(std::uint32_t number, std::uint64_t value) {
    if (value) fixed64_always(number, value);
  }
  void fixed64_always(std::uint32_t number, std::uint64_t value) {
    char* p = out_.reserve(13);
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::fixed64));
    std::memcpy(p, &value, 8);
    out_.commit(static_cast<std::size_t>(p + 8 - begin));
  }
  void real(std::uint32_t number, double value) { fixed64(number, std::bit_cast<std::uint64_t>(value)); }
  void real_always(std::uint32_t number, double value) {
    fixed64_always(number, std::bit_cast<std::uint64_t>(value));
  }
  void fixed32(std::uint32_t number, std::uint32_t value) {
    if (!value) return;
    char* p = out_.reserve(9);
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::fixed32));
    std::memcpy(p, &value, 4);
    out_.commit(static_cast<std::size_t>(p + 4 - begin));
  }
  void text(std::uint32_t number, std::string_view value) {
    if (!value.empty()) text_always(number, value);
  }
  void text_always(std::uint32_t number, std::string_view value) {
    char* p = out_.reserve(15 + value.size());
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::length));
    p = write_varint(p, value.size());
    copy_bytes(p, value.data(), value.size());
    out_.commit(static_cast<std::size_t>(p - begin) + value.size());
  }
  template <std::size_t N>
  void id(std::uint32_t number, const pdata::Id<N>& value) {
    if (!value.empty()) text_always(number, value.view());
  }
  void raw(std::string_view fields) { out_.append(fields); }

  /// A nested message; `body` writes its fields. When its length needs other than `guess` bytes, the body
  /// moves.
  template <class F>
  void message(std::uint32_t number, F&& body, std::size_t guess = 1) {
    char* p = out_.reserve(5 + guess);
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::length));
    out_.commit(static_cast<std::size_t>(p - begin) + guess);
    const std::size_t start = out_.size();
    body();
    const std::size_t size = out_.size() - start;
    const std::size_t needed = varint_size(size);
    if (needed > guess) out_.reserve(needed - guess);
    if (needed != guess) {
      std::memmove(out_.data() + start + needed - guess, out_.data() + start, size);
      out_.resize_down(start + needed - guess + size);
    }
    write_varint(out_.data() + start - guess, size);
  }
  /// A key with a text, the most frequent message of all.
  void pair(std::uint32_t number, std::string_view key, std::string_view value) {
    if (is_short(number, key, value.size())) {
      char* const begin = out_.reserve(kShortRoom);
      char* p = short_head(begin, number, key, 2 + value.size());
      *p++ = tag_of_text(1);
      *p++ = static_cast<char>(value.size());
      copy_bytes(p, value.data(), value.size());
      return out_.commit(static_cast<std::size_t>(p + value.size() - begin));
    }
    const std::size_t inner = 1 + varint_size(value.size()) + value.size();
    const std::size_t size =
        (key.empty() ? 0 : 1 + varint_size(key.size()) + key.size()) + 1 + varint_size(inner) + inner;
    char* p = out_.reserve(size + 15);
    char* const begin = p;
    p = write_varint(p, make_tag(number, WireType::length));
    p = write_varint(p, size);
    if (!key.empty()) p = put(p, 1, key);
    p = write_varint(p, make_tag(2, WireType::length));
    p = write_varint(p, inner);
    p = put(p, 1, value);
    out_.commit(static_cast<std::size_t>(p - begin));
  }
  /// A key with a number or a truth. @return false when it needs the long way
  bool short_pair(std::uint32_t number, std::string_view key, const pdata::Value& value);
  /// The same, but nothing at all when the body turns out empty.
  template <class F>
  void message_if(std::uint32_t number, F&& body) {
    const std::size_t before = out_.size();
    bool empty = false;
    message(number, [&] {
      const std::size_t start = out_.size();
      body();
      empty = out_.size() == start;
    });
    if (empty) out_.resize_down(before);
  }

  void value(std::uint32_t number, const pdata::Value& value);
  void attributes(std::uint32_t number, const pdata::Map& map);
  void resource(const pdata::Resource& resource);
  void scope(const pdata::Scope& scope);
  Bytes finish() { return std::move(out_).finish(); }
  /// What was written, to be copied; the memory stays for the next message.
  std::string_view written() const { return out_.view(); }
  void clear() { out_.clear(); }
  std::size_t capacity() const { return out_.capacity(); }

 private:
  static char* put(char* p, std::uint32_t number, std::string_view text) {
    p = write_varint(p, make_tag(number, WireType::length));
    p = write_varint(p, text.size());
    copy_bytes(p, text.data(), text.size());
    return p + text.size();
  }
  static constexpr std::size_t kShortRoom = 144;  ///< bytes: a short pair, and what is written behind it
  /// Whether key and value (of `size` bytes) are so short that every length of their message takes one byte:
  /// nearly always.
  static bool is_short(std::uint32_t number, std::string_view key, std::size_t size) {
    return number < 16 && key.size() + size < 120 && !key.empty();
  }
  static constexpr char tag_of_text(std::uint32_t number) {
    return static_cast<char>(make_tag(number, WireType::length));
  }
  /// Writes a short pair up to its value of `inner` bytes. @return where the value begins
  static char* short_head(char* p, std::uint32_t number, std::string_view key, std::size_t inner) {
    *p++ = tag_of_text(number);
    *p++ = static_cast<char>(4 + key.size() + inner);
    *p++ = tag_of_text(1);
    *p++ = static_cast<char>(key.size());
    copy_bytes(p, key.data(), key.size());
    p += key.size();
    *p++ = tag_of_text(2);
    *p++ = static_cast<char>(inner);
    return p;
  }
  void value_fields(const pdata::Value& value);
  Buffer out_;
};

}  // namespace gleaner::otlp
