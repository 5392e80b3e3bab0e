#include "base/budget.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {

TEST(Budget, RefusesWhatPassesTheLimit) {
  Budget budget(100);
  auto most = budget.try_reserve(90);
  EXPECT_TRUE(most);
  EXPECT_FALSE(budget.try_reserve(11));
  EXPECT_EQ(budget.free(), 10u);
  auto rest = budget.try_reserve(10);
  EXPECT_TRUE(rest);
  most = {};
  EXPECT_EQ(budget.used(), 10u);
}

TEST(Budget, TellsOnceThatMuchIsInUse) {
  Budget budget(100);
  int passed = 0;
  budget.watch(50, [&] { ++passed; });
  auto first = budget.try_reserve(50);
  EXPECT_EQ(passed, 0);
  auto second = budget.try_reserve(1);
  EXPECT_EQ(passed, 1);
  second = {};
  second = budget.try_reserve(20);
  EXPECT_EQ(passed, 1);
  second = {};
  budget.watch(50, [&] { ++passed; });
  second = budget.try_reserve(1);
  EXPECT_EQ(passed, 2);
}

}  // namespace
}  // namespace gleaner
