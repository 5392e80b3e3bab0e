#include <sys/file.h>

#include "config/yaml.h"
#include "stanza/files/packing.h"
#include "stanza/files/testing.h"

namespace gleaner::stanza::files {
namespace {
using testing::ElementsAre;
using namespace testing_support;

using ModesTest = TailerTest;

// --- compression -------------------------------------------------------------------------------------------

TEST_F(ModesTest, ReadsPackedAndPlainFilesSideBySide) {
  options.unpack = Unpack::look;
  folder.write("a.log", gzipped("one\ntwo\n"));
  folder.write("b.log", "three\n");
  folder.write("c.log", zstd_packed("four\n"));
  start();
  ASSERT_TRUE(got(4));
  EXPECT_THAT(sink.texts, testing::UnorderedElementsAre("one", "two", "three", "four"));
  folder.append("a.log", gzipped("five\n"));
  ASSERT_TRUE(got("five"));
  folder.append("c.log", zstd_packed("six\nsev"));
  ASSERT_TRUE(got("sev"));
  folder.append("b.log", "eight\n");
  ASSERT_TRUE(got("eight"));
  EXPECT_EQ(sink.texts.size(), 8u);
}

TEST_F(ModesTest, ReadsALargePackedFileInOrder) {
  options.unpack = Unpack::gzip;
  const auto lines = numbered(0, 50'000);
  folder.write("a.log", gzipped(joined(lines)));
  start();
  ASSERT_TRUE(got(lines.size()));
  EXPECT_EQ(sink.texts, lines);
}

TEST_F(ModesTest, SaysOnceThatAFileIsDamaged) {
  options.unpack = Unpack::gzip;
  folder.write("a.log", gzipped("one\n") + "garbage that is no gzip member");
  start();
  ASSERT_TRUE(got("one"));
  folder.append("a.log", "more garbage");
  folder.write("b.log", gzipped("two\n"));
  ASSERT_TRUE(got("two"));
  EXPECT_EQ(log.count("Failed to decompress file"), 1);
}

TEST_F(ModesTest, StartsAtTheEndOfPackedFiles) {
  options.unpack = Unpack::look;
  options.from_beginning = false;
  folder.write("a.log", gzipped("old\n"));
  start();
  ASSERT_TRUE(opened(1));
  ASSERT_TRUE(until([&] { return log.count("Started watching file") == 1; }));
  folder.append("a.log", gzipped("new\n"));
  ASSERT_TRUE(got("new"));
  EXPECT_THAT(sink.texts, ElementsAre("new"));
}

// What logrotate leaves behind: its text was read already, as a file of its own.
TEST_F(ModesTest, DoesNotReadAgainWhatWasPackedAfterReading) {
  options.unpack = Unpack::look;
  const auto lines = numbered(0, 500);
  folder.write("a.log", joined(lines));
  start();
  ASSERT_TRUE(got(lines.size()));
  folder.rename("a.log", "a.log.1");
  folder.write("a.log", "new\n");
  ASSERT_TRUE(got("new"));
  folder.write("a.log.1.gz", gzipped(joined(lines)));
  folder.remove("a.log.1");
  folder.append("a.log", "newer\n");
  ASSERT_TRUE(got("newer"));
  ASSERT_TRUE(opened(2)) << "the removed one is let go";
  EXPECT_EQ(sink.texts.size(), lines.size() + 2);
}

// It was packed while nobody was looking: the part that is missing is read, and only that.
TEST_F(ModesTest, ReadsWhatWasMissedFromThePackedFile) {
  options.unpack = Unpack::look;
  auto lines = numbered(0, 500);
  folder.write("a.log", joined(lines));
  start();
  ASSERT_TRUE(got(lines.size()));
  loop.run_until_done(tailer->stop());
  const auto where = positions();
  tailer.reset();
  const auto missed = numbered(500, 900);
  lines.insert(lines.end(), missed.begin(), missed.end());
  folder.remove("a.log");
  folder.write("a.log.1.gz", gzipped(joined(lines)));
  folder.write("a.log", "new\n");
  start(where);
  ASSERT_TRUE(got(missed.size() + 1));
  EXPECT_EQ(sink.texts.size(), missed.size() + 1);
  EXPECT_EQ(std::count(sink.texts.begin(), sink.texts.end(), "line 500"), 1);
  EXPECT_EQ(std::count(sink.texts.begin(), sink.texts.end(), "line 499"), 0);
}

TEST_F(ModesTest, NoticesThatAPackedFileWasReplacedInPlace) {
  options.unpack = Unpack::look;
  folder.write("a.log", gzipped(joined(numbered(0, 300))));
  start();
  ASSERT_TRUE(got(300));
  folder.write("a.log", "plain now\n");
  ASSERT_TRUE(got("plain now"));
}

// --- header ------------------------------------------------------------------------------------------------

class HeaderTest : public ModesTest {
 protected:
  config::Problems problems;
  void header(const std::string& pattern, const std::string& operators) {
    auto tree = config::parse_yaml(operators, "test");
    ASSERT_TRUE(tree) << operators;
    options.header =
        HeaderReader::build({pattern, std::move(*tree), {}}, "header", problems, log::Logger(log), loop);
    ASSERT_TRUE(options.header) << problems.errors_text();
  }
};

constexpr const char* kPairs = "[{type: key_value_parser, delimiter: ':', pair_delimiter: '|'}]";

TEST_F(HeaderTest, GivesEveryRecordWhatTheHeaderSays) {
  header("^#",
         "[{type: regex_parser, regex: '^#(?P<key>[a-z]+): (?P<service>.*)$', if: 'body startsWith "
         "\"#service\"'}]");
  folder.write("a.log", "#service: cart\r\n#other\n\none\n#no header any more\n");
  folder.write("b.log", "two\n#service: shop\n");
  start();
  ASSERT_TRUE(got(4));
  folder.append("a.log", "three\n");
  ASSERT_TRUE(got("three"));
  for (std::size_t i = 0; i < sink.texts.size(); ++i)
    EXPECT_EQ(sink.values[i], sink.names[i] == "a.log" ? "cart" : "") << sink.texts[i];
  EXPECT_THAT(sink.texts,
              testing::UnorderedElementsAre("one", "#no header any more", "two", "#service: shop", "three"));
}

TEST_F(HeaderTest, ReadsTheHeaderAgainAfterARestart) {
  header("^#", "[{type: regex_parser, regex: '^#(?P<service>.*)$'}]");
  folder.write("a.log", "#cart\none\n");
  start();
  ASSERT_TRUE(got("one"));
  loop.run_until_done(tailer->stop());
  const auto where = positions();
  tailer.reset();
  folder.append("a.log", "two\n");
  start(where);
  ASSERT_TRUE(got("two"));
  EXPECT_THAT(sink.texts, ElementsAre("two"));
  EXPECT_THAT(sink.values, ElementsAre("cart"));
}

TEST_F(HeaderTest, WaitsForTheEndOfTheHeader) {
  header("^#", "[{type: regex_parser, regex: '^#(?P<service>.*)$'}]");
  options.force_flush_period = 5ms;
  folder.write("a.log", "#car");
  folder.write("b.log", "marker");  // no header, and no end of its line: given out by the clock
  start();
  ASSERT_TRUE(got("marker"));
  folder.append("a.log", "t\n");
  folder.append("a.log", "one\n");
  ASSERT_TRUE(got("one"));
  EXPECT_THAT(sink.texts, ElementsAre("marker", "one"));
  EXPECT_EQ(sink.values.back(), "cart");
}

TEST_F(HeaderTest, EndsAHeaderThatNeverEnds) {
  header("", kPairs);
  std::string text;
  while (text.size() < HeaderReader::kMost + 100'000) text += "key: value of a header line\n";
  folder.write("a.log", text + std::string(HeaderReader::kMost + 1, 'x') + "\nend\n");
  start();
  ASSERT_TRUE(opened(1));
  folder.write("b.log", std::string(HeaderReader::kMost + 1, 'y') + "\nend of b\n");
  ASSERT_TRUE(got(1));
}

struct BadHeader {
  const char *pattern, *operators, *words;
};
TEST_F(HeaderTest, RefusesWhatCannotWork) {
  const BadHeader cases[] = {{"^#", "[]", "at least one operator must be specified"},
                             {"(", kPairs, "failed to compile `pattern`"},
                             {"^#", "[{type: filter, expr: 'true'}]", "filter is not allowed"},
                             {"^#", "[{type: nonsense}]", "unsupported type 'nonsense'"}};
  for (const auto& bad : cases) {
    config::Problems found;
    auto tree = config::parse_yaml(bad.operators, "test");
    EXPECT_FALSE(HeaderReader::build({bad.pattern, *tree, {}}, "header", found, log::Logger(log), loop));
    EXPECT_NE(found.errors_text().find(bad.words), std::string::npos) << found.errors_text();
  }
}

TEST_F(HeaderTest, IsReadOutOfPackedFilesToo) {
  header("^#", "[{type: regex_parser, regex: '^#(?P<service>.*)$'}]");
  options.unpack = Unpack::gzip;
  folder.write("a.log", gzipped("#cart\none\n"));
  start();
  ASSERT_TRUE(got("one"));
  EXPECT_THAT(sink.values, ElementsAre("cart"));
}

// --- deleting, locking -------------------------------------------------------------------------------------

TEST_F(ModesTest, DeletesWhatIsReadAndDelivered) {
  options.delete_after_read = true;
  sink.settling = false;
  folder.write("a.log", "one\ntwo");
  start();
  ASSERT_TRUE(got("two"));
  EXPECT_TRUE(std::filesystem::exists(folder.path("a.log"))) << "not delivered yet";
  sink.settling = true;
  ASSERT_TRUE(until([&] { return !std::filesystem::exists(folder.path("a.log")); }));
  folder.write("a.log", "three\n");
  ASSERT_TRUE(got("three"));
  EXPECT_THAT(sink.texts, ElementsAre("one", "two", "three"));
  ASSERT_TRUE(until([&] { return !std::filesystem::exists(folder.path("a.log")); }));
}

TEST_F(ModesTest, ReadsWhatAWriterAddsToADeletedFile) {
  options.delete_after_read = true;
  folder.write("a.log", "one\n");
  const Fd writer(::open(folder.path("a.log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  start();
  ASSERT_TRUE(until([&] { return !std::filesystem::exists(folder.path("a.log")); }));
  ASSERT_EQ(::write(writer.get(), "two\n", 4), 4);
  ASSERT_TRUE(got("two"));
}

TEST_F(ModesTest, LeavesLockedFilesAlone) {
  options.lock = true;
  folder.write("a.log", "one\n");
  const Fd owner(::open(folder.path("a.log").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(owner.get(), LOCK_EX), 0);
  folder.write("b.log", "two\n");
  start();
  ASSERT_TRUE(got("two"));
  EXPECT_THAT(sink.texts, ElementsAre("two"));
  ASSERT_EQ(::flock(owner.get(), LOCK_UN), 0);
  ASSERT_TRUE(got("one"));
  EXPECT_TRUE(until([&] { return ::flock(owner.get(), LOCK_EX | LOCK_NB) == 0; })) << "not held for good";
}

}  // namespace
}  // namespace gleaner::stanza::files
