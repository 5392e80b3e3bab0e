#include "capture/segments.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gleaner::capture {
namespace {

namespace fs = std::filesystem;

struct NoWaiting final : Waiter {
  int waits = 0;
  bool wait_for(int, std::int64_t) override { return ++waits, false; }
  bool child_ended() const override { return waits > 3; }
};

struct SegmentsTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("segments." + std::to_string(::getpid()));
  std::string path = dir.string();
  NoWaiting waiter;
  SegmentOptions options;
  std::uint64_t wall = 1'700'000'000'000'000'000;
  std::int64_t steady = 1'000'000'000;

  void SetUp() override {
    fs::remove_all(dir);
    options.dir = path.c_str();
    options.segment = 64 << 10;
    options.files = 4;
    options.total = 4 * (80 << 10) + Segments::kOverhead;
  }
  void TearDown() override { fs::remove_all(dir); }

  /// About 1 KiB a line; `count` of them are a bit more than that many KiB.
  void lines(Segments& to, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      to.tick(wall, steady);
      to.record(Stream::out, std::to_string(i) + std::string(980, 'x'), false);
    }
    to.flush();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(dir))
      if (entry.path().extension() == ".log") found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::string all() const {
    std::string text;
    for (const auto& name : names()) {
      std::ifstream file(dir / name);
      text.append(std::istreambuf_iterator<char>(file), {});
    }
    return text;
  }
  std::uint64_t on_disk() const {
    std::uint64_t bytes = 0;
    for (const auto& name : names()) {
      struct stat about {};
      ::stat((dir / name).c_str(), &about);
      bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
    }
    return bytes;
  }
  void ack(const std::string& who, const std::string& text) { std::ofstream(dir / ".ack" / who) << text; }
  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  }
};

TEST_F(SegmentsTest, AreNumberedAndGoOnAfterARestart) {
  {
    Segments segments(options, waiter);
    ASSERT_EQ(segments.open(), 0);
    EXPECT_TRUE(names().empty());  // nothing is reserved before there is something to store
    lines(segments, 0, 100);
  }
  EXPECT_EQ(names(), (std::vector<std::string>{"00000001.log", "00000002.log"}));
  EXPECT_TRUE(fs::exists(dir / ".gleaner-exec"));
  Segments again(options, waiter);
  ASSERT_EQ(again.open(), 0);
  lines(again, 100, 1);
  again.close();
  EXPECT_EQ(names(), (std::vector<std::string>{"00000001.log", "00000002.log", "00000003.log"}));
  EXPECT_EQ(count(all(), " stdout F "), 101U);
}

TEST_F(SegmentsTest, OneWriterAFolder) {
  Segments one(options, waiter), other(options, waiter);
  ASSERT_EQ(one.open(), 0);
  EXPECT_EQ(other.open(), EWOULDBLOCK);
}

TEST_F(SegmentsTest, StayBelowTheCapAndSayWhatIsMissing) {
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  for (int i = 0; i < 1000; i += 10) {
    lines(segments, i, 10);
    EXPECT_LE(on_disk(), options.total);
    EXPECT_LE(names().size(), options.files);
  }
  segments.close();
  const std::string text = all();
  // Every announcement sits in a segment whose own lines may have been dropped later; their sum and what is
  // there make up all.
  const std::size_t kept = count(text, " stdout F ");
  EXPECT_GT(segments.dropped_lines(), 700U);
  EXPECT_GE(kept + segments.dropped_lines(), 1000U);  // announcements that were dropped count as lines
  EXPECT_NE(text.find(" stderr F gleaner exec: dropped 6"), std::string::npos);
  EXPECT_NE(text.find(" bytes, segments "), std::string::npos);
}

