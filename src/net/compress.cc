#include "net/compress.h"

#include "net/codecs.h"

namespace gleaner::net {
namespace {
struct Name {
  std::string_view name;
  Encoding encoding;
};
constexpr Name kNames[] = {
    {"identity", Encoding::identity},
    {"gzip", Encoding::gzip},
    {"zlib", Encoding::zlib},
    {"deflate", Encoding::deflate},
    {"zstd", Encoding::zstd},
    {"snappy", Encoding::snappy},
    {"x-snappy-framed", Encoding::snappy_framed},
    {"lz4", Encoding::lz4},
    {"", Encoding::identity},
    {"none", Encoding::identity},
};
}  // namespace

std::optional<Encoding> encoding_named(std::string_view name) {
  for (const auto& row : kNames)
    if (row.name == name) return row.encoding;
  return std::nullopt;
}

std::string_view encoding_name(Encoding encoding) {
  for (const auto& row : kNames)
    if (row.encoding == encoding) return row.name;
  return "identity";
}

Chain compress(Encoding encoding, int level, const Chain& data) {
  switch (encoding) {
    case Encoding::identity:
      break;
    case Encoding::gzip:
    case Encoding::zlib:
    case Encoding::deflate:
      return Chain(codec::deflate(encoding, level, data));
    case Encoding::zstd:
      return Chain(codec::zstd_compress(level, data));
    case Encoding::snappy:
      return Chain(codec::snappy_compress(false, data));
    case Encoding::snappy_framed:
      return Chain(codec::snappy_compress(true, data));
    case Encoding::lz4:
      return Chain(codec::lz4_compress(data));
  }
  return data;
}

Result<Bytes> decompress(Encoding encoding, const Chain& data, const InflateLimits& limits) {
  const std::size_t cap = codec::output_cap(data.size(), limits);
  switch (encoding) {
    case Encoding::identity:
      break;
    case Encoding::gzip:
    case Encoding::zlib:
    case Encoding::deflate:
      return codec::inflate(encoding, data, cap);
    case Encoding::zstd:
      return codec::zstd_decompress(data, cap);
    case Encoding::snappy:
    case Encoding::snappy_framed:
      return codec::snappy_decompress(data, cap);
    case Encoding::lz4:
      return codec::lz4_decompress(data, cap);
  }
  if (data.size() > cap) return codec::too_large(cap);
  return data.flat();
}

}  // namespace gleaner::net
