#include "storage/queue_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/memory_disk.h"

namespace gleaner::storage {
namespace {
using testing::HasSubstr;
using testing_support::MemoryDisk;

class Lines : public log::Sink {
 public:
  std::string all;
  void put(std::string_view line) override { all += line; }
};

/// A queue on a disk in memory.
struct Rig {
  MemoryDisk& disk;
  Lines lines = {};
  Loop loop = Loop();
  QueueLog log;
  Result<> opened = {};

  static QueueOptions options(MemoryDisk& disk) {
    QueueOptions out;
    out.disk = &disk;
    out.folder = "/q";
    out.patience = Duration{0};
    out.segment_size = 200;
    return out;
  }
  explicit Rig(MemoryDisk& d) : Rig(d, options(d)) {}
  Rig(MemoryDisk& d, const QueueOptions& options) : disk(d), log(options, loop, log::Logger(lines)) {
    opened = loop.run_until_done(log.open());
  }
  ~Rig() { loop.run_until_done(log.close()); }

  Result<QueueLog::Place> put(const std::string& body) {
    const Chain chain(Bytes::copy(body));
    return loop.run_until_done(log.append(chain, 3));
  }
  std::vector<QueueLog::Got> read_all() {
    std::vector<QueueLog::Got> out;
    while (log.unread()) {
      auto got = loop.run_until_done(log.read(1));
      for (auto& one : *got) out.push_back(std::move(one));
    }
    return out;
  }
  std::vector<std::string> bodies() {
    std::vector<std::string> out;
    for (const auto& one : read_all()) out.emplace_back(one.body.view());
    return out;
  }
};
using Bodies = std::vector<std::string>;

std::string segment_name(int number) { return segment_path("/q", static_cast<std::uint64_t>(number)); }

TEST(QueueLog, GivesSpaceBackAtOnce) {
  MemoryDisk disk;
  Rig rig(disk);
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(rig.put(std::string(50, 'a')));
  EXPECT_EQ(disk.names.size(), 7u);  // two records in each, and the lock
  const auto got = rig.read_all();
  ASSERT_EQ(got.size(), 12u);
  rig.log.done(got[3].place);
  rig.log.done(got[2].place);
  rig.loop.run_until_done(rig.loop.blocking(std::function<int()>([] { return 0; }), Helper::storage));
  EXPECT_EQ(disk.names.size(), 6u);
  EXPECT_FALSE(disk.names.contains(segment_name(2)));
  for (int i = 0; i < 12; ++i)
    if (i != 2 && i != 3) rig.log.done(got[static_cast<std::size_t>(i)].place);
  EXPECT_EQ(rig.log.size(), 0u);
}

TEST(QueueLog, ManyShareAWriteAndASync) {
  MemoryDisk disk;
  auto options = Rig::options(disk);
  options.fsync = true;
  options.segment_size = 1 << 20;
  Rig rig(disk, options);
  std::size_t syncs = 0;
  disk.traced = [&](const std::string& what) { syncs += what == "sync"; };
  const Chain body(Bytes::copy("x"));
  Gate gate;
  struct Put {
    static Task<> one(QueueLog& log, const Chain& chain) { EXPECT_TRUE(co_await log.append(chain, 1)); }
  };
  for (int i = 0; i < 100; ++i) gate.spawn(Put::one(rig.log, body));
  rig.loop.run_until_done([](Gate& all) -> Task<> { co_await all.join(); }(gate));
  EXPECT_EQ(syncs, 1u);
  EXPECT_EQ(rig.log.work().groups, 1u);
  EXPECT_EQ(rig.log.work().records, 100u);
}

TEST(QueueLog, ADamagedMiddleCostsWhatIsInItAndIsNamed) {
  MemoryDisk disk;
  {
    Rig rig(disk);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(rig.put(std::to_string(i) + std::string(60, '-')));
  }
  auto& middle = disk.names.at(segment_name(2))->now;
  middle.replace(kSegmentHead, 30, 30, 'x');  // the head of its first record
  Rig rig(disk);
  EXPECT_EQ(rig.log.lost().records, 1u);
  EXPECT_EQ(rig.log.lost().items, 3u);
  EXPECT_THAT(rig.lines.all, HasSubstr("damaged and lost"));
  EXPECT_THAT(rig.lines.all, HasSubstr(segment_name(2)));
  const auto got = rig.bodies();
  ASSERT_EQ(got.size(), 5u);
  EXPECT_EQ(got[2][0], '3');
}

TEST(QueueLog, ADamagedBodyIsFoundWhenItIsRead) {
  MemoryDisk disk;
  {
    Rig rig(disk);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(rig.put(std::to_string(i) + std::string(60, '-')));
  }
  auto& first = disk.names.at(segment_name(1))->now;
  first[kSegmentHead + kRecordHead + 5] = 'x';
  Rig rig(disk);
  EXPECT_EQ(rig.log.lost().records, 0u);
  EXPECT_EQ(rig.log.held().records, 6u);
  EXPECT_EQ(rig.bodies().size(), 5u);
  EXPECT_EQ(rig.log.lost().records, 1u);
  EXPECT_EQ(rig.log.lost().items, 3u);
  EXPECT_EQ(rig.log.held().records, 5u);
}

TEST(QueueLog, ALostFirstPageDoesNotCostTheRest) {
  MemoryDisk disk;
  {
    Rig rig(disk);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(rig.put(std::to_string(i) + std::string(60, '-')));
  }
  auto& middle = disk.names.at(segment_name(2))->now;
  middle.replace(0, 60, 60, '\0');
  Rig rig(disk);
  EXPECT_EQ(rig.log.lost().records, 1u);
  EXPECT_EQ(rig.bodies().size(), 5u);
}

TEST(QueueLog, FilesOfOthersAndOfLaterVersionsArePutAside) {
  MemoryDisk disk;
  {
    Rig rig(disk);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(rig.put(std::to_string(i) + std::string(60, '-')));
  }
  disk.names.at(segment_name(1))->now[6] = 9;
  Rig rig(disk);
  EXPECT_THAT(rig.lines.all, HasSubstr("later version"));
  EXPECT_TRUE(disk.names.contains(segment_name(1) + ".damaged"));
  EXPECT_EQ(rig.bodies().size(), 2u);
}

TEST(QueueLog, AFullDiskRefusesAndGoesOn) {
  MemoryDisk disk;
  Rig rig(disk);
  EXPECT_TRUE(rig.put("a"));
  disk.refuses = ENOSPC;
  for (int i = 0; i < 3; ++i) {
    const auto refused = rig.put("b");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::retryable);
  }
  disk.refuses = 0;
  EXPECT_TRUE(rig.put("c"));
  EXPECT_THAT(rig.lines.all, HasSubstr("is written again"));
  EXPECT_EQ(rig.bodies(), (Bodies{"a", "c"}));
}

TEST(QueueLog, AFolderThatCannotBeMadeYet) {
  MemoryDisk disk;
  disk.refuses = EROFS;
  Rig rig(disk);
  ASSERT_TRUE(rig.opened);
  EXPECT_FALSE(rig.put("a"));
  disk.refuses = 0;
  EXPECT_TRUE(rig.put("b"));
  EXPECT_EQ(rig.bodies(), (Bodies{"b"}));
}

TEST(QueueLog, StaysBelowItsCap) {
  MemoryDisk disk;
  auto options = Rig::options(disk);
  options.max_size = 1000;
  Rig rig(disk, options);
  int taken = 0;
  while (taken < 100 && rig.put(std::string(50, 'x'))) ++taken;
  EXPECT_GT(taken, 5);
  EXPECT_LT(taken, 12);
  EXPECT_LE(rig.log.size(), 1000u);
  for (const auto& one : rig.read_all()) rig.log.done(one.place);
  EXPECT_TRUE(rig.put("again"));
}

TEST(QueueLog, OneFolderOneUser) {
  MemoryDisk disk;
  Rig first(disk);
  EXPECT_TRUE(first.opened);
  Rig second(disk);
  ASSERT_FALSE(second.opened);
  EXPECT_THAT(second.opened.error().what, HasSubstr("another process has it"));
}

TEST(QueueLog, WhatIsAppendedCanBeHandedOutAtOnce) {
  MemoryDisk disk;
  Rig rig(disk);
  const auto a = rig.put("a"), b = rig.put("b");
  EXPECT_FALSE(rig.log.take(*b)) << "a comes first";
  EXPECT_TRUE(rig.log.take(*a));
  EXPECT_FALSE(rig.log.take(*a));
  EXPECT_EQ(rig.bodies(), (Bodies{"b"}));
  EXPECT_FALSE(rig.log.unread());
}

}  // namespace
}  // namespace gleaner::storage
