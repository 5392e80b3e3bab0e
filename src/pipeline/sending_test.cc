#include "pipeline/sending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/testing.h"

namespace gleaner {
namespace {
using namespace std::chrono_literals;
using testing_support::Bench;
using testing_support::bodies;
using testing_support::log_batch;
using Texts = std::vector<std::string>;

/// A backend that answers as told, or keeps requests waiting until released.
class Backend : public Sender<Logs> {
 public:
  std::vector<Texts> got;
  std::deque<Result<>> answers;
  int attempts = 0;
  bool hold = false;
  Signal go;
  std::optional<Client> client;  ///< of the first request
  Task<Result<>> send(Payload<Logs>& payload, const Client* sender, Duration) override {
    ++attempts;
    if (sender && !client) client = *sender;
    if (hold) co_await go.wait();
    Result<> answer;
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    if (answer) got.push_back(bodies(payload));
    co_return answer;
  }
};

class SendingTest : public testing::Test {
 protected:
  Bench bench;
  Backend backend;
  Ledger ledger;
  SendingConfig config;
  std::unique_ptr<Sending<Logs>> sending;

  Sending<Logs>& make() {
    sending = std::make_unique<Sending<Logs>>(config, bench.context, backend);
    return *sending;
  }
  Result<> put(int count, const std::string& prefix = "r") {
    auto batch = log_batch(count, prefix);
    batch.receipt.enter(ledger);
    auto result = bench.loop.run_until_done(sending->consume(batch));
    if (!result) {
      batch.receipt.leave(ledger);
      batch.settle(Outcome::dropped, Drop::downstream_error);
    }
    return result;
  }
  void stop() { EXPECT_TRUE(bench.loop.run_until_done(sending->stop())); }
};

TEST_F(SendingTest, DeliversAndCounts) {
  make();
  EXPECT_TRUE(put(3));
  EXPECT_EQ(backend.got, (std::vector<Texts>{{"r0", "r1", "r2"}}));
  EXPECT_EQ(bench.metrics.sum("exporter_sent_log_records"), 3);
  EXPECT_EQ(ledger.delivered, 3u);
  stop();
}

TEST_F(SendingTest, RetriesWithGrowingWaitsAndTheServersOwn) {
  config.retry->randomization_factor = 0;
  backend.answers = {fail(Fault::retryable, "unavailable"), fail(Fault::retryable, "unavailable"), {}};
  make();
  EXPECT_TRUE(put(1));
  EXPECT_EQ(backend.attempts, 1);
  bench.loop.advance(4999ms);
  EXPECT_EQ(backend.attempts, 1);
  bench.loop.advance(1ms);
  EXPECT_EQ(backend.attempts, 2);
  bench.loop.advance(7499ms);
  EXPECT_EQ(backend.attempts, 2);
  bench.loop.advance(1ms);
  EXPECT_EQ(backend.attempts, 3);
  EXPECT_EQ(ledger.delivered, 1u);
  backend.answers = {fail(Error{Fault::retryable, "slow down", 0, 20s}), {}};
  EXPECT_TRUE(put(1));
  bench.loop.advance(19s);
  EXPECT_EQ(backend.attempts, 4);
  bench.loop.advance(1s);
  EXPECT_EQ(ledger.delivered, 2u);
  stop();
}

TEST_F(SendingTest, PermanentErrorsDropAtOnce) {
  backend.answers = {fail(Fault::permanent, "bad data")};
  make();
  EXPECT_TRUE(put(2));
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::permanent_error)], 2u);
  EXPECT_EQ(bench.metrics.sum("exporter_send_failed_log_records"), 2);
  EXPECT_THAT(bench.sink.lines.back(), testing::HasSubstr("Exporting failed. Dropping data."));
  EXPECT_TRUE(ledger.balanced());
  stop();
}

TEST_F(SendingTest, GivesUpAfterMaxElapsedTime) {
  for (int i = 0; i < 100; ++i) backend.answers.push_back(fail(Fault::retryable, "down"));
  make();
  EXPECT_TRUE(put(1));
  bench.loop.advance(10min);
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::retries_exhausted)], 1u);
  stop();
}

TEST_F(SendingTest, AFullQueueRefuses) {
  config.queue->queue_size = 2;
  config.queue->num_consumers = 1;
  backend.hold = true;
  make();
  EXPECT_TRUE(put(1));
  EXPECT_TRUE(put(1));
  auto third = put(1);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().fault, Fault::retryable);
  EXPECT_EQ(third.error().what, "sending queue is full");
  EXPECT_EQ(bench.metrics.sum("exporter_enqueue_failed_log_records"), 1);
  EXPECT_EQ(bench.metrics.sum("exporter_queue_size"), 2);
  EXPECT_TRUE(ledger.balanced());
  backend.hold = false;
  backend.go.notify_all();
  EXPECT_EQ(ledger.delivered, 2u);
  EXPECT_EQ(bench.metrics.sum("exporter_queue_size"), 0);
  stop();
}

