#pragma once
// The event loop of one lane: tasks, timers, and a door to the process's helper thread.
#include <chrono>
#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/helper_thread.h"
#include "base/poller.h"
#include "base/task.h"

namespace gleaner {

using Duration = std::chrono::nanoseconds;
/// Monotonic; for deadlines and intervals.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Nanoseconds since 1970 by the wall clock; for timestamps in data.
std::uint64_t unix_nanos();

/// One thread runs it; everything on it is single-threaded. Only post_from_thread() may be called elsewhere.
class Loop {
 public:
  enum class Clock : std::uint8_t {
    real,
    manual,  ///< for tests: time stands still until advance()
  };
  explicit Loop(Clock clock = Clock::real);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop() is called or nothing is left to wait for.
  void run();
  /// Runs until stop() is called, though nothing may be left to wait for but other threads.
  void run_until_stopped();
  /// Runs what is ready now; returns when it would have to wait.
  void run_ready();
  void stop();
  /// Runs `task` to its end and returns its result: the bridge from main() and from tests.
  template <class T>
  T run_until_done(Task<T> task);

  TimePoint now() const;
  /// Manual clock only: moves time on and runs every timer that became due, in order.
  void advance(Duration by);

  /// Calls `what` in a later turn of the loop.
  void post(std::function<void()> what);
  /// The one entry for other threads.
  void post_from_thread(std::function<void()> what);
  /// co_await loop.yield(): lets others run, then goes on.
  auto yield() {
    struct Awaiter {
      Loop& loop;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) {
        loop.post([self] { self.resume(); });
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

  /// Runs `work` on a helper thread and resumes here with its result: for what may block.
  using Helper = gleaner::Helper;
  template <class T>
  Task<T> blocking(std::function<T()> work, Helper helper = Helper::general);

  Poller& poller() noexcept { return poller_; }

 private:
  friend class Timer;
  using Timers = std::multimap<TimePoint, std::function<void()>>;
  Timers::iterator add_timer(TimePoint when, std::function<void()> what);
  void remove_timer(Timers::iterator timer);
  bool turn(bool may_wait);
  bool fire();
  int milliseconds_until(TimePoint when) const;
  void listen_to_bell();
  void run_on_helper(Helper helper, std::function<void()> work, std::function<void()> then);

  struct Inbox;
  std::shared_ptr<Inbox> inbox_;  // shared with jobs, the last of which may end after the loop
  Poller poller_;
  Poller::Id bell_;
  std::deque<std::function<void()>> posted_;
  Timers timers_;
  int helping_ = 0;  // jobs whose result has not come back
  bool stopped_ = false;
  Clock clock_;
  TimePoint manual_now_{};
};

/// One sleeper at a time. Destroying or cancelling it wakes the sleeper with `false`.
class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// co_await timer.sleep(d) / sleep_until(t): true when the time came, false when cancelled.
  auto sleep_until(TimePoint when) {
    struct Awaiter {
      Timer& timer;
      TimePoint when;
      bool due = false;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) {
        timer.start(when, [this, self](bool came) {
          due = came;
          self.resume();
        });
      }
      bool await_resume() const noexcept { return due; }
    };
    return Awaiter{*this, when};
  }
  auto sleep(Duration by) { return sleep_until(loop_.now() + by); }

  /// Callback form: calls `done(true)` at `when`, `done(false)` on cancel. Replaces (cancels) a running one.
  void start(TimePoint when, std::function<void(bool)> done);
  void cancel();
  bool running() const noexcept { return done_ != nullptr; }

 private:
  Loop& loop_;
  std::function<void(bool)> done_;
  Loop::Timers::iterator at_{};
};

// --- details ---------------------------------------------------------------------------------------------

template <class T>
T Loop::run_until_done(Task<T> task) {
  struct Runner {
    static Task<> run(Loop& loop, Task<T>& task, std::optional<T>& result) {
      result.emplace(co_await task);
      loop.stop();
    }
  };
  std::optional<T> result;
  Gate gate;
  gate.spawn(Runner::run(*this, task, result));
  while (!result) run();
  return std::move(*result);
}

template <>
void Loop::run_until_done(Task<void> task);

template <class T>
Task<T> Loop::blocking(std::function<T()> work, Helper helper) {
  struct Awaiter {
    Loop& loop;
    Helper helper;
    std::function<T()>& work;
    std::optional<T> result;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      loop.run_on_helper(
          helper, [this] { result.emplace(work()); }, [self] { self.resume(); });
    }
    T await_resume() { return std::move(*result); }
  };
  Awaiter awaiter{*this, helper, work, std::nullopt};
  co_return co_await awaiter;
}

}  // namespace gleaner
