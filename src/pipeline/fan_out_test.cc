#include "pipeline/fan_out.h"

#include <gtest/gtest.h>

#include "pipeline/testing.h"

namespace gleaner {
namespace {
using testing_support::Bench;
using testing_support::Catcher;
using testing_support::log_batch;

TEST(FanOut, GivesEveryBranchTheBatchAndBooksCopies) {
  Bench bench;
  Catcher a, b(true), c;
  FanOut<Logs> fan({&a, &b, &c}, true);
  Ledger ledger;
  auto batch = log_batch(3);
  batch.receipt.enter(ledger);
  EXPECT_TRUE(bench.loop.run_until_done(fan.consume(batch)));
  EXPECT_EQ(a.items() + b.items() + c.items(), 9u);
  EXPECT_EQ(ledger.copies, 6u);
  EXPECT_EQ(ledger.delivered, 9u);
  EXPECT_TRUE(ledger.balanced());
}

TEST(FanOut, OneFailureLeavesTheBatchWithTheCaller) {
  Bench bench;
  Catcher a, b, c;
  b.answer = fail(Fault::retryable, "full");
  FanOut<Logs> fan({&a, &b, &c}, true);
  Ledger ledger;
  auto batch = log_batch(3);
  batch.receipt.enter(ledger);
  auto result = bench.loop.run_until_done(fan.consume(batch));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "full");
  EXPECT_EQ(a.items(), 3u);
  EXPECT_EQ(c.items(), 3u);
  EXPECT_EQ(batch.data.items(), 3u);
  EXPECT_TRUE(ledger.balanced());
  batch.receipt.leave(ledger);
  EXPECT_TRUE(ledger.balanced());
  batch.settle(Outcome::dropped, Drop::downstream_error);
}

TEST(FanOut, TellsOfADiskOnlyWhileNobodyHasTheBatch) {
  Bench bench;
  Catcher a, b;
  b.answer = fail(Error{Fault::retryable, "no space left on device", 28});
  for (const bool first : {true, false}) {
    FanOut<Logs> fan(first ? std::vector<Consumer<Logs>*>{&b, &a} : std::vector<Consumer<Logs>*>{&a, &b},
                     true);
    auto batch = log_batch(1);
    const auto result = bench.loop.run_until_done(fan.consume(batch));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().sys, 0);
    batch.settle(Outcome::dropped, Drop::downstream_error);
  }
  a.answer = b.answer;
  FanOut<Logs> fan({&a, &b}, true);
  auto batch = log_batch(1);
  EXPECT_EQ(bench.loop.run_until_done(fan.consume(batch)).error().sys, 28);
  batch.settle(Outcome::dropped, Drop::downstream_error);
}

}  // namespace
}  // namespace gleaner
