#include "capture/order.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gleaner::capture {
namespace {

constexpr auto kOut = Stream::out, kErr = Stream::err;

/// Drives an Order the way the engine does; "o:text" and "e:text" are what comes out.
struct Bench final : Ordered {
  Order order{1 << 20};
  std::string got;

  void ordered(Stream stream, std::string_view bytes) override {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto end = bytes.find('\n', at);
      const auto stop = end == std::string_view::npos ? bytes.size() : end;
      got += (stream == kOut ? "o" : "e") + std::string(bytes.substr(at, stop - at)) +
             (end == std::string_view::npos ? "~ " : " ");
      at = end == std::string_view::npos ? stop : end + 1;
    }
  }
  void mode(bool packets, std::uint32_t slots = 256) {
    for (const auto stream : kStreams)
      order.reading(stream) = {.packets = packets, .emptied = true, .slots = slots};
  }
  void events(std::string_view which) {
    for (const char c : which) order.event(c == 'o' ? kOut : kErr);
  }
  void read(Stream stream, std::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), order.window(stream).space());
    order.window(stream).add(bytes.size());
    ++order.reading(stream).reads;
  }
  std::string match(bool settled = false) {
    order.match(*this, settled);
    return std::exchange(got, "");
  }
};

TEST(Order, PacketsGoToTheirEvents) {
  Bench b;
  b.mode(true);
  b.events("oeeo");
  b.order.draining();
  b.read(kOut, "1\n");
  b.read(kOut, "4a\n4b\n");
  b.read(kErr, "2");
  b.read(kErr, "3\n");
  EXPECT_EQ(b.match(), "o1 e23 o4a o4b ");
  EXPECT_FALSE(b.order.waiting());
  EXPECT_EQ(b.order.events(), 0U);
}

TEST(Order, ASegmentWaitsForItsEvent) {
  Bench b;
  b.mode(true);
  b.events("o");
  b.order.draining();
  b.read(kOut, "1\n");
  b.read(kOut, "3\n");  // written after the events were read
  EXPECT_EQ(b.match(), "o1 ");
  EXPECT_TRUE(b.order.waiting());
  b.events("eo");
  b.order.draining();
  b.read(kErr, "2\n");
  EXPECT_EQ(b.match(), "e2 o3 ");
}

TEST(Order, AnEventOfAFullPipeMeansNothing) {
  Bench b;
  b.mode(true);
  b.events("oeoe");
  b.order.draining();
  b.read(kOut, "1\n");
  b.read(kErr, "2\n");
  EXPECT_EQ(b.match(), "o1 e2 ");
  EXPECT_EQ(b.order.events(), 0U);
}

TEST(Order, AWriterThatWaitedLeavesAPair) {
  Bench b;
  b.mode(true);
  b.events("oeooeo");  // the second of the pair is the write, and nothing was written in between
  b.order.draining();
  for (const auto* text : {"1\n", "3\n", "5\n"}) b.read(kOut, text);
  b.read(kErr, "2\n");
  b.read(kErr, "4\n");
  EXPECT_EQ(b.match(), "o1 e2 o3 e4 o5 ");
}

TEST(Order, AFullPipesLastEventIsTheWriterThatWaits) {
  Bench b;
  b.mode(true, 2);
  b.events("ooeo");
  b.order.draining();
  b.read(kOut, "1\n");
  b.read(kOut, "2\n");
  b.read(kErr, "3\n");
  EXPECT_EQ(b.match(), "o1 o2 e3 ");
  EXPECT_EQ(b.order.events(), 0U);
}

TEST(Order, JoinedLinesWithoutAnEventWait) {
  Bench b;
  b.mode(true);
  for (const auto stream : kStreams) b.order.reading(stream).started = true;
  b.events("oe");
  b.order.draining();
  b.read(kOut, "1\n3\n5\n");  // more was written meanwhile, and its events are not read yet
  b.read(kErr, "2\n4\n");
  EXPECT_EQ(b.match(), "o1 e2 ");
  b.mode(true);
  b.events("oeoe");
  b.order.draining();
  b.read(kErr, "6\n");
  EXPECT_EQ(b.match(), "o3 e4 o5 e6 ");
}