TEST_F(SendingTest, TellsWhatFailsAndWhatItRefuses) {
  config.queue->queue_size = 1;
  config.retry->randomization_factor = 0;
  backend.answers = {fail(Fault::retryable, "down"), fail(Fault::retryable, "still down"), {}};
  make();
  const auto told = [&] {
    std::vector<Trouble> all;
    static_cast<Troubled*>(sending.get())->troubles->tell(all, "logs", "exporter b", bench.loop.now());
    return all;
  };
  EXPECT_TRUE(told().empty());
  EXPECT_TRUE(put(1));
  bench.loop.advance(5s);  // the second attempt
  EXPECT_FALSE(put(1));
  bench.loop.advance(1s);
  ASSERT_EQ(told().size(), 2u);
  EXPECT_FALSE(told()[0].refusing);
  EXPECT_EQ(told()[0].since, 6s);
  EXPECT_EQ(told()[0].why, "still down");
  EXPECT_TRUE(told()[1].refusing);
  EXPECT_EQ(told()[1].since, 1s);
  EXPECT_EQ(told()[1].why, "sending queue is full");
  bench.loop.advance(7s);  // the third
  EXPECT_EQ(ledger.delivered, 1u);
  ASSERT_EQ(told().size(), 1u);  // nothing has come since
  EXPECT_TRUE(told()[0].refusing);
  EXPECT_TRUE(put(1));
  EXPECT_TRUE(told().empty());
  stop();
}

TEST_F(SendingTest, StopTriesWhatIsQueuedOnceMore) {
  backend.answers = {fail(Fault::retryable, "down"), fail(Fault::retryable, "still down")};
  make();
  EXPECT_TRUE(put(4));
  stop();
  EXPECT_EQ(backend.attempts, 2);
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::shutdown)], 4u);
  EXPECT_TRUE(ledger.balanced());
}

TEST_F(SendingTest, WithoutQueueTheCallerHearsTheResult) {
  config.queue.reset();
  config.retry.reset();
  backend.answers = {fail(Fault::retryable, "down")};
  make();
  auto result = put(1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "down");
  EXPECT_TRUE(put(1));
  stop();
}

TEST_F(SendingTest, WaitForResultGivesTheBatchBackOnFailure) {
  config.queue->wait_for_result = true;
  config.retry.reset();
  backend.answers = {fail(Fault::retryable, "down")};
  make();
  EXPECT_FALSE(put(1));
  EXPECT_EQ(ledger.refused, 1u);
  EXPECT_TRUE(put(1));
  EXPECT_EQ(ledger.delivered, 1u);
  stop();
}

TEST_F(SendingTest, BatchingJoinsSplitsAndFlushes) {
  config.queue->batch = ExporterBatchConfig{};
  config.queue->batch->min_size = 5;
  config.queue->batch->max_size = 6;
  make();
  EXPECT_TRUE(put(2, "a"));
  EXPECT_TRUE(backend.got.empty());
  EXPECT_TRUE(put(3, "b"));
  EXPECT_EQ(backend.got, (std::vector<Texts>{{"a0", "a1", "b0", "b1", "b2"}}));
  EXPECT_TRUE(put(8, "c"));
  ASSERT_EQ(backend.got.size(), 2u);
  EXPECT_EQ(backend.got[1].size(), 6u);
  bench.loop.advance(200ms);
  ASSERT_EQ(backend.got.size(), 3u);
  EXPECT_EQ(backend.got[2], (Texts{"c6", "c7"}));
  EXPECT_TRUE(ledger.balanced());
  EXPECT_EQ(ledger.held, 0u);
  stop();
}

TEST_F(SendingTest, BatchesOfBytesAreCutToo) {
  config.queue->batch = ExporterBatchConfig{};
  config.queue->batch->sizer = "bytes";
  config.queue->batch->min_size = 1;
  const auto size_of = [](std::size_t count) {
    auto batch = log_batch(static_cast<int>(count));
    const std::size_t size = batch.data.wire().size();
    batch.settle(Outcome::delivered);
    return size;
  };
  const std::size_t one = size_of(1);
  config.queue->batch->max_size = 4 * one;
  make();
  EXPECT_TRUE(put(9));
  std::size_t items = 0;
  for (const auto& batch : backend.got) {
    items += batch.size();
    EXPECT_LE(size_of(batch.size()), 4 * one);
  }
  EXPECT_EQ(items, 9u);
  EXPECT_GE(backend.got.size(), 2u);
  EXPECT_EQ(backend.got.front().front(), "r0");
  EXPECT_EQ(backend.got.back().back(), "r8");
  EXPECT_EQ(ledger.delivered, 9u);
  stop();
}

