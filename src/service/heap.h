#pragma once
// What the heap keeps: while data flows all of it, so that no page is faulted in twice; afterwards nothing.
#include "base/budget.h"
#include "base/loop.h"

namespace gleaner::service {

/// Set once, before threads are started: one arena, large blocks by themselves.
void set_up_heap();

/// Gives free memory back every second while more than 1 MiB of data is held, and once more when that is
/// over. Costs nothing otherwise. Lives on the loop's thread.
class HeapKeeper {
 public:
  HeapKeeper(Loop& loop, Budget& memory);
  /// No timer stays behind.
  void stop();

 private:
  void wait_for_data();
  void tick();
  Loop& loop_;
  Budget& memory_;
  Timer timer_;
  unsigned ticks_ = 0;
};

}  // namespace gleaner::service
