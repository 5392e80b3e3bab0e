#pragma once
// Content encodings of HTTP and gRPC behind one small interface. One heavy library per .cc; contexts come
// into being on first use and serve the thread from then on.
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace gleaner::net {

enum class Encoding : std::uint8_t {
  identity,
  gzip,
  zlib,
  deflate,  ///< means the zlib format, as in HTTP
  zstd,
  snappy,         ///< writes the block format; reads block and framed
  snappy_framed,  ///< "x-snappy-framed", and what gRPC calls "snappy"
  lz4,            ///< the frame format
};
/// Case-sensitive, as the collector's; "" and "none" are identity. Nothing for an unknown name.
std::optional<Encoding> encoding_named(std::string_view name);
/// The name for Content-Encoding; identity is "identity".
std::string_view encoding_name(Encoding encoding);

/// The library's own default: speed first (libdeflate 1, zstd 3).
inline constexpr int kDefaultLevel = std::numeric_limits<int>::min();

/// @param level  gzip, zlib, deflate: -2..9 (-1: default); zstd: any, in the classes 1, 3, 6, 11; else
/// ignored
/// @return the encoded bytes; never fails on memory (that aborts)
Chain compress(Encoding encoding, int level, const Chain& data);

struct InflateLimits {
  std::size_t max_bytes = 20u << 20;  ///< of output
  std::size_t max_ratio = 0;          ///< output to input, beyond the first MiB of output; 0: any
};
/// Undoes `encoding`. Output grows with what was really decoded, never by what a header claims. Several gzip
/// members, zstd frames and lz4 frames in a row are one text.
/// @return Fault::permanent with Go's words; error().sys is EMSGSIZE when a limit was passed
Result<Bytes> decompress(Encoding encoding, const Chain& data, const InflateLimits& limits);

}  // namespace gleaner::net
