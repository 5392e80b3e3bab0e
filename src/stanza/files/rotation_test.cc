#include <atomic>
#include <thread>

#include "stanza/files/testing.h"

namespace gleaner::stanza::files {
namespace {
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;
using namespace testing_support;
class RotationTest : public TailerTest {};

// Numbers F3.. are those of spec/filelog.md 19.7.

TEST_F(RotationTest, RenamedInsideThePattern) {  // F3
  folder.write("a.log", "testlog1\n");
  start();
  ASSERT_TRUE(got("testlog1"));
  folder.rename("a.log", "a.log.1");
  folder.append("a.log", "marker\n");
  ASSERT_TRUE(got("marker"));
  EXPECT_THAT(sink.texts, ElementsAre("testlog1", "marker"));
}

TEST_F(RotationTest, RenamedToAnotherFolder) {  // F4
  include("**/*.log*");
  folder.make("one");
  folder.make("two");
  folder.write("one/a.log", "testlog1\n");
  start();
  ASSERT_TRUE(got("testlog1"));
  folder.rename("one/a.log", "two/b.log");
  folder.append("two/b.log", "testlog2\n");
  ASSERT_TRUE(got("testlog2"));
  EXPECT_THAT(sink.texts, ElementsAre("testlog1", "testlog2"));
}

TEST_F(RotationTest, RenamedOutOfThePatternUnread) {  // F5
  folder.write("a.log", "testlog1\n");
  start();
  ASSERT_TRUE(got("testlog1"));
  folder.append("a.log", "testlog2\n");
  folder.rename("a.log", "a.old");
  folder.write("a.log", "testlog3\n");
  ASSERT_TRUE(got("testlog3"));
  EXPECT_THAT(sink.texts, ElementsAre("testlog1", "testlog2", "testlog3"));
  EXPECT_THAT(sink.names, ElementsAre("a.log", "a.log", "a.log"));
}

TEST_F(RotationTest, RenamedOutAndStillWrittenTo) {  // F6, and what comes after the rotation
  folder.write("a.log", "1\n");
  start();
  ASSERT_TRUE(got("1"));
  folder.append("a.log", "2\n");
  folder.rename("a.log", "a.old");
  folder.write("a.log", "4\n5\n");
  ASSERT_TRUE(got("5"));
  folder.append("a.old", "3\n");  // the writer had not opened the new one yet
  ASSERT_TRUE(got("3"));
  EXPECT_THAT(sink.texts, ElementsAre("1", "2", "4", "5", "3"));
}

TEST_F(RotationTest, CopiedOutOfThePatternAndTruncated) {  // F7
  folder.write("a.log", "1\n2\n");
  start();
  ASSERT_TRUE(got("2"));
  folder.copy("a.log", "a.old");
  folder.truncate("a.log");
  folder.append("a.log", "4\n5\n");
  ASSERT_TRUE(got("5"));
  EXPECT_THAT(sink.texts, ElementsAre("1", "2", "4", "5"));
}

TEST_F(RotationTest, TruncatedToNothing) {  // F8
  folder.write("a.log", "1\n2\n");
  start();
  ASSERT_TRUE(got("2"));
  folder.truncate("a.log");
  folder.append("a.log", "3\n");
  ASSERT_TRUE(got("3"));
  folder.append("a.log", "marker\n");
  ASSERT_TRUE(got("marker"));
  EXPECT_THAT(sink.texts, ElementsAre("1", "2", "3", "marker"));
}

TEST_F(RotationTest, CopiedInsideThePatternAndTruncated) {  // F9
  folder.write("a.log", "1\n2\n");
  start();
  ASSERT_TRUE(got("2"));
  folder.copy("a.log", "a.log.1");
  folder.truncate("a.log");
  folder.append("a.log.1", "3\n");
  folder.append("a.log", "4\n");
  ASSERT_TRUE(got(4));
  folder.append("a.log", "marker\n");
  ASSERT_TRUE(got("marker"));
  EXPECT_THAT(sink.texts, UnorderedElementsAre("1", "2", "3", "4", "marker"));
}

TEST_F(RotationTest, CopiedInsideThePatternWithAnUnreadTail) {
  const auto head = numbered(0, 500), tail = numbered(500, 600);
  folder.write("a.log", joined(head));
  start();
  ASSERT_TRUE(got(head.size()));
  folder.append("a.log", joined(tail));
  folder.copy("a.log", "a.log.1");
  folder.truncate("a.log");
  folder.append("a.log", "new\n");
  ASSERT_TRUE(got(head.size() + tail.size() + 1));
  EXPECT_TRUE(got("new"));
  Texts all = head;
  all.insert(all.end(), tail.begin(), tail.end());
  all.push_back("new");
  EXPECT_THAT(sink.texts, UnorderedElementsAreArray(all));
}

TEST_F(RotationTest, CopiedSlowly) {
  // The copy is seen while it is being made, before the truncation.
  const auto lines = numbered(0, 2000);
  const std::string text = joined(lines);
  folder.write("a.log", text);
  start();
  ASSERT_TRUE(got(lines.size()));
  folder.append("a.log.1", text.substr(0, 5000));
  ASSERT_TRUE(opened(2));
  for (int i = 0; i < 5; ++i) turn();
  folder.append("a.log.1", text.substr(5000));
  folder.truncate("a.log");
  folder.append("a.log", "new\n");
  ASSERT_TRUE(got("new"));
  folder.append("a.log.1", "marker\n");
  ASSERT_TRUE(got("marker"));
  EXPECT_EQ(sink.texts.size(), lines.size() + 2);
}

TEST_F(RotationTest, RewrittenWithTheSameBeginning) {
  const std::string banner(1200, 'b');
  folder.write("a.log", banner + "\n1\n2\n3\n");
  start();
  ASSERT_TRUE(got("3"));
  folder.write("a.log", banner + "\n4\n");  // shorter than before
  ASSERT_TRUE(got("4"));
  folder.write("a.log", banner + "\n5\n6\n7\n8\n");  // longer than before, in one step
  ASSERT_TRUE(got("8"));
  EXPECT_THAT(sink.texts, ElementsAre(banner, "1", "2", "3", banner, "4", banner, "5", "6", "7", "8"));
}

TEST_F(RotationTest, RewrittenWithTheSameLength) {
  folder.write("a.log", "one\n");
  start();
  ASSERT_TRUE(got("one"));
  folder.write("a.log", "two\n");
  ASSERT_TRUE(got("two"));
  EXPECT_THAT(sink.texts, ElementsAre("one", "two"));
}

TEST_F(RotationTest, RewrittenLongerWhileTheCopyIsInThePattern) {
  folder.write("a.log", "1\n2\n");
  start();
  ASSERT_TRUE(got("2"));
  folder.copy("a.log", "a.log.1");
  folder.write("a.log", "3\n4\n5\n6\n");  // longer than what was read: only the bytes tell
  ASSERT_TRUE(got("6"));
  folder.append("a.log.1", "marker\n");
  ASSERT_TRUE(got("marker"));
  EXPECT_THAT(sink.texts, UnorderedElementsAre("1", "2", "3", "4", "5", "6", "marker"));
}

TEST_F(RotationTest, OnTruncateReadNew) {
  options.on_truncate = OnTruncate::read_new;
  folder.write("a.log", "first line\nsecond line\n");
  start();
  ASSERT_TRUE(got("second line"));
  folder.write("a.log", "first line\n");
  ASSERT_TRUE(until([&] { return positions().back().position.offset == 11; }));
  folder.append("a.log", "third line\n");
  ASSERT_TRUE(got("third line"));
  EXPECT_THAT(sink.texts, ElementsAre("first line", "second line", "third line"));
}

TEST_F(RotationTest, OnTruncateIgnore) {
  options.on_truncate = OnTruncate::ignore;
  folder.write("a.log", "first line\nsecond line\n");
  start();
  ASSERT_TRUE(got("second line"));
  folder.write("a.log", "first line\n");
  folder.append("b.log", "marker\n");
  ASSERT_TRUE(got("marker"));
  folder.append("a.log", "second line\nthird line\n");
  ASSERT_TRUE(got("third line"));
  EXPECT_THAT(sink.texts, ElementsAre("first line", "second line", "marker", "third line"));
}

TEST_F(RotationTest, TwinsThatDiverge) {  // F11
  folder.write("a.log", "same\n");
  folder.write("b.log", "same\n");
  start();
  ASSERT_TRUE(got("same"));
  ASSERT_TRUE(opened(2));
  folder.append("a.log", "new in a\n");
  folder.append("b.log", "new in b\n");
  ASSERT_TRUE(got("new in a"));
  ASSERT_TRUE(got("new in b"));
  EXPECT_THAT(sink.texts, UnorderedElementsAre("same", "same", "new in a", "new in b"));
}

TEST_F(RotationTest, TwinsOfWhichOneGrows) {
  folder.write("a.log", "same\n");
  folder.write("b.log", "same\n");
  start();
  ASSERT_TRUE(got("same"));
  ASSERT_TRUE(opened(2));
  folder.append("a.log", "new in a\n");
  ASSERT_TRUE(got(3));
  EXPECT_THAT(sink.texts, UnorderedElementsAre("same", "same", "new in a"));
}

TEST_F(RotationTest, FilesThatOnlyStartAlike) {
  const std::string header(2000, 'h');
  folder.write("a.log", header + "\n" + joined(numbered(0, 100, "a ")));
  folder.write("b.log", header + "\n" + joined(numbered(0, 100, "b ")));
  start();
  ASSERT_TRUE(got(202));
  ASSERT_TRUE(got("a 99"));
  ASSERT_TRUE(got("b 99"));
}

TEST_F(RotationTest, LinkThatChangesItsTarget) {  // F14
  include("current.log");
  folder.make("targets");
  for (int i = 0; i < 30; ++i) {
    const std::string target = "targets/" + std::to_string(i);
    folder.write(target, joined(numbered(i * 100, i * 100 + 50)));
    folder.link(target, "current.log");
    if (i == 0) start();
    ASSERT_TRUE(got(static_cast<std::size_t>(i) * 100 + 1)) << i;
    folder.append(target, joined(numbered(i * 100 + 50, i * 100 + 100)));  // and away it is
  }
  ASSERT_TRUE(got(3000));
  EXPECT_THAT(sink.texts, UnorderedElementsAreArray(numbered(0, 3000)));
}

TEST_F(RotationTest, LinkAndTargetAreOneFile) {
  include("**/*.log");
  folder.make("real");
  folder.write("real/a.log", "1\n");
  folder.link("real/a.log", "link.log");
  start();
  ASSERT_TRUE(got("1"));
  folder.append("link.log", "2\n");
  ASSERT_TRUE(got("2"));
  EXPECT_THAT(sink.texts, ElementsAre("1", "2"));
  EXPECT_EQ(tailer->open_files(), 1u);
}

TEST_F(RotationTest, DeletedFilesAreFinishedAndClosed) {
  folder.write("a.log", "1\n");
  start();
  ASSERT_TRUE(got("1"));
  std::ofstream writer(folder.path("a.log"), std::ios::app);
  writer << "2\n" << std::flush;
  folder.remove("a.log");
  ASSERT_TRUE(got("2"));
  writer << "3\n" << std::flush;
  ASSERT_TRUE(got("3"));
  writer << "4" << std::flush;
  ASSERT_TRUE(got("4"));
  ASSERT_TRUE(opened(0));
}

TEST_F(RotationTest, InodesAreUsedAgain) {
  folder.write("a.log", "first\n");
  start();
  ASSERT_TRUE(got("first"));
  const auto before = folder.inode("a.log");
  folder.remove("a.log");
  ASSERT_TRUE(opened(0));
  Texts expected{"first"};
  for (int i = 0; i < 5; ++i) {  // some file systems give the number to the next file, others later
    const std::string name = "b.log." + std::to_string(i);
    folder.write(name, "other " + std::to_string(i) + "\n");
    expected.push_back("other " + std::to_string(i));
    if (folder.inode(name) == before) break;
  }
  ASSERT_TRUE(got(expected.size()));
  EXPECT_THAT(sink.texts, UnorderedElementsAreArray(expected));
}

TEST_F(RotationTest, StormOfRenames) {
  start();
  int line = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 5; ++i) folder.append("a.log", "line " + std::to_string(line++) + "\n");
    if (round % 3 == 0) turn();
    for (int old = 4; old > 0; --old)
      if (folder.inode("a.log." + std::to_string(old)))
        folder.rename("a.log." + std::to_string(old), "a.log." + std::to_string(old + 1));
    folder.rename("a.log", "a.log.1");
    if (round % 5 == 4) ASSERT_TRUE(got(static_cast<std::size_t>(line)));  // five are kept
  }
  ASSERT_TRUE(got(static_cast<std::size_t>(line)));
  EXPECT_THAT(sink.texts, UnorderedElementsAreArray(numbered(0, line)));
}

TEST_F(RotationTest, ReadsWhileOtherNamesComeAndGo) {
  // Another program makes and removes files all the time; that must not keep this one from being read.
  start();
  std::atomic<bool> ending = false;
  std::thread noise([&] {
    for (int i = 0; !ending; ++i) {
      folder.write("noise." + std::to_string(i % 10), "");
      folder.remove("noise." + std::to_string((i + 5) % 10));
    }
  });
  folder.write("a.log", joined(numbered(0, 20'000)));
  const bool all = got(20'000);
  ending = true;
  noise.join();
  EXPECT_TRUE(all);
}

}  // namespace
}  // namespace gleaner::stanza::files