/// Batches of senders with the header "tenant".
class Partition : public SendingTest {
 protected:
  Partition() {
    config.queue->batch = ExporterBatchConfig{};
    config.queue->batch->min_size = 4;
    config.queue->batch->partition.metadata_keys = {"Tenant"};
  }
  void put_of(const std::string& tenant, int count) {
    auto client = std::make_shared<Client>();
    if (!tenant.empty()) client->metadata = {{"tenant", tenant}, {"other", "x"}};
    auto batch = log_batch(count, tenant);
    batch.client = client;
    batch.receipt.enter(ledger);
    EXPECT_TRUE(bench.loop.run_until_done(sending->consume(batch)));
  }
};

TEST_F(Partition, JoinsOnlyWhatIsOfOneSender) {
  make();
  put_of("a", 2);
  put_of("b", 2);
  put_of("", 2);
  EXPECT_TRUE(backend.got.empty());
  put_of("a", 2);
  EXPECT_EQ(backend.got, (std::vector<Texts>{{"a0", "a1", "a0", "a1"}}));
  ASSERT_TRUE(backend.client);
  EXPECT_EQ(backend.client->metadata, (Client::Pairs{{"Tenant", "a"}}));
  bench.loop.advance(200ms);
  EXPECT_EQ(backend.got.size(), 3u);
  EXPECT_TRUE(ledger.balanced());
  EXPECT_EQ(ledger.held, 0u);
  stop();
}

TEST_F(Partition, IsFlushedByAStop) {
  make();
  put_of("a", 1);
  put_of("b", 1);
  stop();
  EXPECT_EQ(backend.got.size(), 2u);
  EXPECT_EQ(ledger.delivered, 2u);
}

/// A backend that takes so many records in one request.
class SmallBackend : public Backend {
 public:
  std::size_t limit = 2;
  std::string poison;  ///< a record it never takes
  Task<Result<>> send(Payload<Logs>& payload, const Client* client, Duration timeout) override {
    const auto texts = bodies(payload);
    Error no{Fault::permanent, "larger than max"};
    if (texts.size() > limit) {
      no.too_large = true;
      co_return fail(std::move(no));
    }
    if (std::find(texts.begin(), texts.end(), poison) != texts.end()) co_return fail(Fault::permanent, "bad");
    co_return co_await Backend::send(payload, client, timeout);
  }
};

class TooLarge : public SendingTest {
 protected:
  SmallBackend small;
  void make_small() { sending = std::make_unique<Sending<Logs>>(config, bench.context, small); }
};

TEST_F(TooLarge, IsSentInParts) {
  make_small();
  EXPECT_TRUE(put(7));
  std::size_t items = 0;
  for (const auto& batch : small.got) items += batch.size();
  EXPECT_EQ(items, 7u);
  EXPECT_EQ(ledger.delivered, 7u);
  EXPECT_EQ(bench.metrics.sum("exporter_sent_log_records"), 7);
  EXPECT_EQ(bench.metrics.sum("exporter_send_failed_log_records"), 0);
  EXPECT_TRUE(ledger.balanced());
  stop();
}

TEST_F(TooLarge, LosesOnlyWhatIsRefused) {
  small.poison = "r4";
  small.limit = 1;
  make_small();
  EXPECT_TRUE(put(8));
  EXPECT_EQ(ledger.delivered, 7u);
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::permanent_error)], 1u);
  EXPECT_EQ(bench.metrics.sum("exporter_send_failed_log_records"), 1);
  EXPECT_TRUE(ledger.balanced());
  stop();
}

TEST_F(TooLarge, OneRecordIsDropped) {
  small.limit = 0;
  make_small();
  EXPECT_TRUE(put(3));
  EXPECT_EQ(ledger.dropped[static_cast<int>(Drop::permanent_error)], 3u);
  EXPECT_TRUE(ledger.balanced());
  stop();
}

TEST_F(TooLarge, WithoutAQueueTheCallerKeepsTheRest) {
  config.queue.reset();
  small.poison = "r0";
  small.limit = 1;
  make_small();
  EXPECT_FALSE(put(4));
  EXPECT_EQ(ledger.delivered, 3u);
  EXPECT_EQ(ledger.refused, 1u);
  EXPECT_TRUE(ledger.balanced());
  stop();
}

}  // namespace
}  // namespace gleaner
