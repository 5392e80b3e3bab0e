#include "net/gathered_body.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace gleaner::net {
namespace {

constexpr std::size_t kBelieved = 1u << 20;  // bytes that an announcement alone makes us take
constexpr std::size_t kWorthIt = 128u
                                 << 10;  // bytes from which on one call costs less than the faults it spares

/// Has the kernel find the pages of [from, from + size) in one go instead of one fault each. Without
/// Linux 5.14 they come by faults.
void fault_in(char* from, std::size_t size) {
#ifndef MADV_POPULATE_WRITE
  constexpr int MADV_POPULATE_WRITE = 23;
#endif
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t skipped = (page - reinterpret_cast<std::uintptr_t>(from) % page) % page;
  if (size < skipped + page) return;
  ::madvise(from + skipped, (size - skipped) / page * page, MADV_POPULATE_WRITE);
}

}  // namespace

GatheredBody::GatheredBody(std::uint64_t announced, std::size_t most) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({announced, most, kBelieved}));
  if (size == 0) return;
  char* const room = body_.reserve(size);
  if (size >= kWorthIt) fault_in(room, size);
}

}  // namespace gleaner::net
