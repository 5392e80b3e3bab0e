#include "stanza/files/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "base/fd.h"

namespace gleaner::stanza::files {
namespace {

constexpr std::string_view kGzip = "\x1f\x8b", kZstd = "\x28\xb5\x2f\xfd";
constexpr std::size_t kNextHeader = 3;  // bytes that zstd asks for beyond a block
constexpr int kLargestWindow = 23;      // log2 of bytes: what zstd's levels up to 19 use

class Gunzip final : public Unpacker {
 public:
  Gunzip() { inflateInit2(&stream_, 15 + 16); }  // the widest window, gzip headers
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Step step(std::string_view in, char* out, std::size_t room) override {
    constexpr std::size_t kMost = 1u << 30;  // zlib counts in unsigned int
    const auto in_size = static_cast<uInt>(std::min(in.size(), kMost));
    const auto out_size = static_cast<uInt>(std::min(room, kMost));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = in_size;
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = out_size;
    const int rc = inflate(&stream_, Z_NO_FLUSH);
    Step step{in_size - stream_.avail_in, out_size - stream_.avail_out, rc == Z_STREAM_END, {}};
    if (rc == Z_STREAM_END)
      inflateReset(&stream_);
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
      step.damage = std::string("gzip: ") + (stream_.msg ? stream_.msg : "damaged data");
    return step;
  }

 private:
  z_stream stream_{};
};

class Unzstd final : public Unpacker {
 public:
  Unzstd() : stream_(ZSTD_createDCtx()) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kLargestWindow);
  }

  Step step(std::string_view in, char* out, std::size_t room) override {
    // One block at a time, and none while the one before is still coming out: the decoder forgets what it had
    // not yet given out when it meets damage.
    ZSTD_inBuffer from{in.data(), flushing_ ? 0 : std::min(in.size(), wanted_), 0};
    ZSTD_outBuffer to{out, room, 0};
    const std::size_t rc = ZSTD_decompressStream(stream_.get(), &to, &from);
    if (ZSTD_isError(rc)) return {0, 0, false, std::string("zstd: ") + ZSTD_getErrorName(rc)};
    flushing_ = to.pos == to.size;
    wanted_ = rc > kNextHeader ? rc - kNextHeader : 1;
    return {from.pos, to.pos, rc == 0 && (from.pos > 0 || to.pos > 0), {}};
  }

 private:
  Handle<ZSTD_DCtx, &ZSTD_freeDCtx> stream_;
  std::size_t wanted_ = 5;  ///< bytes of the next piece; at first what tells the size of a frame's header
  bool flushing_ = false;
};

}  // namespace

PackingSeen packing_of(std::string_view beginning) {
  for (const auto& [magic, packing] : {std::pair{kGzip, Packing::gzip}, std::pair{kZstd, Packing::zstd}}) {
    if (beginning.starts_with(magic)) return {packing, true};
    if (magic.starts_with(beginning)) return {Packing::none, false};
  }
  return {};
}

std::unique_ptr<Unpacker> make_unpacker(Packing packing) {
  if (packing == Packing::zstd) return std::make_unique<Unzstd>();
  return std::make_unique<Gunzip>();
}

}  // namespace gleaner::stanza::files
