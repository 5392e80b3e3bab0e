#include "capture/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/say.h"

namespace gleaner::capture {
namespace {

/// In the child: never returns.
[[noreturn]] void become(char* const argv[], int out, int err, int report, const Signals& signals,
                         bool group) {
  if (group) {
    (void)::setpgid(0, 0);
    if (::isatty(0)) (void)::tcsetpgrp(0, ::getpid());
  }
  signals.restore_for_child();
  if (::dup2(out, 1) == 1 && ::dup2(err, 2) == 2) ::execvp(argv[0], argv);
  const int why = errno;
  (void)!::write(report, &why, sizeof why);
  ::_exit(why == ENOENT ? kNotFound : kNotExecutable);
}

}  // namespace

int Child::start(char* const argv[], int out, int err, const Signals& signals, bool group) {
  first_ = ::getpid() == 1;
  group_ = group;
  if (!first_) (void)::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  int report[2];  // the errno of an exec that failed; closed by one that succeeded
  if (::pipe2(report, O_CLOEXEC)) {
    say("cannot make a pipe: ", ::strerror(errno));
    return kNotStarted;
  }
  const OwnFd hear(report[0]);
  OwnFd tell(report[1]);
  pid_ = ::fork();
  if (pid_ < 0) {
    say("cannot start a process: ", ::strerror(errno));
    return kNotStarted;
  }
  if (pid_ == 0) become(argv, out, err, tell.get(), signals, group);
  if (group) (void)::setpgid(pid_, pid_);
  tell.reset();
  int why = 0;
  if (::read(hear.get(), &why, sizeof why) != sizeof why) return 0;
  (void)::waitpid(pid_, nullptr, 0);
  pid_ = 0;
  say(argv[0], ": ", why == ENOENT ? "not found" : ::strerror(why));
  return why == ENOENT ? kNotFound : kNotExecutable;
}

void Child::forward(const signalfd_siginfo& signal) const {
  const int number = static_cast<int>(signal.ssi_signo);
  if (!running() || number == SIGTTIN || number == SIGTTOU || number == SIGPIPE) return;
  if (signal.ssi_code == SI_KERNEL && !group_) return;  // Ctrl-C reaches the foreground group as a whole
  (void)::kill(group_ ? -pid_ : pid_, number);
}

bool Child::reap() {
  bool main_child = false;
  for (;;) {
    int status = 0;
    const pid_t dead = ::waitpid(-1, &status, WNOHANG);
    if (dead <= 0) return main_child;
    if (dead != pid_ || ended_) continue;
    ended_ = main_child = true;
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

void Child::end_the_rest() const {
  if (first_) (void)::kill(-1, SIGKILL);
}

}  // namespace gleaner::capture
