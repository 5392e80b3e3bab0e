#pragma once
// What all signals share: ids, resources, scopes.
#include <cstring>
#include <string_view>

#include "pdata/value.h"

namespace gleaner::pdata {

/// A trace id (16 bytes) or a span id (8 bytes); all zero means absent, as OTLP treats it.
template <std::size_t N>
struct Id {
  unsigned char bytes[N] = {};
  bool empty() const {
    static constexpr unsigned char kZero[N] = {};
    return std::memcmp(bytes, kZero, N) == 0;
  }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes), N}; }
  /// Takes up to N bytes; shorter input is padded with zeros on the right.
  void assign(std::string_view from) {
    std::memset(bytes, 0, N);
    std::memcpy(bytes, from.data(), from.size() < N ? from.size() : N);
  }
};
using TraceId = Id<16>;
using SpanId = Id<8>;

/// Lower-case hex, two digits a byte.
std::string hex(std::string_view bytes);

struct Resource {
  Map attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view
      entity_refs;  ///< the message's entity_refs fields as they came over the wire, tags included
};

struct Scope {
  std::string_view name, version;
  Map attributes;
  std::uint32_t dropped_attributes_count = 0;
};

}  // namespace gleaner::pdata
