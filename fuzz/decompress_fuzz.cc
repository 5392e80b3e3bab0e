// What the senders of foreign bodies can make the decompressors do.
// Properties: packing and unpacking is identity, also in pieces and with a limit of just the text's size;
// what is no packed body is an error; nothing ever comes out above the limit; the pieces a body comes in do
// not matter.
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "net/compress.h"

namespace {
using namespace gleaner;
using namespace gleaner::net;

void check(bool good) {
  if (!good) std::abort();
}

Chain cut(const Bytes& all, std::size_t step) {
  Chain out;
  for (std::size_t at = 0; at < all.size(); at += step)
    out.append(all.slice(at, std::min(step, all.size() - at)));
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  constexpr Encoding kAll[] = {Encoding::gzip,   Encoding::zlib,          Encoding::zstd,
                               Encoding::snappy, Encoding::snappy_framed, Encoding::lz4};
  const Encoding encoding = kAll[data[0] % std::size(kAll)];
  const std::size_t step = data[1] + 1u;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Bytes packed = compress(encoding, kDefaultLevel, cut(Bytes::copy(text), step)).flat();
  const auto back = decompress(encoding, cut(packed, step), {.max_bytes = text.size()});
  check(back && back->view() == text);
  const auto less = decompress(encoding, Chain(packed), {.max_bytes = text.size() - 1});
  check(!less && less.error().sys == EMSGSIZE);

  constexpr std::size_t kCap = 1u << 16;
  const auto whole = decompress(encoding, Chain(Bytes::copy(text)), {.max_bytes = kCap});
  const auto pieces = decompress(encoding, cut(Bytes::copy(text), step), {.max_bytes = kCap});
  check(whole.has_value() == pieces.has_value());
  if (whole) check(whole->size() <= kCap && whole->view() == pieces->view());
  return 0;
}
