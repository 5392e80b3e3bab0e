#pragma once
// A descriptor on the loop: whose it is, and who waits for it.
#include <functional>

#include "base/fd.h"
#include "base/poller.h"

namespace gleaner {

class Loop;

/// Owns a descriptor and knows who waits for it: one waiter a direction. Single-threaded.
class Watched {
 public:
  /// Requires a non-blocking descriptor that epoll takes. When the kernel has no room for it
  /// (max_user_watches), it is closed: nobody waits for what would never be told.
  Watched(Loop& loop, Fd fd);
  /// Nobody is called.
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  int fd() const noexcept { return fd_.get(); }
  bool closed() const noexcept { return !fd_; }
  /// Closes the descriptor; who waits is called in a later turn of the loop.
  void close();
  /// Calls `then` once, from the loop, when trying again makes sense: readiness, an error, or close().
  void on_ready(Want want, std::function<void()> then);
  /// An attempt moved less than it was given room for, or nothing (EAGAIN). Until this is said, on_ready()
  /// calls back in the next turn.
  void used_up(Want want);
  /// Calls who waits for `want` in a later turn of the loop, ready or not.
  void wake(Want want);

 private:
  Loop& loop_;
  Fd fd_;
  Poller::Id id_;
};

}  // namespace gleaner
