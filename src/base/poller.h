#pragma once
// Which descriptors are ready, by epoll(7), for one loop.
//
// A descriptor is registered once, for both directions and edge-triggered, so that waiting costs no call into
// the kernel: readiness is remembered here until its user says that it is used up.
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/fd.h"

namespace gleaner {

enum class Want : std::uint8_t { read, write };

/// Single-threaded, like the loop it belongs to.
class Poller {
 public:
  /// A registration: its slot and how often the slot was given away before.
  struct Id {
    std::uint32_t slot = 0, generation = 0;
  };
  using Call = std::function<void()>;

  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Registers `fd`, which has to outlive the registration. @param watched  whether the kernel took it
  Id add(int fd, bool& watched);
  /// Takes `fd` out; who waits is neither called nor forgotten yet.
  void detach(Id id, int fd);
  /// Forgets who waits, and the registration. To be called last, and once.
  void remove(Id id);

  /// Calls `then` once, when `want` is possible. @return false when it is possible already: call_if_ready()
  /// has to be called later, from the loop
  bool wait(Id id, Want want, Call then);
  /// Calls who waits for `want` though nothing may be ready. A registration that is gone is none.
  void call(Id id, Want want);
  /// Nobody waits any more.
  void forget(Id id, Want want);
  /// An attempt moved less than it could have, or nothing: the next edge will tell.
  /// A direction the peer has ended stays ready.
  void used_up(Id id, Want want);

  /// Waits for at most `milliseconds` (-1: for as long as it takes), then calls who waits for what is ready.
  /// @return whether anything was ready
  bool poll(int milliseconds);
  /// How many waits are pending.
  std::size_t waiting() const noexcept { return waiting_; }

 private:
  struct Slot {
    std::array<Call, 2> then;
    std::array<bool, 2> ready{}, ended{};
    std::uint32_t generation = 0;
  };
  Slot* find(Id id);

  Fd epoll_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t waiting_ = 0;
};

}  // namespace gleaner
