#include "capture/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "capture/pipes.h"

namespace gleaner::capture {

int Signals::open() {
  sigset_t all;
  ::sigfillset(&all);
  if (::sigprocmask(SIG_SETMASK, &all, &before_)) return errno;
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &pipe_);
  ::sigaction(SIGTTIN, &ignore, &ttin_);
  ::sigaction(SIGTTOU, &ignore, &ttou_);
  rlimit limit{};
  if (::getrlimit(RLIMIT_SIGPENDING, &limit) == 0) {
    pending_limit_ = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_SIGPENDING, &limit);
  }
  // Faults of this program itself must end it, and not be read as messages.
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT})
    ::sigdelset(&all, fault);
  ready_.reset(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  waiting_.reset(::signalfd(-1, &all, SFD_CLOEXEC));
  return ready_ && waiting_ ? 0 : errno;
}

std::span<const signalfd_siginfo> Signals::read(bool wait) {
  const auto got = ::read(wait ? waiting_.get() : ready_.get(), messages_.data(), messages_.size());
  const auto count = got > 0 ? static_cast<std::size_t>(got) / sizeof(signalfd_siginfo) : 0;
  return {reinterpret_cast<const signalfd_siginfo*>(messages_.data()), count};
}

void Signals::restore_for_child() const {
  ::sigaction(SIGPIPE, &pipe_, nullptr);
  ::sigaction(SIGTTIN, &ttin_, nullptr);
  ::sigaction(SIGTTOU, &ttou_, nullptr);
  rlimit limit{};
  if (::getrlimit(RLIMIT_SIGPENDING, &limit) == 0) {
    limit.rlim_cur = static_cast<rlim_t>(pending_limit_);
    (void)::setrlimit(RLIMIT_SIGPENDING, &limit);
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool journal_works(Signals& signals) {
  StreamPipe scratch;
  int events = 0;
  if (make_pipe(scratch) || watch(scratch.read.get(), kJournalSignal)) return false;
  for (int i = 0; i < 3; ++i)
    if (::write(scratch.write.get(), "x", 1) != 1) return false;
  for (const signalfd_siginfo& got : signals.read(false)) {
    if (got.ssi_signo == kJournalSignal && got.ssi_fd == scratch.read.get())
      ++events;
    else if (got.ssi_signo != SIGIO)  // meant for the program, which does not run yet: back into the queue
      (void)::kill(::getpid(), static_cast<int>(got.ssi_signo));
  }
  // Closing tells about the end too; that must not be taken for an event of a later pipe of the same number.
  (void)::fcntl(scratch.read.get(), F_SETFL, O_NONBLOCK);
  return events == 3;
}

}  // namespace gleaner::capture
