#pragma once
// All signals as one stream of messages: the journal's events, dead children, and what is to be forwarded.
#include <signal.h>
#include <sys/signalfd.h>

#include <cstdint>
#include <span>

#include "capture/region.h"
#include "capture/stream.h"

namespace gleaner::capture {

/// The journal's real-time signal. High, as the low ones mean something to init systems; one sent by a
/// program (si_code SI_USER, SI_QUEUE) is forwarded like any other.
inline constexpr int kJournalSignal = 61;

class Signals {
 public:
  /// Blocks every signal of this thread and opens the descriptors to read them. Call before anything is
  /// watched: the default action of a real-time signal ends the process. @return 0 or errno
  int open();
  /// The descriptor to poll.
  int fd() const { return ready_.get(); }
  static constexpr int kMost = 256;  ///< messages of one read
  /// Up to kMost messages without waiting, or (`wait`) after waiting for the first. They stay until the next
  /// call.
  std::span<const signalfd_siginfo> read(bool wait);
  bool usable() const { return messages_.data(); }

  /// The dispositions and the mask that this process was started with, for the child.
  void restore_for_child() const;

 private:
  Region messages_{kMost * sizeof(signalfd_siginfo)};
  OwnFd ready_, waiting_;  ///< the same signals; the second is read when there is nothing else to wait for
  sigset_t before_{};
  struct sigaction pipe_ {
  }, ttin_{}, ttou_{};
  std::uint64_t pending_limit_ = 0;  ///< RLIMIT_SIGPENDING as it was; signals that may be queued
};

/// Whether this kernel queues one event for each write: three writes into a scratch pipe must give three.
/// Kernels from 5.5 to 5.14 signal only when an empty pipe becomes readable, unless mended (torvalds/linux
/// fe67f4dd8daa). What is queued is taken away again.
bool journal_works(Signals& signals);

}  // namespace gleaner::capture
