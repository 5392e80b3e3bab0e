#pragma once
// Waiting for a descriptor of the kernel's (inotify, eventfd, pipe) on the loop.
#include <memory>

#include "base/fd.h"
#include "base/task.h"

namespace gleaner {

class Loop;

/// Owns a descriptor and waits until it can be read. One waiter at a time.
class Readable {
 public:
  /// Requires a descriptor that epoll takes; it should be non-blocking.
  Readable(Loop& loop, Fd fd);
  ~Readable();
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;

  int fd() const noexcept;
  /// True when there is something to read; false when cancelled or broken.
  Task<bool> wait();
  /// Ends a pending wait() with false, in a later turn of the loop.
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gleaner
