#include "storage/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/frame.h"
#include "storage/memory_disk.h"

namespace gleaner::storage {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;
using testing_support::MemoryDisk;
using State = std::map<std::string, std::string>;

class LineSink : public log::Sink {
 public:
  std::vector<std::string> lines;
  int count(std::string_view part) const {
    int found = 0;
    for (const auto& line : lines) found += line.find(part) != std::string::npos;
    return found;
  }

 protected:
  void put(std::string_view line) override { lines.emplace_back(line); }
};

class StoreTest : public testing::Test {
 protected:
  MemoryDisk disk;
  Loop loop{Loop::Clock::manual};
  LineSink log;
  metrics::Registry metrics;
  StoreOptions options{.path = "/s/a", .patience = Duration{0}};
  std::unique_ptr<Store> store;

  ~StoreTest() override { close(); }
  Result<> open(Disk* other = nullptr) {
    store = std::make_unique<Store>(options, loop, log::Logger(log), metrics, other ? *other : disk);
    auto ok = loop.run_until_done(store->open());
    if (ok) settle();
    return ok;
  }
  void close() {
    if (store) loop.run_until_done(store->close());
    store.reset();
  }
  /// Waits until the helper has done what it was asked to.
  void settle() { loop.run_until_done(wait()); }
  Task<> wait() {
    std::function<int()> nothing = [] { return 0; };
    for (int i = 0; i < 4; ++i) (void)co_await loop.blocking(nothing, Helper::storage);
  }
  /// Lets what failed be tried again.
  void later() {
    loop.advance(30s);
    settle();
  }
  State state() const {
    State out;
    store->each([&](std::string_view key, std::string_view value) { out.emplace(key, value); });
    return out;
  }
  std::string& bytes() { return disk.names.at("/s/a")->now; }
  double failed() const { return metrics.sum("file_storage_failed_writes"); }
};

TEST_F(StoreTest, KeepsWhatWasFlushed) {
  ASSERT_TRUE(open());
  EXPECT_TRUE(store->fresh());
  store->put("a", "1");
  store->put("b", "2");
  store->flush();
  store->put("a", "3");
  store->erase("b");
  EXPECT_EQ(store->get("a"), "3");
  EXPECT_EQ(store->get("b"), std::nullopt);
  store->flush();
  close();
  ASSERT_TRUE(open());
  EXPECT_FALSE(store->fresh());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "3")));
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(StoreTest, NeedsNoCloseToKeepIt) {
  ASSERT_TRUE(open());
  store->put("a", "1");
  store->flush();
  const std::string there = bytes();
  store->put("a", "not flushed");
  disk.process_died();
  MemoryDisk after;
  after.names["/s/a"] = std::make_shared<MemoryDisk::Inode>();
  after.names["/s/a"]->now = there;
  close();
  ASSERT_TRUE(open(&after));
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1")));
  close();
}

TEST_F(StoreTest, LeavesOutAnUnfinishedWriteAndSaysSo) {
  ASSERT_TRUE(open());
  store->put("a", "1");
  store->flush();
  close();
  bytes() += "half of something";
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(log.count("was not finished"), 1);
  store->put("b", "2");
  store->flush();
  close();
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_EQ(log.lines.size(), 1u);
}

TEST_F(StoreTest, PutsADamagedFileAsideAndKeepsWhatIsWhole) {
  ASSERT_TRUE(open());
  store->put("a", "1");
  store->flush();
  const std::size_t middle = bytes().size() + 4;
  store->put("b", "lost");
  store->flush();
  store->put("c", "3");
  store->flush();
  close();
  const std::string before = bytes();
  bytes()[middle] ^= 1;
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1"), Pair("c", "3")));
  EXPECT_EQ(log.count("is damaged; it is put aside"), 1);
  EXPECT_EQ(disk.names.size(), 2u);  // the new one and the damaged one
  close();
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1"), Pair("c", "3")));
  EXPECT_EQ(log.lines.size(), 1u);
}

struct Foreign {
  const char* name;
  std::string content;
  const char* words;
};
class ForeignFile : public StoreTest, public testing::WithParamInterface<Foreign> {};
TEST_P(ForeignFile, IsPutAside) {
  disk.names["/s/a"] = std::make_shared<MemoryDisk::Inode>();
  bytes() = GetParam().content;
  ASSERT_TRUE(open());
  EXPECT_TRUE(state().empty());
  EXPECT_EQ(log.count(GetParam().words), 1);
  store->put("a", "1");
  store->flush();
  close();
  bool kept = false;
  for (const auto& [name, inode] : disk.names) kept |= name != "/s/a" && inode->now == GetParam().content;
  EXPECT_TRUE(kept);
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1")));
}
INSTANTIATE_TEST_SUITE_P(Store, ForeignFile,
                         testing::Values(Foreign{"text", std::string(100, 'x'),
                                                 "is damaged; it is put aside"},
                                         Foreign{"later", std::string("glnrkv\x02\n01234567 and more"),
                                                 "of a later version; it is put aside"}),
                         [](const auto& info) { return info.param.name; });

