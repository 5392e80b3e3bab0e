#include "service/os_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace gleaner::service {
namespace {

Fd open_signals(std::initializer_list<int> wanted) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : wanted) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

}  // namespace

OsSignals::OsSignals(Loop& loop, std::initializer_list<int> wanted, std::function<void(int)> arrived)
    : in_(loop, open_signals(wanted)), arrived_(std::move(arrived)) {
  listen();
}

void OsSignals::listen() {
  in_.on_ready(Want::read, [this] {
    in_.used_up(Want::read);
    for (signalfd_siginfo info; ::read(in_.fd(), &info, sizeof info) == sizeof info;)
      arrived_(static_cast<int>(info.ssi_signo));
    listen();
  });
}

}  // namespace gleaner::service
