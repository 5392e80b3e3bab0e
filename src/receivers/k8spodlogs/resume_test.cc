#include "receivers/k8spodlogs/resume.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
using Line = Resume::Line;

/// What a connection brings: times of lines, each told apart by its index in the whole log.
struct Reader {
  Resume resume;
  std::vector<std::size_t> got;
  std::size_t gaps = 0;

  void connect() { resume.reconnected(); }
  void feed(const std::vector<std::uint64_t>& times, std::size_t from, std::size_t to) {
    std::vector<std::size_t> unsure;
    for (std::size_t i = from; i < to; ++i) {
      const bool searched = resume.searching();
      switch (resume.line(times[i])) {
        case Line::fresh:
          if (searched && resume.missed()) {
            ++gaps;
            got.insert(got.end(), unsure.begin(), unsure.end());
          }
          unsure.clear();
          got.push_back(i);
          break;
        case Line::repeated:
          if (!resume.searching()) unsure.clear();
          break;
        case Line::unsure:
          unsure.push_back(i);
          break;
      }
    }
  }
};

/// The server's part: whole seconds.
std::size_t first_since(const std::vector<std::uint64_t>& times, std::uint64_t since) {
  const std::uint64_t whole = since / kSecond * kSecond;
  return static_cast<std::size_t>(
      std::find_if(times.begin(), times.end(), [&](auto t) { return t >= whole; }) - times.begin());
}

TEST(Resume, ReadsEveryLineOnceOverAnyCuts) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::minstd_rand dice(seed);
    // Bursts of equal times, small disorder, quiet seconds.
    std::vector<std::uint64_t> times;
    std::uint64_t now = 1'700'000'000 * kSecond + dice() % kSecond;
    while (times.size() < 500) {
      now += dice() % 4 == 0 ? 0 : dice() % 50 == 0 ? kSecond : dice() % 20'000'000;
      times.push_back(now);
      if (times.size() > 2 && dice() % 10 == 0 && times[times.size() - 3] != times[times.size() - 2] &&
          times[times.size() - 2] != times.back() &&
          times.back() - times[times.size() - 2] < Resume::kDisorder / 2)
        std::swap(times[times.size() - 1], times[times.size() - 2]);
    }
    Reader reader;
    std::size_t to = 0;
    while (to < times.size()) {
      const auto from = reader.resume.position().time ? first_since(times, reader.resume.position().time) : 0;
      reader.connect();
      to = std::min<std::size_t>(times.size(), std::max(to, from) + dice() % 40);
      reader.feed(times, from, to);
    }
    std::vector<std::size_t> all(times.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    EXPECT_EQ(reader.got, all) << "seed " << seed;
    EXPECT_EQ(reader.gaps, 0u) << "seed " << seed;
    if (HasFailure()) return;
  }
}

TEST(Resume, TellsOfAGapAndLosesNothingThatIsThere) {
  std::vector<std::uint64_t> times;
  for (std::uint64_t i = 0; i < 100; ++i) times.push_back((1000 + i) * kSecond / 10);
  Reader reader;
  reader.connect();
  reader.feed(times, 0, 50);
  reader.connect();  // the log was rotated: lines 50 to 59 are gone
  reader.feed(times, 60, 100);
  EXPECT_EQ(reader.gaps, 1u);
  EXPECT_EQ(reader.got.size(), 90u);
  // Directly behind the last line, within what disorder allows: held until the next line tells.
  times.clear();
  for (std::uint64_t i = 0; i < 20; ++i) times.push_back(100 * kSecond + i * Resume::kDisorder / 4);
  Reader close;
  close.connect();
  close.feed(times, 0, 5);
  close.connect();
  close.feed(times, 6, 20);
  EXPECT_EQ(close.gaps, 1u);
  EXPECT_EQ(close.got.size(), 19u);
}

TEST(Resume, FromATimeEveryLaterLineIsNew) {
  Resume resume({10 * kSecond, 0}, false);
  resume.reconnected();
  EXPECT_EQ(resume.line(10 * kSecond - 1), Line::repeated);
  EXPECT_EQ(resume.line(10 * kSecond + 1), Line::fresh);
  EXPECT_FALSE(resume.missed());
  EXPECT_EQ(resume.line(10 * kSecond + 1), Line::fresh);
  EXPECT_EQ(resume.position(), (Position{10 * kSecond + 1, 2}));
}

TEST(Resume, AtTheEndWhatWasUnsureIsNew) {
  Resume resume({10 * kSecond, 1});
  resume.reconnected();
  EXPECT_EQ(resume.line(10 * kSecond + 5), Line::unsure);
  EXPECT_TRUE(resume.give_up());
  EXPECT_TRUE(resume.missed());
  EXPECT_EQ(resume.line(10 * kSecond + 5), Line::fresh);
  EXPECT_FALSE(resume.give_up());
}

}  // namespace
}  // namespace gleaner::receivers::k8spodlogs
