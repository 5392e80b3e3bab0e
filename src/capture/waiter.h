#pragma once
#include <cstdint>

namespace gleaner::capture {

/// Waiting in the middle of the work without being deaf: signals are still read and forwarded.
class Waiter {
 public:
  /// Until `fd` can be written to (-1: nothing) or the steady clock says `deadline`.
  /// @return true when it can be written to
  virtual bool wait_for(int fd, std::int64_t deadline) = 0;
  /// Whether the main child has ended, so that nobody is helped by waiting.
  virtual bool child_ended() const = 0;

 protected:
  ~Waiter() = default;
};

}  // namespace gleaner::capture
