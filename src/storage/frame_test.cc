#include "storage/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace gleaner::storage {
namespace {

std::string framed(std::uint64_t salt, std::uint64_t at) {
  FrameWriter writer;
  writer.put("key", "value");
  writer.erase("gone");
  writer.put("", std::string(300, 'x'));
  return std::string(writer.finish(salt, at));
}

TEST(Frame, ComesBackAsItWas) {
  const std::string bytes = framed(7, 100);
  ASSERT_EQ(frame_size(bytes), bytes.size());
  ASSERT_TRUE(valid_frame(bytes, 7, 100));
  FrameReader reader(bytes);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.key(), "key");
  EXPECT_EQ(reader.value(), "value");
  EXPECT_FALSE(reader.erases());
  EXPECT_EQ(bytes.substr(reader.value_at(), 5), "value");
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.erases());
  EXPECT_EQ(reader.key(), "gone");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.key(), "");
  EXPECT_EQ(reader.value().size(), 300u);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.ok());
}

TEST(Frame, IsNoneElsewhereOrInAnotherFile) {
  const std::string bytes = framed(7, 100);
  EXPECT_FALSE(valid_frame(bytes, 8, 100));
  EXPECT_FALSE(valid_frame(bytes, 7, 101));
}

TEST(Frame, AnyBitThatTurnedMakesItInvalid) {
  const std::string good = framed(7, 100);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const auto size = frame_size(bytes);
    EXPECT_FALSE(size == bytes.size() && valid_frame(bytes, 7, 100)) << bit;
  }
}

TEST(Frame, HeaderSaysItsVersion) {
  const Header header = read_header(make_header(0x1234));
  EXPECT_TRUE(header.ours);
  EXPECT_EQ(header.version, kVersion);
  EXPECT_EQ(header.salt, 0x1234u);
  EXPECT_FALSE(read_header("glnrkv").ours);
  EXPECT_FALSE(read_header(std::string(16, '\0')).ours);
}

}  // namespace
}  // namespace gleaner::storage
