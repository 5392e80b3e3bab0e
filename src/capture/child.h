#pragma once
// The program that is run, and what the first process of a container owes its descendants.
#include <sys/types.h>

#include "capture/signals.h"

namespace gleaner::capture {

inline constexpr int kNotStarted = 125;     ///< gleaner exec itself could not do its work
inline constexpr int kNotExecutable = 126;  ///< found, and could not be run
inline constexpr int kNotFound = 127;

class Child {
 public:
  /// Starts `argv` (the last one is null) with `out` and `err` as its descriptors 1 and 2 and the signals as
  /// they were. `group`: in a process group of its own that gets the forwarded signals.
  /// @return 0, or the exit code after a word on stderr
  int start(char* const argv[], int out, int err, const Signals& signals, bool group);

  /// Sends on what somebody sent to us. What the terminal sends to the whole group, the child has already.
  void forward(const signalfd_siginfo& signal) const;
  /// Collects every dead descendant. @return true when the main child is among them
  bool reap();
  /// After the main child: as PID 1, everything else in the container goes the same way. Source:
  /// pid_namespaces(7).
  void end_the_rest() const;

  bool running() const { return pid_ > 0 && !ended_; }
  bool first() const { return first_; }      ///< we are PID 1
  int exit_code() const { return status_; }  ///< the child's, or 128 + the signal that ended it

 private:
  pid_t pid_ = 0;
  bool group_ = false, ended_ = false, first_ = false;
  int status_ = 0;
};

}  // namespace gleaner::capture
