#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

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

Task<> in_time(Processor<Logs>& batcher, Batch<Logs>& batch, bool& in) {
  EXPECT_TRUE(co_await batcher.consume(batch));
  in = true;
}

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

TEST_F(BatchTest, ADiskIsWaitedForAndHoldsSenders) {
  sink.answer = fail(Error{Fault::retryable, "no space left on device", ENOSPC});
  make();
  put(3, "a");
  bench.loop.advance(200ms);
  auto second = log_batch(2, "b");
  second.receipt.enter(ledger);
  bool in = false;
  Gate gate;
  gate.spawn(in_time(*batcher, second, in));
  bench.loop.advance(10s);
  EXPECT_FALSE(in);
  EXPECT_EQ(ledger.held, 5u);
  sink.answer = {};
  bench.loop.advance(1s);
  EXPECT_TRUE(in);
  bench.loop.advance(200ms);
  EXPECT_EQ(sink.batches, (std::vector<Texts>{{"a0", "a1", "a2"}, {"b0", "b1"}}));
}

TEST_F(BatchTest, ADiskIsNotWaitedForAtTheEnd) {
  sink.answer = fail(Error{Fault::retryable, "no space left on device", ENOSPC});
  make();
  put(3);
  bench.loop.advance(200ms);
  EXPECT_EQ(ledger.held, 3u);
  EXPECT_TRUE(bench.loop.run_until_done(batcher->stop()));
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::queue_full)], 3u);
}

TEST_F(BatchTest, StopSendsTheRest) {
  make();
  put(3);
  EXPECT_TRUE(bench.loop.run_until_done(batcher->stop()));
  EXPECT_EQ(sink.items(), 3u);
}

/// Remembers whose batches came, and how many items they had.
struct Tenants final : Consumer<Logs> {
  std::vector<std::string> seen;
  Task<Result<>> consume(Batch<Logs>& batch) override {
    std::string text = batch.client ? "" : "nobody";
    if (batch.client)
      for (const auto& [key, value] : batch.client->metadata)
        text += (text.empty() ? "" : ",") + key + "=" + value;
    seen.push_back(text + " " + std::to_string(batch.data.items()));
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }
};

struct ByMetadata : testing::Test {
  Bench bench;
  Tenants sink;
  Config config;
  std::unique_ptr<Processor<Logs>> batcher;
  void make() {
    config.metadata_keys = {"X-Tenant", "zone"};
    batcher = std::move(*Make::make<Logs>(config, bench.context, sink));
  }
  Result<> put(int count, Client::Pairs metadata) {
    auto batch = log_batch(count);
    batch.client = std::make_shared<const Client>(Client{"10.0.0.1", std::move(metadata), {{"raw", "x"}}});
    auto result = bench.loop.run_until_done(batcher->consume(batch));
    if (!result) batch.settle(Outcome::dropped, Drop::filtered);
    return result;
  }
  ~ByMetadata() override { EXPECT_TRUE(bench.loop.run_until_done(batcher->stop())); }
};

TEST_F(ByMetadata, EachCombinationHasItsOwnBatch) {
  make();
  EXPECT_TRUE(put(1, {{"x-tenant", "a"}, {"other", "1"}}));
  EXPECT_TRUE(put(2, {{"x-tenant", "b"}}));
  EXPECT_TRUE(put(4, {{"other", "2"}, {"x-tenant", "a"}}));
  EXPECT_TRUE(put(8, {{"x-tenant", "a"}, {"x-tenant", "b"}}));
  EXPECT_TRUE(put(16, {{"x-tenant", ""}, {"zone", "z"}}));
  EXPECT_TRUE(put(32, {}));
  bench.loop.advance(200ms);
  std::sort(sink.seen.begin(), sink.seen.end());
  EXPECT_EQ(sink.seen, (std::vector<std::string>{" 32", "x-tenant=,zone=z 16", "x-tenant=a 5",
                                                 "x-tenant=a,x-tenant=b 8", "x-tenant=b 2"}));
}

TEST_F(ByMetadata, TooManyCombinationsAreRefusedForGood) {
  config.metadata_cardinality_limit = 2;
  make();
  EXPECT_TRUE(put(1, {{"zone", "1"}}));
  EXPECT_TRUE(put(1, {{"zone", "2"}}));
  const auto refused = put(1, {{"zone", "3"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::permanent);
  EXPECT_EQ(refused.error().what, "too many batcher metadata-value combinations");
  EXPECT_TRUE(put(1, {{"zone", "2"}})) << "known ones still pass";
}

TEST_F(ByMetadata, WhatIsRememberedIsBoundedInBytes) {
  config.metadata_cardinality_limit = 0;
  make();
  int taken = 0;
  while (taken < 100 && put(1, {{"zone", std::to_string(taken) + std::string(64 << 10, 'x')}})) ++taken;
  EXPECT_EQ(taken, 7) << "1 MiB, each text is kept twice";
}

}  // namespace
}  // namespace gleaner::processors::batch
