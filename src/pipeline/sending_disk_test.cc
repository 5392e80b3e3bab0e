// The sending queue with files: what a stop, a crash and a full disk leave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/sending.h"
#include "pipeline/testing.h"
#include "storage/memory_disk.h"

namespace gleaner {
namespace {
using namespace std::chrono_literals;
using storage::testing_support::MemoryDisk;
using testing::HasSubstr;
using testing_support::Bench;
using testing_support::bodies;
using testing_support::log_batch;
using Texts = std::vector<std::string>;

/// A storage extension over a disk in memory.
class TestStorage final : public Extension, public storage::Storage {
 public:
  explicit TestStorage(MemoryDisk& disk) : disk_(disk) {}
  Task<Result<storage::Store*>> open(storage::Owner) override { co_return fail(Fault::os, "no"); }
  storage::QueueOptions queue(const storage::Owner& owner) override {
    storage::QueueOptions options;
    options.disk = &disk_;
    options.folder = "/" + std::string(owner.type) + "_" + std::string(owner.part);
    options.patience = Duration{0};
    return options;
  }
  std::string reference_path(const storage::Owner&) const override { return {}; }

 private:
  MemoryDisk& disk_;
};

class Backend : public Sender<Logs> {
 public:
  std::vector<Texts> got;
  std::deque<Result<>> answers;
  bool down = false;
  Task<Result<>> send(Payload<Logs>& payload, const Client*, Duration) override {
    Result<> answer = down ? Result<>(fail(Fault::retryable, "down")) : Result<>();
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    if (answer) got.push_back(bodies(payload));
    co_return answer;
  }
  Texts all() const {
    Texts out;
    for (const auto& batch : got) out.insert(out.end(), batch.begin(), batch.end());
    return out;
  }
};

/// One run of the exporter.
struct Process {
  Bench bench;
  Backend backend;
  TestStorage storage;
  Ledger ledger;
  std::unique_ptr<Sending<Logs>> sending;

