// gzip and zlib at the fastest level: ISA-L, a third of libdeflate's time for 2 % more bytes
// (docs/decisions/0010). Only where tools/isal.sh has made the library.
#include <igzip_lib.h>

#include <cstdlib>
#include <memory>

#include "net/codecs.h"

namespace gleaner::net::codec {
namespace {

struct Context {
  isal_zstream stream;
  std::uint8_t work[ISAL_DEF_LVL1_DEFAULT];
};

}  // namespace

Bytes igzip(Encoding format, const Chain& data) {
  thread_local const std::unique_ptr<Context> context = std::make_unique<Context>();
  isal_zstream& z = context->stream;
  isal_deflate_init(&z);
  z.level = 1;
  z.level_buf = context->work;
  z.level_buf_size = sizeof(context->work);
  z.gzip_flag = format == Encoding::gzip ? IGZIP_GZIP : IGZIP_ZLIB;
  Buffer out(data.size() / 4 + 256);
  std::size_t part = 0;
  do {
    const bool any = part < data.parts().size();
    z.next_in = any ? reinterpret_cast<std::uint8_t*>(const_cast<char*>(data.parts()[part].data())) : nullptr;
    z.avail_in = any ? static_cast<std::uint32_t>(data.parts()[part].size()) : 0;
    z.end_of_stream = ++part >= data.parts().size();
    do {
      const std::size_t room = std::max<std::size_t>(out.capacity() - out.size(), 512);
      z.next_out = reinterpret_cast<std::uint8_t*>(out.reserve(room));
      z.avail_out = static_cast<std::uint32_t>(room);
      if (isal_deflate(&z) != COMP_OK) std::abort();  // parameters are constants
      out.commit(room - z.avail_out);
    } while (z.avail_out == 0);
  } while (!z.end_of_stream);
  return trimmed(std::move(out));
}

}  // namespace gleaner::net::codec
