#include "stanza/files/tailer.h"

#include "stanza/files/testing.h"

namespace gleaner::stanza::files {
namespace {
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using namespace testing_support;

// Numbers F1.. are those of spec/filelog.md 19.7.

TEST_F(TailerTest, StartsAtTheEndOfWhatIsThere) {  // F1
  options.from_beginning = false;
  folder.append("a.log", " testlog1 \n");
  start();
  ASSERT_TRUE(opened(1));
  folder.append("a.log", " testlog2 \n");
  ASSERT_TRUE(got("testlog2"));
  folder.append("a.log", " testlog3 ");
  ASSERT_TRUE(got("testlog3"));
  EXPECT_THAT(sink.texts, ElementsAre("testlog2", "testlog3"));
  EXPECT_THAT(sink.names, ElementsAre("a.log", "a.log"));
}

TEST_F(TailerTest, ReadsWhatComesLaterFromItsBeginning) {  // F2
  options.from_beginning = false;
  folder.append("a.log", "old\n");
  start();
  ASSERT_TRUE(opened(1));
  folder.append("b.log", "new\n");
  ASSERT_TRUE(got("new"));
  EXPECT_THAT(sink.texts, ElementsAre("new"));
}

TEST_F(TailerTest, JoinsALineWrittenInPieces) {  // F12
  options.force_flush_period = 10s;
  start();
  folder.append("a.log", "one ");
  ASSERT_TRUE(opened(1));
  turn();
  folder.append("a.log", "line\n");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(sink.texts, ElementsAre("one line"));
}

TEST_F(TailerTest, PassesOverBlankLines) {  // F13
  folder.write("a.log", "\n\none\n\n \t\ntwo\n\n");
  start();
  ASSERT_TRUE(got("two"));
  folder.append("a.log", "\nthree\n");
  ASSERT_TRUE(got("three"));
  EXPECT_THAT(sink.texts, ElementsAre("one", "two", "three"));
}

TEST_F(TailerTest, FlushesAfterThePeriodAndNotBefore) {
  options.force_flush_period = 0ns;
  folder.write("a.log", "whole\npart");
  start();
  ASSERT_TRUE(got("whole"));
  folder.append("b.log", "marker\n");
  ASSERT_TRUE(got("marker"));
  EXPECT_THAT(sink.texts, ElementsAre("whole", "marker"));
}

TEST_F(TailerTest, FlushesOnlyTheTailOfRecordsOfSeveralLines) {
  options.split.line_start = *text::Regex::compile("^START", {.latin1 = false, .multi_line = true});
  folder.write("a.log", "START 1\n a\nSTART 2\n b\nSTART 3\n c\n");
  start();
  ASSERT_TRUE(got(3));
  EXPECT_THAT(sink.texts, ElementsAre("START 1\n a", "START 2\n b", "START 3\n c"));
}

TEST_F(TailerTest, GivesOutTheLastLineAtTheEnd) {
  options.force_flush_period = 10s;
  folder.write("a.log", "one\ntwo");
  start();
  ASSERT_TRUE(got("one"));
  stop();
  EXPECT_THAT(sink.texts, ElementsAre("one", "two"));
}

TEST_F(TailerTest, KeepsTheLastLineForTheNextRun) {
  options.force_flush_period = 10s;
  options.flush_at_stop = false;
  folder.write("a.log", "one\ntwo");
  start();
  ASSERT_TRUE(got("one"));
  loop.run_until_done(tailer->stop());
  const auto where = positions();
  tailer.reset();
  EXPECT_THAT(sink.texts, ElementsAre("one"));
  folder.append("a.log", " ends\n");
  start(where);
  ASSERT_TRUE(got(1));
  EXPECT_THAT(sink.texts, ElementsAre("two ends"));
}

TEST_F(TailerTest, ReadsAtTheEndWhatNobodyToldOf) {
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got("one"));
  folder.append("a.log", "two\n");
  folder.append("b.log", "three\n");
  stop();
  EXPECT_THAT(sink.texts, UnorderedElementsAre("one", "two", "three"));
}

TEST_F(TailerTest, CutsLongLinesLongerThanAChunk) {
  options.split.max_size = 700'000;
  folder.write("a.log", std::string(1'500'000, 'x') + "\nend\n");
  start();
  ASSERT_TRUE(got("end"));
  ASSERT_EQ(sink.texts.size(), 4u);
  EXPECT_EQ(sink.texts[0].size(), 700'000u);
  EXPECT_EQ(sink.texts[1].size(), 700'000u);
  EXPECT_EQ(sink.texts[2].size(), 100'000u);
}

TEST_F(TailerTest, NumbersTheRecordsAndTheirBytes) {
  folder.write("a.log", "one\r\n\nthree\n");
  options.entries.record_number = options.entries.record_offset = true;
  start();
  ASSERT_TRUE(got("three"));
  EXPECT_EQ(sink.origins[0].begin, 0u);
  EXPECT_EQ(sink.origins[0].end, 5u);
  EXPECT_EQ(sink.origins[1].begin, 6u);
  EXPECT_EQ(sink.origins[1].end, 12u);
}

TEST_F(TailerTest, ReadsTheSegmentsOfGleanerExecOneAfterTheOther) {
  folder.write(".gleaner-exec", "gleaner exec\n");
  Texts lines;
  for (const char* name : {"00000001.log", "00000002.log", "00000003.log"}) {
    std::string text;
    for (int i = 0; i < 2000; ++i) {  // more than a chunk
      lines.push_back(std::string(name) + ' ' + std::to_string(i) + std::string(80, 'x'));
      text += lines.back() + '\n';
    }
    folder.write(name, text);
  }
  start();
  ASSERT_TRUE(got(lines.size()));
  EXPECT_EQ(sink.texts, lines);
}

TEST_F(TailerTest, WaitsWhileItsSinkDoes) {
  sink.blocked = true;
  const auto lines = numbered(0, 200'000);
  folder.write("a.log", joined(lines));
  start();
  ASSERT_TRUE(until([&] { return tailer->reading() && sink.released.waited_for(); }));
  EXPECT_LE(budget.used(), 1u << 20);
  EXPECT_THAT(sink.texts, IsEmpty());
  sink.release();
  ASSERT_TRUE(got(lines.size()));
  EXPECT_THAT(sink.texts, ElementsAreArray(lines));
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(TailerTest, WaitsForMemoryThatOthersHold) {
  budget.set_limit(2 << 20);
  sink.keeping = true;
  const auto lines = numbered(0, 200'000);
  folder.write("a.log", joined(lines));
  start();
  ASSERT_TRUE(until([&] { return budget.used() > (1 << 20); }));
  turn();
  EXPECT_LT(sink.texts.size(), lines.size());
  EXPECT_LE(budget.used(), budget.limit());
  sink.keeping = false;
  sink.kept.clear();
  ASSERT_TRUE(got(lines.size()));
  EXPECT_THAT(sink.texts, ElementsAreArray(lines));
}

TEST_F(TailerTest, GoesOnWhereTheLastRunStopped) {  // F10
  const std::string first(1002, 'a'), second(1003, 'b');
  folder.write("a.log", "before\n");
  start();
  ASSERT_TRUE(got("before"));
  loop.run_until_done(tailer->stop());
  const auto where = positions();
  tailer.reset();
  folder.append("a.log", first + '\n');
  folder.rename("a.log", "a.log.1");
  folder.write("a.log", second + '\n');
  start(where);
  ASSERT_TRUE(got(2));
  stop();
  EXPECT_THAT(sink.texts, UnorderedElementsAre(first, second));
  EXPECT_EQ(log.count("Resuming from previously known offset"), 1);
}

TEST_F(TailerTest, ReportsOffsetsThatAreSafe) {
  folder.write("a.log", "one\ntwo\nthree\n");
  start();
  ASSERT_TRUE(got("three"));
  loop.run_until_done(tailer->stop());
  const auto where = positions([](std::uint32_t) { return Spot{4, 2}; });  // the rest is still on its way
  tailer.reset();
  start(where);
  ASSERT_TRUE(got("three"));
  EXPECT_THAT(sink.texts, ElementsAre("two", "three"));
}

TEST_F(TailerTest, SaysOnceThatAFileCannotBeRead) {
  folder.write("a.log", "secret\n");
  folder.write("b.log", "open\n");
  // Root reads everything; it is refused an owner without a name instead.
  const bool root = ::geteuid() == 0;
  options.attributes.owner = root;
  ASSERT_EQ(root ? ::chown(folder.path("a.log").c_str(), 54321, 0) : ::chmod(folder.path("a.log").c_str(), 0),
            0);
  start();
  ASSERT_TRUE(got("open"));
  folder.append("c.log", "more\n");  // makes it scan again
  ASSERT_TRUE(got("more"));
  EXPECT_EQ(log.count("Failed to open file"), 1);
  ASSERT_EQ(root ? ::chown(folder.path("a.log").c_str(), 0, 0) : ::chmod(folder.path("a.log").c_str(), 0600),
            0);
  ASSERT_TRUE(got("secret"));
}

TEST_F(TailerTest, FollowsAFolderThatVanishesAndComesBack) {
  include("logs/*.log");
  start();
  ASSERT_TRUE(until([&] { return log.count("no files match") == 1; }));
  folder.make("logs");
  folder.append("logs/a.log", "one\n");
  ASSERT_TRUE(got("one"));
  folder.remove("logs");
  ASSERT_TRUE(opened(0));
  folder.make("logs");
  folder.append("logs/a.log", "two\n");
  ASSERT_TRUE(got("two"));
  EXPECT_THAT(sink.texts, ElementsAre("one", "two"));
}

TEST_F(TailerTest, StopsWhileEverythingChanges) {
  for (int i = 0; i < 20; ++i) {
    folder.append("a.log", joined(numbered(i * 100, i * 100 + 100)));
    start();
    for (int j = 0; j < i; ++j) turn();
    folder.rename("a.log", "a.log." + std::to_string(i));
    stop();
    EXPECT_EQ(sink.texts.size(), (static_cast<std::size_t>(i) + 1) * 100);
  }
}

TEST_F(TailerTest, IsIdleWhenNothingIsWritten) {
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got("one"));
  ASSERT_TRUE(until([&] { return budget.used() == 0 && !tailer->reading(); }));
  // Once it rests, it waits for the kernel's word and its slow scan only: no turn of the loop is ready.
  timespec before{}, after{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  Timer timer(loop);
  loop.run_until_done([](Timer& t) -> Task<> { (void)co_await t.sleep(500ms); }(timer));
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  const auto used = (after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec;
  EXPECT_LT(used, 100'000'000) << "ns of CPU in half a second of quiet";
}

}  // namespace
}  // namespace gleaner::stanza::files
