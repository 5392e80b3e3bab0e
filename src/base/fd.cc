#include "base/fd.h"

#include <unistd.h>

#include <cerrno>

namespace gleaner {

void Fd::reset(int next) noexcept {
  if (raw_ >= 0) {
    const int saved = errno;
    ::close(raw_);
    errno = saved;
  }
  raw_ = next;
}

}  // namespace gleaner
