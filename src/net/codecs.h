#pragma once
// The codecs behind compress.h, one file each. Private to the room.
#include <algorithm>
#include <cerrno>

#include "net/compress.h"

namespace gleaner::net::codec {

inline tl::unexpected<Error> too_large(std::size_t limit) {
  return fail(Fault::permanent, "decompressed data is larger than " + std::to_string(limit) + " bytes",
              EMSGSIZE);
}
/// How much output `in` bytes of input may make.
inline std::size_t output_cap(std::size_t in, const InflateLimits& limits) {
  if (limits.max_ratio == 0 || in > limits.max_bytes / limits.max_ratio) return limits.max_bytes;
  return std::min(limits.max_bytes, std::max<std::size_t>(in * limits.max_ratio, 1u << 20));
}
/// Gives back what a guess took too much.
inline Bytes trimmed(Buffer out) {
  out.fit();
  return std::move(out).finish();
}

Bytes deflate(Encoding format, int level, const Chain& data);
/// As deflate() at the fastest level; there if GLEANER_IGZIP is set.
Bytes igzip(Encoding format, const Chain& data);
Result<Bytes> inflate(Encoding format, const Chain& data, std::size_t cap);
Bytes zstd_compress(int level, const Chain& data);
Result<Bytes> zstd_decompress(const Chain& data, std::size_t cap);
Bytes snappy_compress(bool framed, const Chain& data);
Result<Bytes> snappy_decompress(const Chain& data, std::size_t cap);
Bytes lz4_compress(const Chain& data);
Result<Bytes> lz4_decompress(const Chain& data, std::size_t cap);

}  // namespace gleaner::net::codec