  Process(MemoryDisk& disk, SendingConfig config, bool down = false) : storage(disk) {
    config.queue->storage = "file_storage";
    backend.down = down;
    bench.context.extension = [this](const std::string&) { return &storage; };
    sending = std::make_unique<Sending<Logs>>(config, bench.context, backend);
    EXPECT_TRUE(bench.loop.run_until_done(sending->open(bench.context, "otlp")));
    settle();
  }
  Result<> put(int count, const std::string& prefix) {
    auto batch = log_batch(count, prefix);
    batch.receipt.enter(ledger);
    auto result = bench.loop.run_until_done(sending->consume(batch));
    if (!result) {
      batch.receipt.leave(ledger);
      batch.settle(Outcome::dropped, Drop::downstream_error);
    }
    return result;
  }
  /// Lets the helper thread and what follows from it come to an end.
  void settle() {
    std::function<int()> nothing = [] { return 0; };
    for (int i = 0; i < 50; ++i) {
      bench.loop.run_ready();
      (void)bench.loop.run_until_done(bench.loop.blocking(nothing, Helper::storage));
    }
  }
  void stop() { EXPECT_TRUE(bench.loop.run_until_done(sending->stop())); }
  double sum(std::string_view name) { return bench.metrics.sum(name); }
};

SendingConfig one_consumer() {
  SendingConfig config;
  config.queue->num_consumers = 1;
  return config;
}

TEST(SendingOnDisk, PersistsAndDelivers) {
  MemoryDisk disk;
  Process run(disk, {});
  EXPECT_TRUE(run.put(2, "a"));
  EXPECT_TRUE(run.put(1, "b"));
  run.settle();
  EXPECT_EQ(run.backend.all(), (Texts{"a0", "a1", "b0"}));
  EXPECT_EQ(run.ledger.persisted, 3u);
  EXPECT_TRUE(run.ledger.balanced());
  EXPECT_EQ(run.sum("exporter_queue_size"), 0);
  EXPECT_EQ(run.sum("exporter_queue_storage_records"), 2);
  run.stop();
}

TEST(SendingOnDisk, KeepsWhatABackendThatIsDownHasNotTaken) {
  MemoryDisk disk;
  {
    Process run(disk, {}, true);
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(run.put(1, std::to_string(i) + "-"));
    EXPECT_EQ(run.sum("exporter_queue_size"), 30);
    run.stop();
    EXPECT_EQ(run.ledger.persisted, 30u);
    EXPECT_THAT(run.bench.sink.lines.back(), HasSubstr("stay in the sending queue"));
    EXPECT_EQ(run.sum("exporter_queue_dropped_log_records"), 0);
  }
  Process run(disk, one_consumer());
  run.settle();
  Texts expected;
  for (int i = 0; i < 30; ++i) expected.push_back(std::to_string(i) + "-0");
  EXPECT_EQ(run.backend.all(), expected);
  EXPECT_EQ(run.sum("exporter_queue_size"), 0);
  run.stop();
}

TEST(SendingOnDisk, SendsAgainWhatWasInFlightAtACrash) {
  MemoryDisk disk;
  {
    Process run(disk, one_consumer(), true);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(run.put(1, std::to_string(i) + "-"));
    run.backend.down = false;
    run.bench.loop.advance(10s);
    run.settle();
    EXPECT_EQ(run.backend.got.size(), 5u);
    run.backend.down = true;
    EXPECT_TRUE(run.put(1, "late"));
    EXPECT_TRUE(run.put(1, "later"));
    disk.lives = 0;  // the process ends here: nothing of what follows reaches the disk
    run.stop();
  }
  disk.process_died();
  Process run(disk, one_consumer());
  run.settle();
  EXPECT_EQ(run.backend.all(), (Texts{"late0", "later0"}));
  run.stop();
}

TEST(SendingOnDisk, AFullDiskRefusesAndLosesNothing) {
  MemoryDisk disk;
  Process run(disk, {}, true);
  EXPECT_TRUE(run.put(1, "a"));
  disk.refuses = ENOSPC;
  auto refused = run.put(1, "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::retryable);
  EXPECT_EQ(run.sum("exporter_enqueue_failed_log_records"), 1);
  EXPECT_EQ(run.sum("exporter_queue_size"), 1);
  disk.refuses = 0;
  EXPECT_TRUE(run.put(1, "c"));
  run.backend.down = false;
  run.bench.loop.advance(10s);
  run.settle();
  EXPECT_THAT(run.backend.all(), testing::UnorderedElementsAre("a0", "c0"));
  run.stop();
}

TEST(SendingOnDisk, CountsWhatWillNeverBeDelivered) {
  MemoryDisk disk;
  {
    Process run(disk, {});
    run.backend.answers = {fail(Fault::permanent, "bad data")};
    EXPECT_TRUE(run.put(3, "a"));
    run.settle();
    EXPECT_EQ(run.bench.metrics.sum("exporter_queue_dropped_log_records", {{"reason", "permanent_error"}}),
              3);
    EXPECT_EQ(run.sum("exporter_queue_size"), 0);
    run.stop();
  }
  Process run(disk, {});
  EXPECT_TRUE(run.backend.got.empty());
  run.stop();
}

TEST(SendingOnDisk, CountsByTheSizerAcrossRuns) {
  MemoryDisk disk;
  SendingConfig config;
  config.queue->sizer = "items";
  config.queue->queue_size = 5;
  {
    Process run(disk, config, true);
    EXPECT_TRUE(run.put(4, "a"));
    EXPECT_FALSE(run.put(2, "b"));
    run.stop();
  }
  Process run(disk, config, true);
  EXPECT_EQ(run.sum("exporter_queue_size"), 4);
  EXPECT_FALSE(run.put(2, "b"));
  EXPECT_TRUE(run.put(1, "c"));
  run.stop();
}

TEST(SendingOnDisk, JoinsRecordsAndKeepsThemAllWhenTheBatchFails) {
  MemoryDisk disk;
  SendingConfig config = one_consumer();
  config.queue->batch.emplace();
  config.queue->batch->min_size = 4;
  {
    Process run(disk, config, true);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(run.put(3, std::to_string(i) + "-"));
    run.stop();
  }
  Process run(disk, config);
  run.settle();
  run.bench.loop.advance(1s);
  run.settle();
  EXPECT_EQ(run.backend.got.front().size(), 6u);
  EXPECT_EQ(run.backend.all().size(), 9u);
  EXPECT_EQ(run.sum("exporter_queue_size"), 0);
  run.stop();
}

TEST(SendingOnDisk, ARecordThatIsCutIsDoneWithWhenAllOfItIs) {
  MemoryDisk disk;
  SendingConfig config = one_consumer();
  config.queue->batch.emplace();
  config.queue->batch->min_size = config.queue->batch->max_size = 4;
  {
    Process run(disk, config);
    run.backend.answers = {{}, fail(Fault::permanent, "no"), fail(Fault::retryable, "down")};
    EXPECT_TRUE(run.put(9, "a"));
    run.settle();
    EXPECT_EQ(run.backend.got.size(), 1u);
    run.backend.down = true;
    EXPECT_EQ(run.sum("exporter_queue_size"), 1);
    run.stop();
  }
  Process run(disk, config);  // the third part had to be kept, and with it the whole
  run.settle();
  run.bench.loop.advance(1s);
  run.settle();
  EXPECT_EQ(run.backend.all().size(), 9u);
  EXPECT_EQ(run.sum("exporter_queue_size"), 0);
  run.stop();
}

TEST(SendingOnDisk, ALongOutageTakesNoMemory) {
  MemoryDisk disk;
  SendingConfig config = one_consumer();
  config.queue->queue_size = 1000;
  const std::string large(100'000, 'x');
  {
    Process run(disk, config, true);
    const std::size_t before = Block::live_bytes();
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(run.put(1, std::to_string(i) + large));
    EXPECT_LT(Block::live_bytes() - before, 6u << 20);
    run.stop();
  }
  Process run(disk, config);
  for (int i = 0; i < 20 && run.backend.got.size() < 100; ++i) run.settle();
  ASSERT_EQ(run.backend.got.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(run.backend.got[i][0].starts_with(std::to_string(i) + "x"));
  run.stop();
}

TEST(SendingOnDisk, NeedsAnExtensionOfTheRightKind) {
  Bench bench;
  SendingConfig config;
  config.queue->storage = "file_storage/none";
  auto found = queue_storage(config, bench.context);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().what, "storage extension 'file_storage/none' not found");
}

}  // namespace
}  // namespace gleaner
