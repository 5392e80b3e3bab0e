#include "capture/pipes.h"

#include <gtest/gtest.h>

#include <string>

namespace gleaner::capture {
namespace {

void write_to(const StreamPipe& pipe, const std::string& text) {
  ASSERT_EQ(::write(pipe.write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string read_from(const StreamPipe& pipe) {
  char text[8192];
  const auto got = ::read(pipe.read.get(), text, sizeof text);
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "";
}

TEST(Pipes, PacketsKeepTheirBoundariesAside) {
  StreamPipe pipe, aside;
  ASSERT_EQ(make_pipe(pipe), 0);
  if (pipe.slots < 64) GTEST_SKIP() << "pipes of this user are small";
  ASSERT_TRUE(adjust(pipe, 0, true));
  for (const auto* text : {"1\n", "2a\n2b\n", "3"}) write_to(pipe, text);
  ASSERT_TRUE(make_aside(aside, pipe));
  EXPECT_EQ(set_aside(pipe, aside), 9U);
  write_to(pipe, "4\n");  // goes on while the others are read
  EXPECT_EQ(read_from(aside), "1\n");
  EXPECT_EQ(read_from(aside), "2a\n2b\n");
  EXPECT_EQ(read_from(aside), "3");
  EXPECT_EQ(read_from(aside), "");
  EXPECT_EQ(read_from(pipe), "4\n");
  EXPECT_EQ(set_aside(pipe, aside), 0U);
}

TEST(Pipes, ChangeToPacketsOnlyWhenTold) {
  StreamPipe pipe;
  ASSERT_EQ(make_pipe(pipe), 0);
  if (pipe.slots < 64) GTEST_SKIP() << "pipes of this user are small";
  EXPECT_FALSE(adjust(pipe, 0, false));
  EXPECT_EQ(pipe.rung, Rung::lines);
  write_to(pipe, "1\n");
  EXPECT_TRUE(adjust(pipe, 0, true));
  EXPECT_EQ(pipe.rung, Rung::packets);
  EXPECT_EQ(pipe.joined, 2U);            // written before
  EXPECT_FALSE(adjust(pipe, 0, false));  // they stay
  EXPECT_EQ(pipe.rung, Rung::packets);
  pipe.plain_until = 10;
  EXPECT_TRUE(adjust(pipe, 0, true));
  EXPECT_EQ(pipe.rung, Rung::lines);
  EXPECT_TRUE(adjust(pipe, 10, true));
  EXPECT_EQ(pipe.rung, Rung::packets);
}

}  // namespace
}  // namespace gleaner::capture
