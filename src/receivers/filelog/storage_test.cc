// filelog with storage: what a run leaves for the next one, however it ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"
#include "pipeline/testing.h"
#include "receivers/filelog/config.h"
#include "stanza/files/testing.h"
#include "storage/memory_disk.h"
#include "storage/storage.h"

namespace gleaner::receivers::filelog {
namespace {
using namespace std::chrono_literals;
using stanza::files::testing_support::Folder;
using stanza::files::testing_support::LineSink;
using stanza::files::testing_support::Texts;
using storage::testing_support::MemoryDisk;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Takes everything; what becomes of it is decided later when `keeping`.
class Catcher : public Consumer<Logs> {
 public:
  bool keeping = false, refusing = false;
  int refused = 0;
  Texts got;
  std::vector<Batch<Logs>> kept;
  Task<Result<>> consume(Batch<Logs>& batch) override {
    if (refusing) {
      ++refused;
      co_return fail(Fault::retryable, "full");
    }
    for (auto& text : testing_support::bodies(batch.data)) got.push_back(std::move(text));
    if (keeping)
      kept.push_back(std::move(batch));
    else
      batch.settle(Outcome::delivered);
    co_return Result<>();
  }
  void settle(Outcome outcome) {
    auto batches = std::exchange(kept, {});
    for (auto& batch : batches) batch.settle(outcome);
  }
};

/// A storage extension over a disk in memory.
class TestStorage final : public Extension, public storage::Storage {
 public:
  TestStorage(MemoryDisk& disk, Loop& loop, const log::Logger& logger, metrics::Registry& metrics)
      : disk_(disk), loop_(loop), logger_(logger), metrics_(metrics) {}
  std::string reference;
  std::vector<std::string> owners;
  Task<Result<>> stop() override {
    for (const auto& store : stores_) co_await store->close();
    stores_.clear();
    co_return Result<>();
  }
  Task<Result<storage::Store*>> open(storage::Owner owner) override {
    owners.push_back(std::string(owner.kind) + " " + std::string(owner.type) + " " + std::string(owner.name));
    auto store = std::make_unique<storage::Store>(
        storage::StoreOptions{.path = "/s", .patience = Duration{0}}, loop_, logger_, metrics_, disk_);
    auto ok = co_await store->open();
    if (!ok) co_return fail(std::move(ok.error()));
    stores_.push_back(std::move(store));
    co_return stores_.back().get();
  }
  storage::QueueOptions queue(const storage::Owner&) override { return {}; }
  std::string reference_path(const storage::Owner&) const override { return reference; }

 private:
  MemoryDisk& disk_;
  Loop& loop_;
  log::Logger logger_;
  metrics::Registry& metrics_;
  std::vector<std::unique_ptr<storage::Store>> stores_;
};

class FilelogStorageTest : public testing::Test {
 protected:
  Folder folder;
  Loop loop;
  LineSink log;
  metrics::Registry metrics;
  Budget memory{64 << 20};
  MemoryDisk disk;
  TestStorage storage{disk, loop, log::Logger(log), metrics};
  Extension other;
  Context context{loop,
                  log::Logger(log),
                  metrics,
                  memory,
                  "filelog/app",
                  "0",
                  [](Error) {},
                  [this](const std::string& id) -> Extension* {
                    if (id == "file_storage") return &storage;
                    return id == "other" ? &other : nullptr;
                  }};
  Catcher pipeline;
  std::unique_ptr<Receiver> receiver;

