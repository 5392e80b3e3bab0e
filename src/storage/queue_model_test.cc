// The queue against a list: random operations, a disk that is full at times, and a crash after every change
// that reaches the disk.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "storage/memory_disk.h"
#include "storage/queue_log.h"

namespace gleaner::storage {
namespace {
using testing_support::MemoryDisk;

class Silent : public log::Sink {
  void put(std::string_view) override {}
};

constexpr int kOperations = 120;
constexpr std::uint64_t kSegment = 300;  // bytes: a few records

/// What a run left behind. Records are numbers, in the order in which they were appended.
struct Ran {
  std::set<int> tried, kept, done;
  std::set<int> finished;  ///< done with, whether the disk took it or not
  bool orderly = true;     ///< what was read came in order and was nothing else
};

std::string body_of(int number, std::mt19937& random) {
  return std::to_string(number) + ' ' + std::string(random() % 60, static_cast<char>('A' + number % 26));
}

QueueOptions options(MemoryDisk& disk, bool fsync) {
  QueueOptions out;
  out.disk = &disk;
  out.folder = "/q";
  out.fsync = fsync;
  out.segment_size = kSegment;
  out.patience = Duration{0};
  return out;
}

/// The life of one process.
struct Life {
  MemoryDisk& disk;
  Silent sink = {};
  Loop loop = Loop();
  QueueLog log;
  std::map<int, QueueLog::Place> out = {};  ///< handed out
  std::deque<int> expected = {};            ///< to be handed out, in order
  Ran& ran;
  int& next;

  Life(MemoryDisk& d, bool fsync, Ran& r, int& n)
      : disk(d), log(options(d, fsync), loop, log::Logger(sink)), ran(r), next(n) {}

  void handed(int number, const QueueLog::Place& place) {
    if (expected.empty() || expected.front() != number)
      ran.orderly = false;
    else
      expected.pop_front();
    out[number] = place;
  }
  Task<> append(int number, std::string body, bool try_take) {
    const Chain chain(Bytes::copy(body));
    ran.tried.insert(number);
    auto place = co_await log.append(chain, static_cast<std::uint32_t>(number % 5));
    if (!place) co_return;
    ran.kept.insert(number);
    expected.push_back(number);
    if (try_take && log.take(*place)) handed(number, *place);
  }
  Task<> burst(std::mt19937& random) {
    Gate gate;
    const auto count = random() % 4 + 1;
    for (unsigned i = 0; i < count; ++i, ++next)
      gate.spawn(append(next, body_of(next, random), random() % 2 == 0));
    co_await gate.join();
  }
  Task<std::size_t> read(std::size_t bytes) {
    auto got = co_await log.read(bytes);
    if (!got) co_return 0;
    for (const auto& one : *got) handed(std::stoi(std::string(one.body.view())), one.place);
    co_return got->size();
  }
  void finish(std::mt19937& random) {
    if (out.empty()) return;
    auto one = out.begin();
    std::advance(one, random() % out.size());
    log.done(one->second);
    ran.finished.insert(one->first);
    if (!disk.dead && disk.refuses == 0) ran.done.insert(one->first);
    out.erase(one);
  }
};

Ran run(MemoryDisk& disk, unsigned seed, bool fsync) {
  Ran ran;
  std::mt19937 random(seed);
  int next = 0;
  Life life(disk, fsync, ran, next);
  if (!life.loop.run_until_done(life.log.open())) return ran;
  for (int i = 0; i < kOperations && !disk.dead; ++i) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        life.loop.run_until_done(life.burst(random));
        break;
      case 3:
      case 4:
        if (life.log.unread()) (void)life.loop.run_until_done(life.read(random() % 200));
        break;
      case 5:
        disk.refuses = random() % 3 == 0 ? ENOSPC : 0;
        break;
      default:
        life.finish(random);
    }
  }
  life.loop.run_until_done(life.log.close());
  return ran;
}

struct After {
  std::vector<int> numbers;
  Loss lost;
};
After reopened(MemoryDisk& disk, bool fsync, bool finish) {
  Ran ran;
  int next = 0;
  disk.refuses = 0;
  Life life(disk, fsync, ran, next);
  EXPECT_TRUE(life.loop.run_until_done(life.log.open()));
  const Amount held = life.log.held();
  while (life.log.unread()) (void)life.loop.run_until_done(life.read(100));
  EXPECT_EQ(held.records, life.out.size());
  std::vector<int> numbers;
  for (const auto& [number, place] : life.out) {
    numbers.push_back(number);
    if (finish) life.log.done(place);
  }
  if (finish) {
    EXPECT_EQ(life.log.held().records + life.log.held().items + life.log.held().bytes, 0u);
    EXPECT_EQ(life.log.size(), 0u);
  }
  const Loss lost = life.log.lost();
  life.loop.run_until_done(life.log.close());
  return {numbers, lost};
}

/// Everything that was promised and not finished is there, and nothing that nobody put.
void check(const After& after, const Ran& ran, bool marks_count, std::size_t lives) {
  const std::set<int> there(after.numbers.begin(), after.numbers.end());
  EXPECT_TRUE(ran.orderly) << "after " << lives << " changes";
  EXPECT_EQ(after.lost.records, 0u) << "after " << lives << " changes";
  for (const int number : ran.kept)
    if (!ran.finished.contains(number)) {
      EXPECT_TRUE(there.contains(number)) << number << " is missing after " << lives << " changes";
    }
  for (const int number : there) {
    EXPECT_TRUE(ran.tried.contains(number)) << number;
    if (marks_count) {
      EXPECT_FALSE(ran.done.contains(number)) << number << " is there again after " << lives;
    }
  }
}

class QueueModel : public testing::TestWithParam<unsigned> {};

TEST_P(QueueModel, SurvivesTheProcessAtEveryWrite) {
  MemoryDisk whole;
  run(whole, GetParam(), false);
  ASSERT_GT(whole.changes, 20u);
  for (std::size_t lives = 0; lives <= whole.changes && !HasFailure(); ++lives) {
    MemoryDisk disk;
    disk.lives = static_cast<int>(lives);
    disk.torn = lives * 7 % 90;
    const Ran ran = run(disk, GetParam(), false);
    disk.process_died();
    check(reopened(disk, false, false), ran, true, lives);
    check(reopened(disk, false, true), ran, true, lives);  // coming back costs nothing
    EXPECT_TRUE(reopened(disk, false, true).numbers.empty());
    EXPECT_LE(disk.names.size(), 2u) << "files are left";  // the lock
  }
}

TEST_P(QueueModel, SurvivesTheMachineAtEveryWrite) {
  MemoryDisk whole;
  run(whole, GetParam(), true);
  std::mt19937 random(GetParam());
  for (std::size_t lives = 0; lives <= whole.changes && !HasFailure(); ++lives) {
    MemoryDisk disk;
    disk.lives = static_cast<int>(lives);
    disk.torn = lives * 7 % 90;
    const Ran ran = run(disk, GetParam(), true);
    disk.power_lost(random);
    check(reopened(disk, true, false), ran, false, lives);
    check(reopened(disk, true, true), ran, false, lives);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, QueueModel, testing::Range(1u, 17u));

}  // namespace
}  // namespace gleaner::storage
