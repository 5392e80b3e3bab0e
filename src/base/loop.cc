#include "base/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

namespace gleaner {

std::uint64_t unix_nanos() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

/// The door for other threads.
struct Loop::Inbox {
  std::mutex mutex;
  std::vector<std::function<void()>> letters;
  Fd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  /// Jobs helper threads have of this loop.
  std::atomic<int> jobs{0};

  void put(std::function<void()> letter) {
    const std::lock_guard lock(mutex);
    letters.push_back(std::move(letter));
    const std::uint64_t one = 1;
    if (letters.size() == 1) (void)!::write(bell.get(), &one, sizeof one);
  }
  std::vector<std::function<void()>> take() {
    const std::lock_guard lock(mutex);
    std::uint64_t rung = 0;
    (void)!::read(bell.get(), &rung, sizeof rung);
    return std::exchange(letters, {});
  }
};

Loop::Loop(Clock clock) : inbox_(std::make_shared<Inbox>()), clock_(clock) {
  bool watched = false;
  bell_ = poller_.add(inbox_->bell.get(), watched);
  listen_to_bell();
}

Loop::~Loop() {
  // A job refers to this loop and to the task that waits for it.
  for (int left; (left = inbox_->jobs.load()) > 0;) inbox_->jobs.wait(left);
}

void Loop::listen_to_bell() {
  poller_.used_up(bell_, Want::read);
  poller_.wait(bell_, Want::read, [this] {
    listen_to_bell();
    for (auto& letter : inbox_->take()) post(std::move(letter));
  });
}

void Loop::run() {
  stopped_ = false;
  while (!stopped_ && turn(true)) {
  }
}

void Loop::run_until_stopped() {
  stopped_ = false;
  ++helping_;  // other threads may always come with something
  while (!stopped_ && turn(true)) {
  }
  --helping_;
}

void Loop::run_ready() {
  stopped_ = false;
  while (!stopped_ && turn(false)) {
  }
}

void Loop::stop() { stopped_ = true; }

/// Runs what is ready, what is due and what was posted, each once.
/// @return whether to go on: with `may_wait` while anything can still come, without it while anything ran
bool Loop::turn(bool may_wait) {
  int patience = 0;
  if (may_wait && posted_.empty()) {
    const bool timed = clock_ == Clock::real && !timers_.empty();
    const bool others = poller_.waiting() > 1 || helping_ > 0;  // the bell alone keeps nobody going
    if (!timed && !others) return false;
    patience = timed ? milliseconds_until(timers_.begin()->first) : -1;
  }
  bool ran = poller_.poll(patience) || !posted_.empty();
  if (clock_ == Clock::real) ran |= fire();
  for (std::size_t left = posted_.size(); left > 0 && !stopped_; --left) {
    const auto what = std::move(posted_.front());
    posted_.pop_front();
    what();
  }
  return may_wait || ran;
}

int Loop::milliseconds_until(TimePoint when) const {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(when - now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 3'600'000));
}

TimePoint Loop::now() const {
  if (clock_ == Clock::manual) return manual_now_;
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

void Loop::advance(Duration by) {
  const TimePoint until = manual_now_ + by;
  run_ready();
  while (!timers_.empty() && timers_.begin()->first <= until) {
    manual_now_ = std::max(manual_now_, timers_.begin()->first);
    fire();
    run_ready();
  }
  manual_now_ = until;
}

void Loop::post(std::function<void()> what) { posted_.push_back(std::move(what)); }
void Loop::post_from_thread(std::function<void()> what) { inbox_->put(std::move(what)); }

Loop::Timers::iterator Loop::add_timer(TimePoint when, std::function<void()> what) {
  return timers_.emplace(when, std::move(what));
}

void Loop::remove_timer(Timers::iterator timer) { timers_.erase(timer); }

bool Loop::fire() {
  if (timers_.empty()) return false;
  const TimePoint until = now();
  bool fired = false;
  while (!timers_.empty() && timers_.begin()->first <= until) {
    const auto what = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    what();
    fired = true;
  }
  return fired;
}

void Loop::run_on_helper(Helper helper, std::function<void()> work, std::function<void()> then) {
  ++helping_;
  inbox_->jobs.fetch_add(1);
  HelperThread::of(helper).submit([this, inbox = inbox_, work = std::move(work), then = std::move(then)] {
    work();
    inbox->put([this, then] {
      --helping_;
      then();
    });
    inbox->jobs.fetch_sub(1);  // from here on the loop may be gone
    inbox->jobs.notify_all();
  });
}

template <>
void Loop::run_until_done(Task<void> task) {
  struct Runner {
    static Task<> run(Loop& loop, Task<void>& task, bool& done) {
      co_await task;
      done = true;
      loop.stop();
    }
  };
  bool done = false;
  Gate gate;
  gate.spawn(Runner::run(*this, task, done));
  while (!done) run();
}

void Timer::start(TimePoint when, std::function<void(bool)> done) {
  cancel();
  done_ = std::move(done);
  at_ = loop_.add_timer(when, [this] {
    auto finished = std::exchange(done_, nullptr);
    finished(true);
  });
}

void Timer::cancel() {
  if (!done_) return;
  loop_.remove_timer(at_);
  auto finished = std::exchange(done_, nullptr);
  finished(false);
}

}  // namespace gleaner