  ~FilelogStorageTest() override {
    if (receiver) stop();
  }
  Result<> begin(const std::string& yaml) {
    config::Problems problems;
    std::string text = "include: ['" + folder.path("*.log*") + "']\nstorage: file_storage\n" + yaml;
    if (yaml.find("force_flush_period") == std::string::npos) text += "\nforce_flush_period: 20ms\n";
    const auto node = config::parse_yaml(text, "test.yaml");
    const auto config = config::decode<Config>(*node, "receivers::filelog", problems);
    EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
    auto made = make(config, context, Consumers{.logs = &pipeline});
    if (!made) return fail(std::move(made.error()));
    receiver = std::move(*made);
    return loop.run_until_done(receiver->start());
  }
  void start(const std::string& yaml = "start_at: beginning\n") {
    pipeline.got.clear();
    const auto ok = begin(yaml);
    ASSERT_TRUE(ok) << ok.error().what;
  }
  /// In the graph's order. @param fate  of what is still on its way when exporters stop
  void stop(Outcome fate = Outcome::delivered) {
    EXPECT_TRUE(loop.run_until_done(receiver->stop()));
    pipeline.settle(fate);
    EXPECT_TRUE(loop.run_until_done(storage.stop()));
    receiver.reset();
  }
  /// What the disk has now is what the next run finds: as if this one had been killed.
  void kill() {
    const std::string bytes = disk.names.at("/s")->now;
    stop();
    disk.names.at("/s")->now = bytes;
  }
  bool until(std::function<bool()> condition) { return loop.run_until_done(wait(condition)); }
  bool got(std::size_t records) {
    return until([&] { return pipeline.got.size() >= records; });
  }
  /// Waits until something is kept that was not before.
  bool kept_more(std::size_t than) {
    return until([&] { return disk.names.at("/s")->now.size() > than; });
  }
  /// What is settled is kept in the next turn of the loop.
  void turn() {
    loop.run_until_done([](Loop& on) -> Task<> { co_await on.yield(); }(loop));
  }
  std::size_t kept() const { return disk.names.at("/s")->now.size(); }

 private:
  Task<bool> wait(std::function<bool()>& condition) {
    Timer timer(loop);
    const TimePoint end = loop.now() + 10s;
    while (!condition()) {
      if (loop.now() > end) co_return false;
      (void)co_await timer.sleep(1ms);
    }
    co_return true;
  }
};

TEST_F(FilelogStorageTest, GoesOnWhereItStopped) {
  folder.write("a.log", "one\ntwo\n");
  start();
  ASSERT_TRUE(got(2));
  stop();
  folder.append("a.log", "three\n");
  start();
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("three"));
  EXPECT_EQ(log.count("Resuming from previously known offset"), 1);
  EXPECT_THAT(storage.owners, ElementsAre("receiver filelog app", "receiver filelog app"));
}

TEST_F(FilelogStorageTest, KilledAfterDeliveryRepeatsNothing) {
  folder.write("a.log", "one\ntwo\n");
  start();
  ASSERT_TRUE(got(2));
  ASSERT_TRUE(kept_more(100));  // both values
  turn();
  kill();
  folder.append("a.log", "three\n");
  start();
  ASSERT_TRUE(got(1));
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("three"));
}

TEST_F(FilelogStorageTest, KilledBeforeDeliveryRepeatsWhatWasOnItsWay) {
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  pipeline.keeping = true;
  folder.append("a.log", "two\n");
  ASSERT_TRUE(got(2));
  kill();
  pipeline.keeping = false;
  start();
  ASSERT_TRUE(got(1));
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("two"));
}

TEST_F(FilelogStorageTest, WhatCameLaterAndWasDeliveredFirstWaits) {
  pipeline.keeping = true;
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  folder.append("a.log", "two\n");
  ASSERT_TRUE(got(2));
  ASSERT_EQ(pipeline.kept.size(), 2u);
  pipeline.kept[1].settle(Outcome::delivered);
  pipeline.kept.pop_back();
  kill();
  start();
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, ElementsAre("one", "two"));
  stop();
}

TEST_F(FilelogStorageTest, WhatIsDroppedForLackOfTimeIsReadAgain) {
  pipeline.keeping = true;
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  stop(Outcome::dropped);
  pipeline.keeping = false;
  start();
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("one"));
}

TEST_F(FilelogStorageTest, WhatIsNotTakenByTheEndIsNoLoss) {
  pipeline.refusing = true;
  folder.write("a.log", "one\ntwo\n");
  start();
  ASSERT_TRUE(until([&] { return pipeline.refused > 0; }));
  stop();
  EXPECT_EQ(log.count("is read again by the next run"), 1);
  EXPECT_EQ(log.count("dropped_items"), 0) << log.lines.back();
  pipeline.refusing = false;
  start();
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, ElementsAre("one", "two"));
}

