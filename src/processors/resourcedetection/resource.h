#pragma once
#include <atomic>
#include <memory>
#include <mutex>

#include "pdata/value.h"

namespace gleaner::processors::resourcedetection {

struct Detected {
  Arena arena;
  pdata::Map attributes;
};

/// What was detected last, for all pipelines and lanes. Written by one, read by all: a lock a batch.
class Resource {
 public:
  std::shared_ptr<const Detected> get() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void set(std::shared_ptr<const Detected> next) {
    const std::lock_guard lock(mutex_);
    now_ = std::move(next);
  }
  /// True for the first to ask until it lets go: who detects for all.
  bool take_charge() { return !charged_.exchange(true); }
  void leave_charge() { charged_ = false; }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Detected> now_;
  std::atomic<bool> charged_ = false;
};

}  // namespace gleaner::processors::resourcedetection
