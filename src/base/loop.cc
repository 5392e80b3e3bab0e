#include "base/loop.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace gleaner {
namespace asio = boost::asio;

std::uint64_t unix_nanos() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

namespace {

/// A helper thread of the process. Made on first use, ends when idle for good at exit.
class HelperThread {
 public:
  static HelperThread& of(Loop::Helper kind) {
    static HelperThread threads[3];
    return threads[static_cast<std::size_t>(kind)];
  }
  void submit(std::function<void()> job) {
    {
      std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
      if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    }
    ready_.notify_one();
  }
  ~HelperThread() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    ready_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ready_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;
  bool ending_ = false;
};

}  // namespace

struct Loop::Impl {
  asio::io_context io{1};
  asio::steady_timer alarm{io};
  TimePoint armed_for{};
  bool armed = false;
  /// Jobs the helper threads have of this loop; shared, as the last one tells of itself when the loop may be
  /// gone.
  std::shared_ptr<std::atomic<int>> helping = std::make_shared<std::atomic<int>>(0);

  /// A helper may still be inside post() when what it posted has run already.
  ~Impl() {
    for (int left; (left = helping->load()) > 0;) helping->wait(left);
  }
};

Loop::Loop(Clock clock) : impl_(std::make_unique<Impl>()), clock_(clock) {}
Loop::~Loop() = default;

asio::io_context& Loop::io() { return impl_->io; }

void Loop::run() {
  impl_->io.restart();
  impl_->io.run();
}

void Loop::run_ready() {
  impl_->io.restart();
  impl_->io.poll();
}

void Loop::stop() { impl_->io.stop(); }

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

void Loop::post(std::function<void()> what) { asio::post(impl_->io, std::move(what)); }
void Loop::post_from_thread(std::function<void()> what) { asio::post(impl_->io, std::move(what)); }

Loop::Timers::iterator Loop::add_timer(TimePoint when, std::function<void()> what) {
  auto at = timers_.emplace(when, std::move(what));
  if (at == timers_.begin()) arm();
  return at;
}

void Loop::remove_timer(Timers::iterator timer) {
  timers_.erase(timer);
  // The alarm is left as it is: at worst it fires once for nothing. But it must not keep run() going.
  if (timers_.empty() && impl_->armed) {
    impl_->armed = false;
    impl_->alarm.cancel();
  }
}

void Loop::arm() {
  if (clock_ == Clock::manual || timers_.empty()) return;
  const TimePoint when = timers_.begin()->first;
  if (impl_->armed && impl_->armed_for <= when) return;
  impl_->armed = true;
  impl_->armed_for = when;
  impl_->alarm.expires_at(when);
  impl_->alarm.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    impl_->armed = false;
    fire();
    arm();
  });
}

void Loop::fire() {
  const TimePoint until = now();
  while (!timers_.empty() && timers_.begin()->first <= until) {
    auto what = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    what();
  }
}

void Loop::run_on_helper(Helper helper, std::function<void()> work, std::function<void()> then) {
  auto guard = std::make_shared<asio::executor_work_guard<asio::io_context::executor_type>>(
      asio::make_work_guard(impl_->io));
  impl_->helping->fetch_add(1);
  HelperThread::of(helper).submit([io = &impl_->io, helping = impl_->helping, guard = std::move(guard),
                                   work = std::move(work), then = std::move(then)] {
    work();
    asio::post(*io, then);
    guard->reset();
    helping->fetch_sub(1);  // from here on the loop may be gone
    helping->notify_all();
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
