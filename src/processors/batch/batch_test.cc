#include <gtest/gtest.h>

#include "pipeline/testing.h"
#include "processors/batch/config.h"

namespace gleaner::processors::batch {
namespace {
using namespace std::chrono_literals;
using testing_support::Bench;
using testing_support::Catcher;
using testing_support::log_batch;
using Texts = std::vector<std::string>;

struct BatchTest : testing::Test {
  Bench bench;
  Catcher sink;
  Ledger ledger;
  Config config;
  std::unique_ptr<Processor<Logs>> batcher;
  void make() { batcher = std::move(*Make::make<Logs>(config, bench.context, sink)); }
  void put(int count, const std::string& prefix = "r") {
    auto batch = log_batch(count, prefix);
    batch.receipt.enter(ledger);
    EXPECT_TRUE(bench.loop.run_until_done(batcher->consume(batch)));
  }
  ~BatchTest() override {
    EXPECT_TRUE(bench.loop.run_until_done(batcher->stop()));
    EXPECT_TRUE(ledger.balanced());
    EXPECT_EQ(ledger.held, 0u);
  }
};

TEST_F(BatchTest, JoinsUntilTheTimerFires) {
  make();
  put(2, "a");
  put(1, "b");
  EXPECT_TRUE(sink.batches.empty());
  bench.loop.advance(200ms);
  EXPECT_EQ(sink.batches, (std::vector<Texts>{{"a0", "a1", "b0"}}));
}

TEST_F(BatchTest, SendsAtOnceWhenLargeEnoughAndSplits) {
  config.send_batch_size = config.send_batch_max_size = 5;
  make();
  put(12);
  ASSERT_EQ(sink.batches.size(), 2u);
  EXPECT_EQ(sink.batches[1].size(), 5u);
  bench.loop.advance(200ms);
  EXPECT_EQ(sink.batches[2], (Texts{"r10", "r11"}));
}

TEST_F(BatchTest, TimeoutZeroPassesThrough) {
  config.timeout = 0ns;
  make();
  put(1);
  EXPECT_EQ(sink.items(), 1u);
}

TEST_F(BatchTest, RefusedBatchesAreLostAndCounted) {
  sink.answer = fail(Fault::retryable, "sending queue is full");
  make();
  put(3);
  bench.loop.advance(200ms);
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::queue_full)], 3u);
}

TEST_F(BatchTest, StopSendsTheRest) {
  make();
  put(3);
  EXPECT_TRUE(bench.loop.run_until_done(batcher->stop()));
  EXPECT_EQ(sink.items(), 3u);
}

}  // namespace
}  // namespace gleaner::processors::batch
