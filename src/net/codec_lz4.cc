#include <lz4frame.h>

#include <cstdlib>

#include "base/fd.h"
#include "net/codecs.h"

namespace gleaner::net::codec {
namespace {
using Context = Handle<LZ4F_dctx, &LZ4F_freeDecompressionContext>;
}

Bytes lz4_compress(const Chain& data) {
  const Bytes in = data.flat();
  const std::size_t room = LZ4F_compressFrameBound(in.size(), nullptr);
  Buffer out(room);
  const std::size_t size = LZ4F_compressFrame(out.data(), room, in.data(), in.size(), nullptr);
  if (LZ4F_isError(size)) std::abort();  // the bound is a bound
  out.commit(size);
  return trimmed(std::move(out));
}

Result<Bytes> lz4_decompress(const Chain& data, std::size_t cap) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION))) std::abort();
  const Context context(raw);
  Buffer out(std::clamp<std::size_t>(data.size() * 4, 4096, std::max<std::size_t>(cap, 4096)));
  std::size_t left = 1;  // 0 at the end of a frame
  for (const auto& part : data.parts()) {
    const char* from = part.data();
    std::size_t rest = part.size();
    for (bool full = true; rest > 0 || full;) {
      if (out.size() == out.capacity()) out.reserve(std::min(out.capacity(), cap + 1 - out.size()));
      std::size_t made = out.capacity() - out.size();
      const std::size_t room = made;
      std::size_t used = rest;
      const std::size_t rc =
          LZ4F_decompress(context.get(), out.data() + out.size(), &made, from, &used, nullptr);
      if (LZ4F_isError(rc)) return fail(Fault::permanent, std::string("lz4: ") + LZ4F_getErrorName(rc));
      out.commit(made);
      from += used;
      rest -= used;
      if (used > 0 || made > 0) left = rc;
      if (out.size() > cap) return too_large(cap);
      full = made == room;
    }
  }
  if (left != 0) return fail(Fault::permanent, "unexpected EOF");
  return trimmed(std::move(out));
}

}  // namespace gleaner::net::codec
