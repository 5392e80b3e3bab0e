// The store against a map: random operations, and a crash after every change that reaches the disk.
#include <gtest/gtest.h>

#include <map>

#include "storage/memory_disk.h"
#include "storage/store.h"

namespace gleaner::storage {
namespace {
using testing_support::MemoryDisk;
using State = std::map<std::string, std::string>;

class Silent : public log::Sink {
  void put(std::string_view) override {}
};

State state_of(const Store& store) {
  State out;
  store.each([&](std::string_view key, std::string_view value) { out.emplace(key, value); });
  return out;
}

Task<> settled(Loop& loop) {
  std::function<int()> nothing = [] { return 0; };
  for (int i = 0; i < 4; ++i) (void)co_await loop.blocking(nothing, Helper::storage);
}

/// What a run left behind: every state a flush asked for, and the last one that was promised.
struct Ran {
  std::vector<State> states{{}};
  std::size_t kept_by_process = 0;  ///< survives the death of the process
  std::size_t kept_by_disk = 0;     ///< survives the loss of power
};

constexpr int kOperations = 200;
constexpr std::uint64_t kSpare = 500;  // bytes: the file is rewritten often

/// Runs the operations of `seed` on `disk` until they are over or the disk is dead.
Ran run(MemoryDisk& disk, unsigned seed, bool fsync) {
  Silent sink;
  Loop loop;
  metrics::Registry metrics;
  std::mt19937 random(seed);
  Ran out;
  Store store({.path = "/s/a", .fsync = fsync, .spare = kSpare}, loop, log::Logger(sink), metrics, disk);
  if (!loop.run_until_done(store.open())) return out;
  State now;
  for (int i = 0; i < kOperations && !disk.dead; ++i) {
    const std::string key(1, static_cast<char>('a' + random() % 6));
    switch (random() % 8) {
      case 0:
        store.erase(key);
        now.erase(key);
        break;
      case 1:
      case 2: {
        out.states.push_back(now);
        store.flush();
        // Nothing is promised while the helper is at work.
        if (random() % 2) loop.run_until_done(settled(loop));
        if (disk.dead || store.failing() || store.waiting()) break;
        out.kept_by_process = out.states.size() - 1;
        if (fsync && !store.unsynced()) out.kept_by_disk = out.states.size() - 1;
        break;
      }
      default: {
        const std::size_t size = random() % 40;
        std::string value(size, static_cast<char>('A' + random() % 26));
        store.put(key, value);
        now[key] = std::move(value);
      }
    }
  }
  out.states.push_back(now);  // closing flushes
  loop.run_until_done(store.close());
  if (!disk.dead) out.kept_by_process = out.states.size() - 1;
  if (!disk.dead && fsync) out.kept_by_disk = out.states.size() - 1;
  return out;
}

State reopened(MemoryDisk& disk) {
  Silent sink;
  Loop loop;
  metrics::Registry metrics;
  Store store({.path = "/s/a", .spare = kSpare}, loop, log::Logger(sink), metrics, disk);
  EXPECT_TRUE(loop.run_until_done(store.open()));
  State state = state_of(store);
  loop.run_until_done(store.close());
  return state;
}

/// Whether `state` is one that was flushed, `kept` or a later one.
bool is_one_of(const State& state, const Ran& ran, std::size_t kept) {
  for (std::size_t i = kept; i < ran.states.size(); ++i)
    if (ran.states[i] == state) return true;
  return false;
}

class StoreModel : public testing::TestWithParam<unsigned> {};

TEST_P(StoreModel, SurvivesTheProcessAtEveryWrite) {
  MemoryDisk whole;
  run(whole, GetParam(), false);
  ASSERT_GT(whole.changes, 40u);
  for (std::size_t lives = 0; lives <= whole.changes; ++lives) {
    MemoryDisk disk;
    disk.lives = static_cast<int>(lives);
    disk.torn = lives * 7 % 50;
    const Ran ran = run(disk, GetParam(), false);
    disk.process_died();
    ASSERT_TRUE(is_one_of(reopened(disk), ran, ran.kept_by_process)) << "after " << lives << " changes";
    // And once more: coming back may not cost anything.
    ASSERT_TRUE(is_one_of(reopened(disk), ran, ran.kept_by_process)) << "after " << lives << " changes";
  }
}

TEST_P(StoreModel, SurvivesTheMachineAtEveryWrite) {
  MemoryDisk whole;
  run(whole, GetParam(), true);
  std::mt19937 random(GetParam());
  for (std::size_t lives = 0; lives <= whole.changes; ++lives) {
    MemoryDisk disk;
    disk.lives = static_cast<int>(lives);
    disk.torn = lives * 7 % 50;
    const Ran ran = run(disk, GetParam(), true);
    disk.power_lost(random);
    ASSERT_TRUE(is_one_of(reopened(disk), ran, ran.kept_by_disk)) << "after " << lives << " changes";
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, StoreModel, testing::Range(1u, 21u));

}  // namespace
}  // namespace gleaner::storage
