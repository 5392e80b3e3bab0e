// The engine's waiting: nothing happens here unless a signal, a reader or a deadline says so.
#include <poll.h>

#include "capture/engine.h"

namespace gleaner::capture {
namespace {

constexpr std::int64_t kHold = 5'000'000;        // ns that bytes wait for their event
constexpr std::int64_t kGiveBack = 100'000'000;  // ns between two times that memory is given back
constexpr std::size_t kKeep = 128 << 10;         // bytes of a window that stay
constexpr std::int64_t kFloodNap = 1'000'000;    // ns
constexpr std::uint32_t kEnough = 4096;          // events for a round in a flood
constexpr int kMillisecond = 1'000'000;          // ns

}  // namespace

/// Whether signals alone can wake us up: one read then waits and takes.
bool Engine::nothing_else() const {
  return journal_ && child_.running() && !held_since_[0] && !held_since_[1] && !shown_[0].queued() &&
         !shown_[1].queued();
}

/// Milliseconds until something is due, -1 for never.
int Engine::timeout(std::int64_t now) const {
  std::int64_t due = -1;
  const auto sooner = [&](std::int64_t when) {
    const std::int64_t in = when > now ? when - now : 0;
    if (due < 0 || in < due) due = in;
  };
  for (const auto since : held_since_)
    if (since) sooner(since + kHold);
  if (!child_.running()) sooner(drain_until());
  return due < 0 ? -1 : static_cast<int>((due + kMillisecond - 1) / kMillisecond);
}

void Engine::wait() {
  if (news_[0] || news_[1] || overflow_) {  // there is work already
    read_signals(false);
    return;
  }
  if (nothing_else()) {
    if (now_ - given_back_at_ > kGiveBack) {
      given_back_at_ = now_;
      for (const Stream stream : kStreams) order_.window(stream).give_back(kKeep);
    }
    read_signals(true);
  } else {
    poll_for(timeout(steady_clock()), !journal_ || !child_.running());
    read_signals(false);
  }
  nap();
}

/// Lets more come before it is looked at: when asked for, and for a moment when a flood has been met with
/// plain pipes, which hold much. Saves most of the wake-ups.
void Engine::nap() {
  if (!journal_ || !child_.running()) return;
  const bool flood = pipes_[0].plain_until || pipes_[1].plain_until;
  const auto time = options_.batch > kFloodNap || !flood ? options_.batch : kFloodNap;
  if (!time || order_.events() >= (flood ? kEnough : pipes_[0].slots / 2)) return;
  for (const StreamPipe& pipe : pipes_)
    if (pipe.read && flood && waiting(pipe) > pipe.capacity / 2) return;
  (void)::poll(nullptr, 0, static_cast<int>(time / kMillisecond));
  read_signals(false);
}

void Engine::poll_for(int timeout_ms, bool pipes) {
  pollfd look[6] = {{signals_.fd(), POLLIN, 0}};
  nfds_t count = 1;
  for (const Passthrough& shown : shown_)
    if (shown.queued()) look[count++] = {shown.fd(), POLLOUT, 0};
  if (pipes && datagrams_) look[count++] = {datagrams_.get(), POLLIN, 0};
  for (const StreamPipe& pipe : pipes_)
    if (pipes && pipe.read && !pipe.ended) look[count++] = {pipe.read.get(), POLLIN, 0};
  (void)::poll(look, count, timeout_ms);
}

bool Engine::wait_for(int fd, std::int64_t deadline) {
  for (;;) {
    const std::int64_t left = deadline - steady_clock();
    if (left <= 0) return false;
    pollfd look[2] = {{signals_.fd(), POLLIN, 0}, {fd, POLLOUT, 0}};
    (void)::poll(look, fd < 0 ? 1 : 2, static_cast<int>(left / kMillisecond) + 1);
    if (look[0].revents) read_signals(false);
    if (fd >= 0 && look[1].revents) return true;
    if (fd < 0 && child_ended()) return false;
  }
}

/// Takes all signals that are there; `blocking`: waits for the first.
void Engine::read_signals(bool blocking) {
  for (bool more = true; more; blocking = false) {
    const auto got = signals_.read(blocking);
    more = got.size() == Signals::kMost && order_.events() < Order::kEvents / 2;
    for (const signalfd_siginfo& signal : got) {
      if (signal.ssi_signo == kJournalSignal && signal.ssi_code > 0) {
        const bool err = signal.ssi_fd == pipes_[1].read.get();
        if (!err && signal.ssi_fd != pipes_[0].read.get()) continue;  // of a pipe that is closed
        ++counters_.events;
        news_[err] = true;
        if (!order_.event(err ? Stream::err : Stream::out)) overflow_ = true;
      } else if (signal.ssi_signo == SIGIO && signal.ssi_code > 0) {
        overflow_ = true;
      } else if (signal.ssi_signo == SIGCHLD) {
        if (child_.reap()) main_child_ended();
      } else {
        child_.forward(signal);
      }
    }
  }
}

}  // namespace gleaner::capture