TEST_F(FilelogStorageTest, WhatIsDroppedForGoodIsNotReadAgain) {
  pipeline.keeping = true;
  folder.write("a.log", "poison\n");
  start();
  ASSERT_TRUE(got(1));
  pipeline.settle(Outcome::dropped);
  stop();
  folder.append("a.log", "two\n");
  start();
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("two"));
}

TEST_F(FilelogStorageTest, WhatIsDeliveredWhileExportersStopIsNotReadAgain) {
  pipeline.keeping = true;
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  stop(Outcome::delivered);
  folder.append("a.log", "two\n");
  start();
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("two"));
}

constexpr const char* kRecombine =
    "start_at: beginning\ninclude_file_path: true\noperators: [{type: recombine, combine_field: body, "
    "is_first_entry: 'body startsWith \"start\"', force_flush_period: 1h}]\n";

TEST_F(FilelogStorageTest, WhatOperatorsHoldIsNotLost) {
  folder.write("a.log", "start 1\nmore\nstart 2\nmore\n");
  start(kRecombine);
  ASSERT_TRUE(got(1));
  kill();  // which gives out what is held; the disk knows nothing of it
  folder.append("a.log", "and more\nstart 3\n");
  start(kRecombine);
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("start 2\nmore\nand more"));
}

TEST_F(FilelogStorageTest, WhatIsHeldOfSeveralFilesIsNotLost) {
  folder.write("a.log", "start 1\n");
  start(
      "start_at: beginning\noperators: [{type: recombine, combine_field: body, is_first_entry: "
      "'body startsWith \"start\"', force_flush_period: 1h, source_identifier: attributes.none}]\n");
  folder.write("b.log", "more\n");
  ASSERT_TRUE(until([&] { return log.count("entry does not contain the source_identifier") == 2; }));
  kill();
  start();
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, UnorderedElementsAre("start 1", "more"));
}

TEST_F(FilelogStorageTest, APartialLineIsLeftForTheNextRun) {
  folder.write("a.log", "one\ntw");
  start("start_at: beginning\nforce_flush_period: 1h\n");
  ASSERT_TRUE(got(1));
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("one"));
  folder.append("a.log", "o\n");
  start();
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("two"));
}

TEST_F(FilelogStorageTest, StartAtEndCountsOnce) {
  folder.write("a.log", "old\n");
  start("start_at: end\n");
  ASSERT_TRUE(until([&] { return log.count("Started watching file") == 1; }));
  stop();
  EXPECT_THAT(pipeline.got, IsEmpty());
  folder.append("a.log", "while down\n");
  folder.write("b.log", "new while down\n");
  start("start_at: end\n");
  ASSERT_TRUE(got(2));
  EXPECT_THAT(pipeline.got, UnorderedElementsAre("while down", "new while down"));
}

TEST_F(FilelogStorageTest, WhatCameBetweenTwoRunsIsReadWholeEvenIfTheFirstSawNothing) {
  start("start_at: end\n");
  stop();
  folder.write("a.log", "one\n");
  start("start_at: end\n");
  ASSERT_TRUE(got(1));
  EXPECT_EQ(log.count("Resuming from"), 0);
}

TEST_F(FilelogStorageTest, RotatedWhileDown) {
  folder.write("a.log", "one\n");
  folder.write("b.log", "eins\n");
  start();
  ASSERT_TRUE(got(2));
  stop();
  folder.append("a.log", "two\n");
  folder.rename("a.log", "a.log.1");
  folder.write("a.log", "three\n");
  folder.append("b.log", "zwei\n");
  folder.copy("b.log", "b.log.1");
  folder.truncate("b.log");
  folder.append("b.log", "drei\n");
  start();
  ASSERT_TRUE(got(4));
  stop();
  EXPECT_THAT(pipeline.got, UnorderedElementsAre("two", "three", "zwei", "drei"));
}

