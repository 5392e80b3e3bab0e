#include <libdeflate.h>

#include <array>
#include <cstring>

#include "base/fd.h"
#include "net/codecs.h"

namespace gleaner::net::codec {
namespace {

using Compressor = Handle<libdeflate_compressor, &libdeflate_free_compressor>;
using Decompressor = Handle<libdeflate_decompressor, &libdeflate_free_decompressor>;

libdeflate_compressor* compressor(int level) {
  thread_local std::array<Compressor, 10> made;  // one per level in use: lanes share nothing
  const int index = level < 0 ? 1 : std::min(level, 9);
  auto& slot = made[static_cast<std::size_t>(index)];
  if (!slot) slot.reset(libdeflate_alloc_compressor(index));
  return slot.get();
}

libdeflate_decompressor* decompressor() {
  thread_local Decompressor made(libdeflate_alloc_decompressor());
  return made.get();
}

/// What the trailer of the last gzip member says its text has. Hostile: only a first guess.
std::size_t claimed_size(std::string_view gzip) {
  if (gzip.size() < 18) return 0;
  std::uint32_t size = 0;
  std::memcpy(&size, gzip.data() + gzip.size() - 4, 4);
  return size;
}

std::size_t first_guess(Encoding format, std::string_view in, std::size_t cap) {
  constexpr std::size_t kBestRatio = 1032;  // deflate cannot do better
  std::size_t guess = std::max<std::size_t>(in.size() * 8, 4096);
  if (format == Encoding::gzip) {
    const std::size_t claim = claimed_size(in);
    if (claim > 0 && claim / kBestRatio <= in.size()) guess = claim;
  }
  return std::clamp<std::size_t>(guess, 1, std::max<std::size_t>(cap, 1));
}

}  // namespace

Bytes deflate(Encoding format, int level, const Chain& data) {
#ifdef GLEANER_IGZIP
  if (level < 0 || level == 1) return igzip(format, data);
#endif
  const Bytes in = data.flat();
  auto* with = compressor(level);
  const bool gzip = format == Encoding::gzip;
  const std::size_t room = gzip ? libdeflate_gzip_compress_bound(with, in.size())
                                : libdeflate_zlib_compress_bound(with, in.size());
  Buffer out(room);
  const std::size_t size = gzip ? libdeflate_gzip_compress(with, in.data(), in.size(), out.data(), room)
                                : libdeflate_zlib_compress(with, in.data(), in.size(), out.data(), room);
  out.commit(size);
  return trimmed(std::move(out));
}

Result<Bytes> inflate(Encoding format, const Chain& data, std::size_t cap) {
  const Bytes flat = data.flat();
  const bool gzip = format == Encoding::gzip;
  const char* name = gzip ? "gzip" : "zlib";
  std::string_view in = flat.view();
  if (in.empty()) return fail(Fault::permanent, "EOF");
  Buffer out;
  std::size_t room = first_guess(format, in, cap);
  while (!in.empty()) {
    if (gzip && (in.size() < 2 || in[0] != '\x1f' || in[1] != '\x8b'))
      return fail(Fault::permanent, "gzip: invalid header");
    char* to = out.reserve(room);
    std::size_t used = 0, made = 0;
    const auto rc =
        gzip ? libdeflate_gzip_decompress_ex(decompressor(), in.data(), in.size(), to, room, &used, &made)
             : libdeflate_zlib_decompress_ex(decompressor(), in.data(), in.size(), to, room, &used, &made);
    if (rc == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (out.size() + room >= cap) return too_large(cap);
      room = std::min(room * 4, cap - out.size());
      continue;
    }
    if (rc != LIBDEFLATE_SUCCESS)
      return fail(Fault::permanent, std::string(name) + ": invalid or truncated data");
    out.commit(made);
    if (out.size() > cap) return too_large(cap);  // room is one byte at least
    in.remove_prefix(used);
    if (!gzip) break;  // Go's zlib reader leaves what follows alone
    room = std::clamp<std::size_t>(first_guess(format, in, cap - out.size()), 1,
                                   std::max<std::size_t>(cap - out.size(), 1));
  }
  return trimmed(std::move(out));
}

}  // namespace gleaner::net::codec
