#include "base/budget.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {

constexpr std::size_t kMiB = 1 << 20;

TEST(Budget, TellsOnceWhenABurstIsOver) {
  Budget budget(64 * kMiB);
  int over = 0;
  budget.on_burst_over([&] { ++over; });
  {
    auto stays = budget.try_reserve(2 * kMiB);
    auto half = budget.try_reserve(8 * kMiB);
    auto rest = budget.try_reserve(6 * kMiB);
    rest = {};
    EXPECT_EQ(over, 0);  // 10 of 16 MiB are still in use
    half = {};
    EXPECT_EQ(over, 1);
  }
  EXPECT_EQ(over, 1);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Budget, SmallTrafficIsNoBurst) {
  Budget budget(64 * kMiB);
  int over = 0;
  budget.on_burst_over([&] { ++over; });
  for (int i = 0; i < 100; ++i) (void)budget.try_reserve(4 * kMiB);
  EXPECT_EQ(over, 0);
}

TEST(Budget, EveryBurstCounts) {
  Budget budget(64 * kMiB);
  int over = 0;
  budget.on_burst_over([&] { ++over; });
  for (int i = 0; i < 3; ++i) (void)budget.try_reserve(32 * kMiB);
  EXPECT_EQ(over, 3);
}

}  // namespace
}  // namespace gleaner