TEST_F(FilelogStorageTest, WhatWasOnItsWayFromATruncatedFileComesFromItsCopy) {
  pipeline.keeping = true;
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  folder.append("a.log", "two\n");
  ASSERT_TRUE(got(2));
  pipeline.kept[0].settle(Outcome::delivered);
  pipeline.kept.erase(pipeline.kept.begin());
  folder.copy("a.log", "a.log.1");
  folder.truncate("a.log");
  folder.append("a.log", "a line after the copy was made\n");
  ASSERT_TRUE(got(3));
  pipeline.kept.back().settle(Outcome::delivered);
  pipeline.kept.pop_back();
  turn();
  kill();
  pipeline.keeping = false;
  folder.append("a.log", "last\n");
  start();
  ASSERT_TRUE(got(2));
  stop();
  EXPECT_THAT(pipeline.got, UnorderedElementsAre("two", "last"));
}

TEST_F(FilelogStorageTest, WhatWasOnItsWayIsRememberedThroughAllItsNames) {
  pipeline.keeping = true;
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  // Twice copied and truncated; each copy is recognised while the first record is still on its way.
  for (const char* copy : {"a.log.1", "a.log.2"}) {
    const std::string from = copy == std::string("a.log.1") ? "a.log" : "a.log.1";
    folder.copy(from, copy);
    folder.truncate(from);
    folder.append("marker.log", std::string(copy) + "\n");
    const std::size_t before = pipeline.got.size();
    ASSERT_TRUE(got(before + 1));
  }
  ASSERT_EQ(pipeline.got.size(), 3u);
  turn();
  kill();
  pipeline.keeping = false;
  start();
  ASSERT_TRUE(got(3));
  stop();
  EXPECT_THAT(pipeline.got, UnorderedElementsAre("one", "a.log.1", "a.log.2"));
}

TEST_F(FilelogStorageTest, ARecordThatIsCutOffStaysSo) {
  constexpr const char* kCut = "start_at: beginning\nmax_log_size: 4\nmax_log_size_behavior: truncate\n";
  folder.write("a.log", "a long record");
  start(kCut);
  ASSERT_TRUE(got(1));
  stop();
  folder.append("a.log", " that goes on\nnext\n");
  start(kCut);
  ASSERT_TRUE(got(1));
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("next"));
}

TEST_F(FilelogStorageTest, RecordNumbersGoOn) {
  constexpr const char* kNumbers =
      "start_at: beginning\ninclude_file_record_number: true\nattributes: {}\noperators: "
      "[{type: move, from: 'attributes[\"log.file.record_number\"]', to: body}]\n";
  folder.write("a.log", "a\n\nb\nc\n");
  pipeline.keeping = true;
  start(kNumbers);
  ASSERT_TRUE(got(3));
  EXPECT_THAT(pipeline.got, ElementsAre("1", "3", "4"));
  pipeline.settle(Outcome::delivered);
  folder.append("a.log", "d\n");
  ASSERT_TRUE(got(4));
  stop(Outcome::dropped);
  pipeline.keeping = false;
  start(kNumbers);
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("5"));
}

TEST_F(FilelogStorageTest, IdleFilesAreNotWrittenAgain) {
  for (int i = 0; i < 20; ++i) folder.write(std::to_string(i) + ".log", std::to_string(i) + "\n");
  start();
  ASSERT_TRUE(got(20));
  stop();
  start();
  const std::size_t before = kept();
  folder.append("0.log", "x\n");
  ASSERT_TRUE(got(1));
  ASSERT_TRUE(kept_more(before));
  stop();
  EXPECT_LT(kept() - before, 1000u);
}

TEST_F(FilelogStorageTest, ForgetsWhatWasDeleted) {
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got(1));
  folder.remove("a.log");
  ASSERT_TRUE(until([&] { return metrics.sum("fileconsumer_open_files") == 0; }));
  stop();
  storage::Store store({.path = "/s", .patience = Duration{0}}, loop, log::Logger(log), metrics, disk);
  ASSERT_TRUE(loop.run_until_done(store.open()));
  std::size_t keys = 0;
  store.each([&](std::string_view, std::string_view) { ++keys; });
  EXPECT_EQ(keys, 1u);  // "run"
  loop.run_until_done(store.close());
}

