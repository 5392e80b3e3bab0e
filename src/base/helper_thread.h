#pragma once
// Threads that take what may block, so that no loop does.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace gleaner {

/// The process has a few, each in order and made on first use, so that a dead name server does not keep files
/// from being read.
enum class Helper : std::uint8_t {
  general,    ///< DNS
  files,      ///< directory scans, reads from slow disks
  storage,    ///< fsync of what components keep: no dead name server holds it up
  passwords,  ///< hashes that are slow on purpose
};

/// One of them. Ends at the process's exit, when its jobs are done.
class HelperThread {
 public:
  static HelperThread& of(Helper kind);
  ~HelperThread();
  /// From any thread.
  void submit(std::function<void()> job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;
  bool ending_ = false;
};

}  // namespace gleaner
