#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

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

TEST(Buffer, GivesBackWhatAGuessTookTooMuch) {
  const std::size_t before = Block::live_bytes();
  Buffer buffer(100 << 10);
  buffer.append("kept");
  buffer.fit();
  EXPECT_EQ(buffer.capacity(), 4u);
  EXPECT_EQ(Block::live_bytes() - before, 4u);
  EXPECT_EQ(buffer.view(), "kept");
  buffer.append(" and more");
  EXPECT_EQ(buffer.view(), "kept and more");
  Block::keep_spare(1 << 20);
  Buffer large;  // over all sizes at which a block lives elsewhere, and back
  std::string same;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = std::to_string(i);
    large.append(text);
    same += text;
  }
  EXPECT_TRUE(large.view() == same);
  large.reserve(4 << 20);
  large.fit();
  EXPECT_EQ(large.capacity(), same.size());
  EXPECT_TRUE(large.view() == same);
  large.resize_down(300);
  large.fit();
  EXPECT_EQ(large.capacity(), 300u);
  EXPECT_EQ(large.view(), same.substr(0, 300));
  for (const int kib : {300, 900, 5000, 256, 600}) {  // each from the pages of those before
    Buffer next(static_cast<std::size_t>(kib) << 10);
    EXPECT_EQ(next.capacity(), static_cast<std::size_t>(kib) << 10);
    std::memset(next.data(), 'x', next.capacity());
  }
  Block::keep_spare(0);
  Buffer half(8192);
  half.commit(4096);
  half.fit();
  EXPECT_EQ(half.capacity(), 8192u);  // not worth a move
}

}  // namespace
}  // namespace gleaner
