#include <zstd.h>

#include <cstring>

#include "base/fd.h"
#include "net/codecs.h"

namespace gleaner::net::codec {
namespace {

constexpr std::size_t kKeep = 2u << 20;  // bytes a context may keep between uses

/// klauspost's speed classes, which is what the collector's level selects. Source: zstd.EncoderLevelFromZstd.
int level_class(int level) {
  if (level == kDefaultLevel) return 3;
  if (level < 3) return 1;
  if (level < 6) return 3;
  return level < 10 ? 6 : 11;
}

/// Whether a frame of today's format begins, or one to be skipped. The library would also read what zstd
/// wrote before 2016: other code, which nobody needs and strangers should not reach.
bool is_frame(std::string_view text) {
  constexpr unsigned kFrame = 0xFD2FB528, kSkippable = 0x184D2A50;
  unsigned magic = 0;
  if (text.size() < sizeof magic) return true;  // cut short: the library says so
  std::memcpy(&magic, text.data(), sizeof magic);
  return magic == kFrame || (magic & 0xFFFFFFF0u) == kSkippable;
}

}  // namespace

Bytes zstd_compress(int level, const Chain& data) {
  thread_local Handle<ZSTD_CCtx, &ZSTD_freeCCtx> context;
  if (!context) context.reset(ZSTD_createCCtx());
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level_class(level));
  ZSTD_CCtx_setPledgedSrcSize(context.get(), data.size());
  const std::size_t room = ZSTD_compressBound(data.size());
  Buffer out(room);
  ZSTD_outBuffer to{out.data(), room, 0};
  for (const auto& part : data.parts()) {
    ZSTD_inBuffer from{part.data(), part.size(), 0};
    while (from.pos < from.size)
      if (ZSTD_isError(ZSTD_compressStream2(context.get(), &to, &from, ZSTD_e_continue))) std::abort();
  }
  ZSTD_inBuffer none{nullptr, 0, 0};
  if (ZSTD_compressStream2(context.get(), &to, &none, ZSTD_e_end) != 0) std::abort();  // the bound is a bound
  out.commit(to.pos);
  if (ZSTD_sizeof_CCtx(context.get()) > kKeep) context.reset();
  return trimmed(std::move(out));
}

Result<Bytes> zstd_decompress(const Chain& data, std::size_t cap) {
  thread_local Handle<ZSTD_DCtx, &ZSTD_freeDCtx> context;
  if (!context) context.reset(ZSTD_createDCtx());
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 26);  // pages are touched only as output comes
  Buffer out(std::clamp<std::size_t>(data.size() * 8, 4096, std::max<std::size_t>(cap, 4096)));
  std::size_t left = 0;  // 0 at the end of a frame
  std::size_t rc = 0;
  const Bytes all = data.flat();
  ZSTD_inBuffer from{all.data(), all.size(), 0};
  for (;;) {
    if (left == 0 && from.pos < from.size && !is_frame(all.view().substr(from.pos)))
      return fail(Fault::permanent, "zstd: Unknown frame descriptor");
    if (out.size() == out.capacity()) {
      if (out.size() > cap) break;
      out.reserve(std::min(out.capacity(), cap + 1 - out.size()));
    }
    ZSTD_outBuffer to{out.data() + out.size(), out.capacity() - out.size(), 0};
    const std::size_t before = from.pos;
    rc = ZSTD_decompressStream(context.get(), &to, &from);
    if (ZSTD_isError(rc)) break;
    if (from.pos > before || to.pos > 0) left = rc;  // without either it only tells what it would like
    out.commit(to.pos);
    if (out.size() > cap || (from.pos == from.size && to.pos < to.size)) break;
  }
  if (ZSTD_sizeof_DCtx(context.get()) > kKeep) context.reset();
  if (ZSTD_isError(rc)) return fail(Fault::permanent, std::string("zstd: ") + ZSTD_getErrorName(rc));
  if (out.size() > cap) return too_large(cap);
  if (left != 0 || all.empty()) return fail(Fault::permanent, "unexpected EOF");
  return trimmed(std::move(out));
}

}  // namespace gleaner::net::codec
