#pragma once
// Signals of the operating system, as events of the loop.
#include <functional>
#include <initializer_list>

#include "base/watched.h"

namespace gleaner::service {

/// Takes signals for one loop, by signalfd(2). They are blocked in the thread that makes it, and in all
/// threads that one starts: make it before any.
class OsSignals {
 public:
  /// @param arrived  called from the loop, once a signal
  OsSignals(Loop& loop, std::initializer_list<int> wanted, std::function<void(int)> arrived);

 private:
  void listen();

  Watched in_;
  std::function<void(int)> arrived_;
};

}  // namespace gleaner::service