TEST_F(FilelogStorageTest, AnArchiveRecognisesWhatWasDeletedLongBefore) {
  struct Row {
    const char* polls;
    bool read_again;
  };
  for (const Row& row : {Row{"0", true}, Row{"100000", false}}) {
    SCOPED_TRACE(row.polls);
    const std::string yaml = std::string("start_at: beginning\npolls_to_archive: ") + row.polls + "\n";
    folder.write("a.log", "one\ntwo\n");
    start(yaml);
    ASSERT_TRUE(got(2));
    folder.remove("a.log");
    ASSERT_TRUE(until([&] { return metrics.sum("fileconsumer_open_files") == 0; }));
    stop();
    start(yaml);  // a run that does not see it
    stop();
    folder.write("back.log", "one\ntwo\nthree\n");
    start(yaml);
    ASSERT_TRUE(until([&] { return !pipeline.got.empty() && pipeline.got.back() == "three"; }));
    EXPECT_EQ(pipeline.got.size(), row.read_again ? 3u : 1u);
    stop();
    folder.remove("back.log");
    disk.names.clear();
  }
}

TEST_F(FilelogStorageTest, ReadsOnWhileTheDiskIsFull) {
  start();
  folder.write("a.log", "one\n");
  ASSERT_TRUE(got(1));
  disk.refuses = ENOSPC;
  for (int i = 0; i < 10; ++i) {
    folder.append("a.log", std::to_string(i) + "\n");
    ASSERT_TRUE(got(2 + i));
  }
  EXPECT_EQ(log.count("State cannot be written"), 1);
  EXPECT_GE(metrics.sum("file_storage_failed_writes"), 1);
  disk.refuses = 0;
  stop();
  folder.append("a.log", "last\n");
  start();
  ASSERT_TRUE(got(1));
  EXPECT_THAT(pipeline.got, ElementsAre("last"));
}

TEST_F(FilelogStorageTest, TakesOverTheOffsetsOfTheReference) {
  // As the files were when the database was recorded.
  for (int i = 0; i < 12; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    std::string text;
    for (int j = 0; j < 40; ++j)
      text += "file " + std::to_string(i) + " line " + std::to_string(j) +
              " \xc3\xa4 \"quoted\" and some words to fill it\n";
    folder.write(number + ".log", text + "unfinished");
  }
  const std::string there = GLEANER_TEST_DATA "/storage/knownfiles_proto.db";
  const auto before = std::filesystem::last_write_time(there);
  storage.reference = there;
  start();
  EXPECT_EQ(log.count("Took over the offsets of the OpenTelemetry Collector"), 1);
  folder.append("03.log", "\nnew 3\n");
  ASSERT_TRUE(got(1));
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("new 3"));
  EXPECT_EQ(std::filesystem::last_write_time(there), before);
  // From now on the own ones count.
  start();
  folder.append("04.log", "\nnew 4\n");
  ASSERT_TRUE(got(1));
  stop();
  EXPECT_THAT(pipeline.got, ElementsAre("new 4"));
  EXPECT_EQ(log.count("Took over"), 1);
}

TEST_F(FilelogStorageTest, SaysWhyOffsetsCannotBeTakenOver) {
  folder.write("database", std::string(8192, 'x'));
  folder.write("a.log", "one\n");
  storage.reference = folder.path("database");
  start();
  ASSERT_TRUE(got(1));
  EXPECT_EQ(log.count("cannot be taken over"), 1);
  EXPECT_EQ(log.count("not a sound bbolt database"), 1);
}

TEST_F(FilelogStorageTest, DoesNotStartBesideAnother) {
  start();
  auto first = std::exchange(receiver, nullptr);
  const auto second = begin("");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr("another process has it"));
  EXPECT_TRUE(loop.run_until_done(receiver->stop()));
  receiver = std::move(first);
}

TEST_F(FilelogStorageTest, NeedsAStorageExtension) {
  for (const auto& [id, words] : {std::pair{"missing", "storage extension 'missing' not found"},
                                  std::pair{"other", "non-storage extension 'other' found"}}) {
    config::Problems problems;
    Config config;
    config.include = {"/a"};
    config.storage = id;
    const auto made = make(config, context, Consumers{.logs = &pipeline});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().what, words);
  }
}

}  // namespace
}  // namespace gleaner::receivers::filelog
