#include "base/bytes.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {

TEST(Bytes, SlicesShareTheBlockAndOutliveTheWhole) {
  const std::size_t before = Block::live_bytes();
  Bytes part;
  {
    Bytes whole = Bytes::copy("hello world");
    part = whole.slice(6, 5);
    EXPECT_EQ(part.data(), whole.data() + 6);
  }
  EXPECT_EQ(part.view(), "world");
  part = {};
  EXPECT_EQ(Block::live_bytes(), before);
}

TEST(Chain, FlatJoinsPartsAndSkipsEmptyOnes) {
  Chain chain;
  chain.append(Bytes::copy("ab"));
  chain.append(Bytes{});
  Chain more(Bytes::copy("cd"));
  chain.append(std::move(more));
  EXPECT_EQ(chain.parts().size(), 2u);
  EXPECT_EQ(chain.size(), 4u);
  EXPECT_EQ(chain.flat().view(), "abcd");
  EXPECT_TRUE(more.empty());  // NOLINT(bugprone-use-after-move): empty afterwards, as promised
}

TEST(Buffer, GrowsAndGivesItsBytesAway) {
  Buffer buffer;
  for (int i = 0; i < 1000; ++i) buffer.append("0123456789");
  const Bytes all = std::move(buffer).finish();
  EXPECT_EQ(all.size(), 10000u);
  EXPECT_EQ(all.view().substr(9990), "0123456789");
  EXPECT_TRUE(buffer.empty());  // NOLINT(bugprone-use-after-move): empty afterwards, as promised
}

}  // namespace
}  // namespace gleaner