TEST(Order, WhatWasJoinedBeforePacketsIsTheFirstSegment) {
  Bench b;
  b.mode(true);
  for (const auto stream : kStreams) b.order.reading(stream).started = b.order.reading(stream).stable = true;
  b.events("oeoeoe");
  b.order.draining();
  b.read(kOut, "1\n3\n");
  b.read(kOut, "5a\n5b\n");
  b.read(kErr, "2\n4\n");
  b.read(kErr, "6\n");
  EXPECT_EQ(b.match(), "o1 e2 o3 e4 o5a o5b e6 ");
}

TEST(Order, NewerEventsStayUntilTheirDataIsRead) {
  Bench b;
  b.mode(true);
  b.events("o");
  b.order.draining();
  b.read(kOut, "1\n");
  b.events("eo");  // came while the pipes were drained
  EXPECT_EQ(b.match(), "o1 ");
  EXPECT_EQ(b.order.events(), 2U);
  b.order.draining();
  b.read(kErr, "2\n");
  b.read(kOut, "3\n");
  EXPECT_EQ(b.match(), "e2 o3 ");
}

TEST(Order, PagesOfOneWriteStayTogether) {
  Bench b;
  b.mode(true);
  b.events("oe");
  b.order.draining();
  b.read(kOut, std::string(4096, 'x'));
  b.read(kOut, "y\n");
  b.read(kErr, "2\n");
  EXPECT_EQ(b.match(), "o" + std::string(4096, 'x') + "y e2 ");
}

TEST(Order, WholeBlocksHaveTheirOwnEvents) {
  Bench b;
  b.mode(true);
  b.events("oeoe");
  b.order.draining();
  b.read(kOut, std::string(4096, 'x'));
  b.read(kOut, std::string(4095, 'y') + "\n");
  b.read(kErr, "1\n");
  b.read(kErr, "2\n");
  EXPECT_EQ(b.match(), "o" + std::string(4096, 'x') + "~ e1 o" + std::string(4095, 'y') + " e2 ");
}

TEST(Order, APageThatEndsWithALineIsDoubtful) {
  const std::string page = std::string(4095, 'x') + "\n";
  for (const bool more : {true, false}) {
    Bench b;
    b.mode(true);
    b.events("oe");
    b.order.draining();
    b.read(kOut, page);
    b.read(kOut, "y\n");
    b.read(kErr, "2\n");
    EXPECT_TRUE(b.order.doubtful(kOut));
    if (more) b.events("o");  // the second was a write of its own
    EXPECT_EQ(b.order.doubtful(kOut), !more);
    const std::string x = "o" + std::string(4095, 'x');
    EXPECT_EQ(b.match(!more), more ? x + " e2 oy " : x + " oy e2 ");
  }
}

TEST(Order, WithoutPacketsLinesGoToEvents) {
  Bench b;
  b.mode(false);
  b.events("oeoeo");
  b.order.draining();
  b.read(kOut, "1\n3\n5\n");
  b.read(kErr, "2\n4\n");
  EXPECT_EQ(b.match(), "o1 e2 o3 e4 o5 ");
}

TEST(Order, WithoutPacketsSeveralWritesMakeALine) {
  Bench b;
  b.mode(false);
  b.events("ooooeeoo");
  b.order.draining();
  b.read(kOut, "1\n2\n5\n");
  b.read(kErr, "3\n4\n");
  EXPECT_EQ(b.match(), "o1 o2 e3 e4 o5 ");
}

TEST(Order, WithoutPacketsALineARunIsBetterThanAShare) {
  Bench b;
  b.mode(false);
  b.events("ooooeooeoooeooo");  // three writes a line; the first run has an event of a full pipe, the second
                                // lacks one
  b.order.draining();
  b.read(kOut, "1\n3\n5\n7\n");
  b.read(kErr, "2\n4\n6\n");
  EXPECT_EQ(b.match(), "o1 e2 o3 e4 o5 e6 o7 ");
}

TEST(Order, WithoutPacketsALineTooManyWaits) {
  Bench b;
  b.mode(false);
  b.events("o");
  b.order.draining();
  b.read(kOut, "1\n3\n");
  EXPECT_EQ(b.match(), "o1 ");
  b.events("eo");
  b.order.draining();
  b.read(kErr, "2\n");
  EXPECT_EQ(b.match(), "e2 o3 ");
}

