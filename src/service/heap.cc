#include "service/heap.h"

#include <malloc.h>

#include <mutex>

#include "base/bytes.h"

namespace gleaner::service {
namespace {
constexpr std::size_t kMuch = 1u << 20;  // bytes of data: less leaves nothing worth giving back
constexpr int kKeepIdle = 512 << 10;     // free bytes at the heap's end that malloc itself keeps
constexpr int kKeepBusy = 64 << 20;  // the same while data flows: batches come and go several times a second
constexpr std::size_t kSpare = 7u << 20;  // bytes of large blocks: a batch, and room for it compressed
constexpr Duration kEvery = std::chrono::seconds(1);
constexpr unsigned kTrimBusy = 10;  // ticks

std::mutex busy_mutex;  // over the process's threshold
int busy_lanes = 0;
}  // namespace

void set_up_heap(std::size_t lanes) {
  ::mallopt(M_ARENA_MAX, static_cast<int>(lanes > 1 ? lanes + 1 : 1));  // helper threads share one
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);  // fixed: glibc raises it by itself otherwise
  ::mallopt(M_TRIM_THRESHOLD, kKeepIdle);
}

HeapKeeper::HeapKeeper(Loop& loop, Budget& memory) : loop_(loop), memory_(memory), timer_(loop) {
  wait_for_data();
}

HeapKeeper::~HeapKeeper() {
  memory_.watch(memory_.limit(), nullptr);
  timer_.cancel();
  if (busy_) idle();
}

/// The threshold is the process's: it falls when the last busy lane is idle.
void HeapKeeper::busy() {
  busy_ = true;
  {
    const std::lock_guard lock(busy_mutex);
    if (busy_lanes++ == 0) ::mallopt(M_TRIM_THRESHOLD, kKeepBusy);
  }
  Block::keep_spare(kSpare);
}
void HeapKeeper::idle() {
  busy_ = false;
  {
    const std::lock_guard lock(busy_mutex);
    if (--busy_lanes == 0) ::mallopt(M_TRIM_THRESHOLD, kKeepIdle);
  }
  Block::keep_spare(0);
}

void HeapKeeper::wait_for_data() {
  memory_.watch(kMuch, [this] {
    busy();
    tick();
  });
}

void HeapKeeper::tick() {
  timer_.start(loop_.now() + kEvery, [this](bool came) {
    if (!came) return;
    const bool over = memory_.used() <= kMuch;
    if (over) {
      idle();
      wait_for_data();
    }
    // While data flows the next batch needs the pages again: they are given back more seldom.
    if (over || ++ticks_ % kTrimBusy == 0) ::malloc_trim(0);
    if (!over) tick();
  });
}

}  // namespace gleaner::service