TEST_F(StoreTest, IsMadeSmallerWhenMostIsStale) {
  ASSERT_TRUE(open());
  const std::string large(100'000, 'x');
  for (int i = 0; i < 300; ++i) {
    store->put(std::to_string(i % 3), large + std::to_string(i));
    store->flush();
    settle();
    ASSERT_LT(store->size(), 6u << 20);
  }
  EXPECT_EQ(store->get("2"), large + "299");
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(state().size(), 3u);
  EXPECT_EQ(store->get("0"), large + "297");
}

TEST_F(StoreTest, AFullDiskIsSaidOnceAndTriedAgain) {
  ASSERT_TRUE(open());
  store->put("a", "1");
  store->flush();
  disk.refuses = ENOSPC;
  for (int i = 0; i < 10; ++i) {
    store->put("b", std::to_string(i));
    store->flush();
  }
  EXPECT_EQ(log.count("kept in memory and tried again"), 1);
  EXPECT_EQ(failed(), 1);
  EXPECT_EQ(store->get("b"), "9");
  disk.refuses = 0;
  later();
  EXPECT_EQ(log.count("written to its file again"), 1);
  close();
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1"), Pair("b", "9")));
}

TEST_F(StoreTest, StartsWhereNothingCanBeMade) {
  disk.refuses = EROFS;
  ASSERT_TRUE(open());
  EXPECT_TRUE(store->fresh());
  store->put("a", "1");
  store->flush();
  EXPECT_EQ(log.count("kept in memory and tried again"), 1);
  disk.refuses = 0;
  later();
  close();
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1")));
}

TEST_F(StoreTest, SaysAtTheEndWhatCouldNotBeWritten) {
  ASSERT_TRUE(open());
  disk.refuses = ENOSPC;
  store->put("a", "1");
  store->flush();
  close();
  EXPECT_EQ(log.count("The last state could not be written"), 1);
}

TEST_F(StoreTest, RefusesAFileThatAnotherProcessHas) {
  ASSERT_TRUE(open());
  Store second(options, loop, log::Logger(log), metrics, disk);
  const auto refused = loop.run_until_done(second.open());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("timeout: another process has it"), std::string::npos);
}

TEST_F(StoreTest, RefusesWhatIsTooLarge) {
  ASSERT_TRUE(open());
  store->put("a", std::string(kMostValue + 1, 'x'));
  store->put(std::string(kMostKey + 1, 'k'), "1");
  store->flush();
  EXPECT_TRUE(state().empty());
  EXPECT_EQ(failed(), 2);
}

TEST_F(StoreTest, StaysBelowItsLargestSize) {
  options.max_size = 10'000;
  ASSERT_TRUE(open());
  for (int i = 0; i < 100; ++i) {
    store->put("a", std::string(1000, static_cast<char>('a' + i % 26)));
    store->flush();
    if (store->failing()) later();  // made smaller, then written
    ASSERT_LE(store->size(), 10'000u);
    if (i == 12) break;
  }
  EXPECT_EQ(store->get("a"), std::string(1000, 'm'));
}

TEST_F(StoreTest, ComesBackWhenItsFileWasDeleted) {
  ASSERT_TRUE(open());
  store->put("a", "1");
  store->flush();
  disk.names.clear();
  later();  // it does not look at every write
  store->put("b", "2");
  store->flush();
  settle();
  close();
  ASSERT_TRUE(open());
  EXPECT_THAT(state(), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST_F(StoreTest, WorksOnARealDisk) {
  std::string folder = std::filesystem::temp_directory_path() / "store-XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder.data()));
  options.path = folder + "/a";
  options.fsync = true;
  for (int run = 0; run < 3; ++run) {
    ASSERT_TRUE(open(&real_disk()));
    EXPECT_EQ(state().size(), static_cast<std::size_t>(run));
    store->put(std::to_string(run), "x");
    store->flush();
    Store second(options, loop, log::Logger(log), metrics, real_disk());
    EXPECT_FALSE(loop.run_until_done(second.open()));
    close();
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gleaner::storage