TEST(Order, WritesOfManyLinesAreLearnt) {
  Bench b;
  b.mode(false);
  b.events("oe");
  b.order.draining();
  std::string many;
  for (int i = 0; i < 20; ++i) many += "l\n";
  b.read(kOut, many);
  b.read(kErr, "2\n");
  std::string want;
  for (int i = 0; i < 20; ++i) want += "ol ";
  EXPECT_TRUE(b.order.doubtful(kOut));
  EXPECT_EQ(b.match(true), want + "e2 ");
  EXPECT_TRUE(b.order.irregular(kOut));
}

TEST(Order, AReopenedPipeIsSplitAtLines) {
  Bench b;
  b.mode(true);
  b.events("oeoe");
  b.order.draining();
  b.read(kOut, "1\n3\n");  // the kernel joined what came without packets
  b.read(kErr, "2\n4\n");
  EXPECT_EQ(b.match(), "o1 e2 o3 e4 ");
}

TEST(Order, WhatThePageOfALineTookAlongIsSplitAtLinesToo) {
  Bench b;
  b.mode(true);
  b.events("oeo");
  b.order.draining();
  b.read(kOut, "1\n3\n5\n");  // joined, and the last one's event is on its way
  b.read(kErr, "2\n");
  EXPECT_EQ(b.match(), "o1 e2 o3 ");
  b.events("eo");
  b.order.draining();
  b.read(kErr, "4\n");
  EXPECT_EQ(b.match(), "e4 o5 ");
}

/// `count` packets of `text`, read and matched.
void packets(Bench& b, std::uint32_t count, const char* text) {
  b.mode(true);
  b.events(std::string(count, 'o'));
  b.order.draining();
  for (std::uint32_t i = 0; i < count; ++i) b.read(kOut, text);
  b.match();
}

TEST(Order, PacketsOfOneLineEachMakeAPlainPipeGoodEnough) {
  Bench b;
  packets(b, Order::kStreak - 1, "l\n");
  EXPECT_FALSE(b.order.lines_only(kOut));
  packets(b, 1, "l\n");
  EXPECT_TRUE(b.order.lines_only(kOut));
  EXPECT_FALSE(b.order.lines_only(kErr));
  packets(b, 1, "l\nl\n");
  EXPECT_FALSE(b.order.lines_only(kOut));
}

TEST(Order, WhoWroteSomethingElseNeedsALongerProof) {
  Bench b;
  packets(b, Order::kStreak, "l\n");
  b.mode(false);
  b.events("oooooooooooo");  // twelve writes of one line
  b.order.draining();
  b.read(kOut, "l\n");
  b.match();
  EXPECT_TRUE(b.order.irregular(kOut));
  packets(b, Order::kStreak, "l\n");
  EXPECT_FALSE(b.order.lines_only(kOut));
  for (int i = 1; i < 16; ++i) packets(b, Order::kStreak, "l\n");
  EXPECT_TRUE(b.order.lines_only(kOut));
  b.order.trust(kOut);
  EXPECT_FALSE(b.order.irregular(kOut));
}

TEST(Order, AWindowThatIsFullLosesNoEvent) {
  Bench b;
  b.mode(true);
  b.order.reading(kOut).emptied = false;
  b.events("ooe");
  b.order.draining();
  b.read(kOut, "1\n");
  b.read(kErr, "3\n");
  EXPECT_EQ(b.match(), "o1 ");
  b.order.draining();
  b.mode(true);
  b.read(kOut, "2\n");
  EXPECT_EQ(b.match(), "o2 e3 ");
}

TEST(Order, GivesUpWhenTold) {
  Bench b;
  b.mode(true);
  b.read(kOut, "1\n");
  EXPECT_EQ(b.match(), "");
  b.order.give_up(kOut, b);
  EXPECT_EQ(b.got, "o1 ");
  EXPECT_FALSE(b.order.waiting());
}

TEST(Order, SaysWhenEventsDoNotFit) {
  Bench b;
  for (std::uint32_t i = 0; i < Order::kEvents; ++i) ASSERT_TRUE(b.order.event(kErr));
  EXPECT_FALSE(b.order.event(kErr));
}

}  // namespace
}  // namespace gleaner::capture
