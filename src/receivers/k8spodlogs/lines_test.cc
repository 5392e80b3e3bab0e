#include "receivers/k8spodlogs/lines.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace gleaner::receivers::k8spodlogs {
namespace {

TEST(ReadStamp, Table) {
  struct Row {
    const char* line;
    std::uint64_t time;
    const char* text;
  };
  constexpr Row kRows[] = {
      {"1970-01-01T00:00:01Z x", 1'000'000'000, "x"},
      {"2024-05-05T05:00:00.123456789Z a b", 1714885200123456789, "a b"},
      {"2024-05-05T05:00:00.1234567891Z x", 0, "2024-05-05T05:00:00.1234567891Z x"},
      {"2024-05-05T05:00:00.5Z ", 1714885200500000000, ""},
      {"2024-05-05T05:00:00.5Z", 1714885200500000000, ""},
      {"2024-05-05T14:00:00.000000001+09:00 x", 1714885200000000001, "x"},
      {"2024-05-05T00:00:00-05:00 x", 1714885200000000000, "x"},
      {"2024-02-29T00:00:00Z  two blanks", 1709164800000000000, " two blanks"},
      {"", 0, ""},
      {"no time at all in this line", 0, "no time at all in this line"},
      {"2024-13-05T05:00:00Z x", 0, "2024-13-05T05:00:00Z x"},
      {"2024-05-05T05:00:00 x", 0, "2024-05-05T05:00:00 x"},
      {"2024-05-05T05:00:00.Zx", 0, "2024-05-05T05:00:00.Zx"},
      {"2024-05-05T05:00:00+09 xxxxxx", 0, "2024-05-05T05:00:00+09 xxxxxx"},
  };
  for (const auto& row : kRows) {
    const auto got = read_stamp(row.line);
    EXPECT_EQ(got.time, row.time) << row.line;
    EXPECT_EQ(got.text, row.text) << row.line;
  }
}

std::vector<std::string> read(const std::string& log, std::size_t max, std::minstd_rand* dice) {
  Lines lines(max);
  std::vector<std::string> out;
  const auto put = [&](const StampedLine& line) {
    out.push_back(std::to_string(line.time) + ' ' + std::string(line.text));
  };
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t size = dice ? 1 + (*dice)() % 40 : log.size();
    const Bytes piece = Bytes::copy(std::string_view(log).substr(at, size));
    Bytes carried;
    for (const auto& line : lines.feed(piece, carried)) put(line);
    at += size;
  }
  Bytes carried;
  for (const auto& line : lines.finish(carried)) put(line);
  return out;
}

TEST(Lines, DoNotDependOnHowTheBytesCome) {
  std::string log;
  for (int i = 0; i < 50; ++i) {
    const int second = i % 60;
    log += "2024-05-05T05:00:" + std::string(second < 10 ? "0" : "") + std::to_string(second) +
           ".000000001Z " +
           std::string(static_cast<std::size_t>(i * i % 180), static_cast<char>('a' + i % 26)) + "\n";
  }
  log += "2024-05-05T05:01:00Z no newline";
  for (const std::size_t max : {10u, 64u, 100u, 1000u}) {
    const auto whole = read(log, max, nullptr);
    if (max == 1000) EXPECT_EQ(whole.size(), 51u);
    for (unsigned seed = 1; seed < 30; ++seed) {
      std::minstd_rand dice(seed);
      EXPECT_EQ(read(log, max, &dice), whole) << "max " << max << ", seed " << seed;
    }
  }
}

TEST(Lines, ALongLineIsPiecesOfOneTime) {
  const auto got = read("2024-05-05T05:00:00Z aaaabbbbcc\n2024-05-05T05:00:01Z x\n", 4, nullptr);
  EXPECT_EQ(got, (std::vector<std::string>{"1714885200000000000 aaaa", "1714885200000000000 bbbb",
                                           "1714885200000000000 cc", "1714885201000000000 x"}));
}

TEST(Lines, WhatIsNotWholeIsForgotten) {
  Lines lines(100);
  Bytes carried;
  EXPECT_TRUE(lines.feed(Bytes::copy("2024-05-05T05:00:00Z ha"), carried).empty());
  lines.clear();
  const Bytes again = Bytes::copy("2024-05-05T05:00:00Z half\n");
  const auto got = lines.feed(again, carried);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].text, "half");
}

}  // namespace
}  // namespace gleaner::receivers::k8spodlogs
