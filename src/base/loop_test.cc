#include "base/loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gleaner {
namespace {
using namespace std::chrono_literals;

Task<> sleeper(Loop& loop, Duration by, std::vector<int>& log, int mark) {
  Timer timer(loop);
  if (co_await timer.sleep(by)) log.push_back(mark);
}

TEST(Loop, ManualClockFiresTimersInOrder) {
  Loop loop(Loop::Clock::manual);
  Gate gate;
  std::vector<int> log;
  gate.spawn(sleeper(loop, 2s, log, 2));
  gate.spawn(sleeper(loop, 1s, log, 1));
  loop.advance(500ms);
  EXPECT_TRUE(log.empty());
  loop.advance(10s);
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
  EXPECT_EQ(gate.running(), 0u);
}

Task<> waits(Timer& timer, bool& came) { came = co_await timer.sleep(1h); }

TEST(Timer, CancelWakesTheSleeperWithFalse) {
  Loop loop(Loop::Clock::manual);
  Timer timer(loop);
  Gate gate;
  bool came = true;
  gate.spawn(waits(timer, came));
  timer.cancel();
  EXPECT_FALSE(came);
  EXPECT_EQ(gate.running(), 0u);
}

Task<int> answer() { co_return 42; }
Task<int> deep(int n) { co_return n == 0 ? co_await answer() : co_await deep(n - 1); }

TEST(Task, ChainsOfReadyTasksReturnValues) {
  Loop loop;
  EXPECT_EQ(loop.run_until_done(deep(100)), 42);
}

Task<std::thread::id> where(Loop& loop) {
  std::function<std::thread::id()> work = [] { return std::this_thread::get_id(); };
  co_return co_await loop.blocking<std::thread::id>(work);
}

TEST(Loop, BlockingRunsOnTheHelperThread) {
  Loop loop;
  EXPECT_NE(loop.run_until_done(where(loop)), std::this_thread::get_id());
}

Task<> real_sleep(Loop& loop) {
  Timer timer(loop);
  EXPECT_TRUE(co_await timer.sleep(1ms));
}

TEST(Loop, RealClockWakesUp) {
  Loop loop;
  loop.run_until_done(real_sleep(loop));
}

Task<> notes(Signal& signal, int& woken) {
  co_await signal.wait();
  ++woken;
}

TEST(Signal, NotifyWakesAllOrOne) {
  Signal signal;
  Gate gate;
  int woken = 0;
  for (int i = 0; i < 3; ++i) gate.spawn(notes(signal, woken));
  signal.notify_one();
  EXPECT_EQ(woken, 1);
  signal.notify_all();
  EXPECT_EQ(woken, 3);
}

}  // namespace
}  // namespace gleaner
