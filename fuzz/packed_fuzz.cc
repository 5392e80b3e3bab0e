// Whatever the bytes are: text read by offsets, in any order, is the text read from its beginning.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "stanza/files/packed.h"

using namespace gleaner::stanza::files;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  const auto packing = data[0] & 1 ? Packing::gzip : Packing::zstd;
  const gleaner::Fd fd(::memfd_create("packed", MFD_CLOEXEC));
  if (::write(fd.get(), data + 8, size - 8) != static_cast<ssize_t>(size - 8)) return 0;
  constexpr std::size_t kMost = 1 << 20;  // a bomb is cut short here
  Packed whole(packing);
  whole.measure(fd.get(), size - 8, kMost);
  const std::size_t there = std::min<std::uint64_t>(whole.size(), kMost);
  std::string text(there, '\0');
  if (whole.read(fd.get(), 0, there, text.data()) != there) std::abort();
  Packed parts(packing);
  std::uint64_t at = 0;
  for (int i = 1; i < 8; ++i) {
    const std::size_t count = data[i] * 13u;
    std::string part(count, '\0');
    part.resize(parts.read(fd.get(), at, count, part.data()));
    if (at <= there &&
        std::string_view(part).substr(0, there - at) != std::string_view(text).substr(at, part.size()))
      std::abort();
    if (parts.peek(fd.get(), at, count).substr(0, part.size()) != part) std::abort();
    at = data[i] & 1 ? at / 2 : at + part.size();
    if (data[i] & 2) parts.rest();
  }
  return 0;
}
