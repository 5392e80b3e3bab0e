#pragma once
// Coroutines of one lane. A Task starts when it is awaited and resumes its awaiter directly (symmetric
// transfer), so a chain of tasks that never suspend costs no stack and no trip through the loop.
//
// Rules: parameters by value or by a reference that outlives the task; no capturing lambda as a coroutine;
// no exceptions through a task (one that escapes ends the process with its words).
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace gleaner {

template <class T = void>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> awaiter = std::noop_coroutine();

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) const noexcept {
      return self.promise().awaiter;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept {
    try {
      throw;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "fatal: exception left a task: %s\n", e.what());
    } catch (...) {
      std::fprintf(stderr, "fatal: unknown exception left a task\n");
    }
    std::abort();
  }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    frame_.promise().awaiter = awaiter;
    return frame_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*frame_.promise().value);
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

/// A coroutine that owns itself: it runs until its first suspension at once and frees itself at its end.
struct Detached {
  struct promise_type : TaskPromiseBase {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
  };
};
}  // namespace detail

/// Counts work in flight, so that stop() can wait for it. Everything spawned must end before the Gate dies.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Starts `task` now, on this thread, and runs it to its first suspension.
  void spawn(Task<> task) {
    ++running_;
    run(this, std::move(task));
  }
  std::size_t running() const noexcept { return running_; }

  /// co_await gate.join(): resumes when nothing is in flight. Several may wait.
  auto join() noexcept {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const noexcept { return gate.running_ == 0; }
      void await_suspend(std::coroutine_handle<> self) { gate.joiners_.push_back(self); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

 private:
  static detail::Detached run(Gate* gate, Task<> task) {
    {
      Task<> mine = std::move(task);
      co_await mine;
    }
    gate->left();
  }
  void left() {
    if (--running_ > 0) return;
    auto joiners = std::exchange(joiners_, {});  // a joiner may destroy this gate
    for (auto joiner : joiners) joiner.resume();
  }
  std::size_t running_ = 0;
  std::vector<std::coroutine_handle<>> joiners_;
};

/// Something to wait for: `co_await signal.wait()` suspends until another task calls notify_*.
/// There is no memory: a notify without a waiter is lost, so wait in a loop over your own condition.
class Signal {
 public:
  auto wait() noexcept {
    struct Awaiter {
      Signal& signal;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) { signal.waiters_.push_back(self); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }
  /// Resumes the waiters of this moment, in their order, on the caller's stack.
  void notify_all() {
    auto waiters = std::exchange(waiters_, {});
    for (auto waiter : waiters) waiter.resume();
  }
  void notify_one() {
    if (waiters_.empty()) return;
    auto first = waiters_.front();
    waiters_.erase(waiters_.begin());
    first.resume();
  }
  bool waited_for() const noexcept { return !waiters_.empty(); }

 private:
  std::vector<std::coroutine_handle<>> waiters_;
};

}  // namespace gleaner
