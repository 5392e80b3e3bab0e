#pragma once
// One of our own outputs, where `kubectl logs` looks. It must not hold the program up for long.
#include <cstdint>
#include <string_view>

#include "capture/region.h"
#include "capture/stream.h"
#include "capture/waiter.h"

namespace gleaner::capture {

/// A queue of up to 512 KiB in front of a descriptor. When it is full, put() waits for at most `max_stall`;
/// after that what does not fit is dropped and counted until half of the queue is free again.
class Passthrough {
 public:
  static constexpr std::size_t kQueue = 512 << 10;  // bytes

  Passthrough(Waiter& waiter, std::int64_t max_stall)
      : waiter_(waiter), max_stall_(max_stall), queue_(kQueue) {}
  bool usable() const { return queue_.data(); }
  /// Takes a descriptor that other processes share: flags are never set on it. A private description is
  /// opened through /proc; where that is not possible, small writes are made when poll says that they will
  /// not block.
  void open(int shared);
  /// Queues `bytes`; waits or drops when there is no room.
  void put(std::string_view bytes);
  /// Writes what can be written without waiting.
  void pump();
  /// At the end: until everything is written, the reader has gone, or `deadline` (steady ns).
  void drain(std::int64_t deadline);

  int fd() const { return fd_; }
  bool queued() const { return used_ > 0; }
  bool gone() const { return gone_; }  ///< nobody reads it any more
  std::uint64_t dropped_bytes() const { return dropped_; }

 private:
  std::size_t write_some();
  void enqueue(std::string_view bytes);
  void say_what_was_dropped();

  Waiter& waiter_;
  std::int64_t max_stall_;
  Region queue_;
  std::size_t first_ = 0, used_ = 0;  ///< a ring; starts over at 0 whenever it is empty
  int fd_ = -1;
  OwnFd own_;
  bool cautious_ = false;  ///< shared description: only what poll promises
  bool socket_ = false;
  bool dropping_ = false, gone_ = false;
  std::uint64_t dropped_ = 0, unsaid_ = 0;  ///< bytes: in all, and since they were last spoken of
};

}  // namespace gleaner::capture
