#pragma once
// What the heap keeps: while data flows all of it, so that no page is faulted in twice; afterwards nothing.
#include "base/budget.h"
#include "base/loop.h"

namespace gleaner::service {

/// Before any thread is started: an arena for each lane, so that they do not wait for each other, and large
/// blocks by themselves.
void set_up_heap(std::size_t lanes);

/// Gives free memory back every second while more than 1 MiB of data is held, and once more when that is
/// over. Costs nothing otherwise. One a lane, on its thread.
class HeapKeeper {
 public:
  HeapKeeper(Loop& loop, Budget& memory);
  ~HeapKeeper();

 private:
  void wait_for_data();
  void tick();
  void busy();
  void idle();
  Loop& loop_;
  Budget& memory_;
  Timer timer_;
  bool busy_ = false;
  unsigned ticks_ = 0;
};

}  // namespace gleaner::service
