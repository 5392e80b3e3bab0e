#include "base/helper_thread.h"

#include <pthread.h>

#include <ctime>
#include <memory>
#include <system_error>
#include <utility>

namespace gleaner {

HelperThread& HelperThread::of(Helper kind) {
  static HelperThread threads[4];
  return threads[static_cast<std::size_t>(kind)];
}

void HelperThread::submit(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
      try {
        thread_ = std::thread([this] { work(); });
      } catch (const std::system_error&) {
        // The node has no threads left (EAGAIN). Then the loop itself waits, and the next job tries again.
      }
    }
    if (thread_.joinable()) jobs_.push_back(std::exchange(job, nullptr));
  }
  if (job) return job();
  ready_.notify_one();
}

HelperThread::~HelperThread() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ready_.notify_one();
  if (!thread_.joinable()) return;
  // A name server that does not answer holds its asker for half a minute: the end does not wait for that.
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  ++until.tv_sec;
  if (::pthread_clockjoin_np(thread_.native_handle(), nullptr, CLOCK_MONOTONIC, &until) == 0)
    std::construct_at(&thread_);  // it is joined already
  else
    thread_.detach();
}

void HelperThread::work() {
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

}  // namespace gleaner