TEST_F(SegmentsTest, WhatWasReadIsDeletedEarlyAndNotCalledDropped) {
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  lines(segments, 0, 130);
  ASSERT_EQ(names().size(), 3U);
  ack("gone", "1 0\n");
  struct timespec old[2] = {{1'700'000'000 - 700, 0}, {1'700'000'000 - 700, 0}};
  struct timespec fresh[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  ::utimensat(AT_FDCWD, (dir / ".ack/gone").c_str(), old, 0);
  ack("slow", "2 70000\n");
  ack("fast", "3 5\n");
  ack("broken", "two\n");
  for (const char* who : {"slow", "fast", "broken"})
    ::utimensat(AT_FDCWD, (dir / ".ack" / who).c_str(), fresh, 0);
  steady += 2'000'000'000;
  lines(segments, 130, 1);
  EXPECT_EQ(names(),
            (std::vector<std::string>{"00000003.log"}));  // all of 2 was read, and the old file is stale
  EXPECT_EQ(segments.dropped_lines(), 0U);
}

TEST_F(SegmentsTest, APartlyReadSegmentIsCountedFromThere) {
  options.files = 2;
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  lines(segments, 0, 64);
  const auto third = fs::file_size(dir / "00000001.log") / 64 * 16;  // some 16 lines
  ack("reader", "1 " + std::to_string(third) + "\n");
  const struct timespec fresh[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  ::utimensat(AT_FDCWD, (dir / ".ack/reader").c_str(), fresh, 0);
  steady += 2'000'000'000;
  lines(segments, 64, 70);
  EXPECT_GE(segments.dropped_lines(), 46U);
  EXPECT_LT(segments.dropped_lines(), 64U);
}

TEST_F(SegmentsTest, NewestGoesWhenAsked) {
  options.at_cap = AtCap::drop_newest;
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  lines(segments, 0, 400);
  const std::size_t kept = count(all(), " stdout F ");
  EXPECT_EQ(kept + segments.dropped_lines(), 400U);
  EXPECT_EQ(names().front(), "00000001.log");
  fs::remove(dir / "00000001.log");
  ack("reader", "3 0\n");
  const struct timespec fresh[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  ::utimensat(AT_FDCWD, (dir / ".ack/reader").c_str(), fresh, 0);
  steady += 2'000'000'000;
  lines(segments, 400, 1);
  EXPECT_NE(all().find("dropped " + std::to_string(400 - kept) + " lines, "), std::string::npos);
  EXPECT_NE(all().find("size cap"), std::string::npos);
}

TEST_F(SegmentsTest, BlockingWaitsUntilTheChildHasEnded) {
  options.at_cap = AtCap::block;
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  lines(segments, 0, 400);
  EXPECT_EQ(waiter.waits, 4);
  EXPECT_GT(segments.dropped_lines(), 0U);
}

TEST_F(SegmentsTest, ADeletedSegmentIsReplacedAtOnce) {
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  lines(segments, 0, 1);
  fs::remove(dir / "00000001.log");
  lines(segments, 1, 1);
  EXPECT_EQ(names(), (std::vector<std::string>{"00000002.log"}));
  EXPECT_NE(all().find(" stdout F 1x"), std::string::npos);
}

TEST_F(SegmentsTest, ReservedSpaceGoesBack) {
  Segments segments(options, waiter);
  ASSERT_EQ(segments.open(), 0);
  lines(segments, 0, 1);
  EXPECT_GE(on_disk(), options.segment);
  segments.close();
  EXPECT_LE(on_disk(), 8192U);
}

TEST_F(SegmentsTest, AFolderThatCannotBeMadeIsTriedAgain) {
  std::ofstream(path) << "in the way";
  Segments segments(options, waiter);
  EXPECT_NE(segments.open(), 0);
  lines(segments, 0, 2);
  EXPECT_FALSE(segments.storing());
  fs::remove(dir);
  lines(segments, 2, 1);  // too early
  EXPECT_FALSE(segments.storing());
  steady += 6'000'000'000;
  lines(segments, 3, 1);
  segments.close();
  EXPECT_NE(all().find("gleaner exec: dropped 3 lines, "), std::string::npos) << all();
  EXPECT_EQ(count(all(), " stdout F "), 1U);
}

TEST(SegmentName, IsTenDigitsAtMost) {
  EXPECT_EQ(segment_name(7).view(), "00000007.log");
  EXPECT_EQ(segment_number("00000007.log"), 7U);
  EXPECT_EQ(segment_number("123456789.log"), 123456789U);
  for (const char* other : {"7.log", "0000000a.log", "00000007.log.1", "99999999999.log", ".log", ""})
    EXPECT_EQ(segment_number(other), 0U) << other;
}

}  // namespace
}  // namespace gleaner::capture
