#pragma once
// Waiting for a descriptor of the kernel's (inotify, signalfd, pipe) on the loop.
#include "base/task.h"
#include "base/watched.h"

namespace gleaner {

/// Owns a descriptor and waits until it can be read. One waiter at a time.
class Readable {
 public:
  /// Requires a non-blocking descriptor that epoll takes.
  Readable(Loop& loop, Fd fd) : watched_(loop, std::move(fd)) {}

  int fd() const noexcept { return watched_.fd(); }
  /// True when there is something new to read, which is to be read until the descriptor has no more; false
  /// when cancelled.
  Task<bool> wait();
  /// Ends a pending wait() with false, in a later turn of the loop.
  void cancel();

 private:
  Watched watched_;
  bool cancelled_ = false;
};

}  // namespace gleaner
