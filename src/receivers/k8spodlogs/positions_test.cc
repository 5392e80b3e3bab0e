#include "receivers/k8spodlogs/positions.h"

#include <gtest/gtest.h>

namespace gleaner::receivers::k8spodlogs {
namespace {

TEST(Marks, MoveAsFarAsEverythingIsSafe) {
  Marks marks;
  EXPECT_EQ(marks.safe(std::nullopt), "");
  marks.pass(10);
  marks.mark("a");
  marks.pass(5);
  marks.mark("b");
  EXPECT_EQ(marks.lines(), 15u);
  EXPECT_EQ(marks.safe(0), "") << "the very first line is on its way";
  EXPECT_EQ(marks.safe(9), "");
  EXPECT_EQ(marks.safe(10), "a");
  EXPECT_EQ(marks.safe(14), "a");
  EXPECT_EQ(marks.safe(std::nullopt), "b");
  EXPECT_EQ(marks.safe(3), "b") << "what was safe stays safe";
}

TEST(Positions, AreReadBack) {
  const Position position{1714885200123456789, 70'000};
  EXPECT_EQ(decode(encode(position)), position);
  EXPECT_FALSE(decode(""));
  EXPECT_FALSE(decode(encode(position).substr(1)));
  EXPECT_FALSE(decode(encode(position) + "x"));
  EXPECT_FALSE(decode("\x02" + encode(position).substr(1)));
}

}  // namespace
}  // namespace gleaner::receivers::k8spodlogs
