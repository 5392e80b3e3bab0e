#include "stanza/files/finder.h"

#include <unistd.h>

#include <set>

#include "stanza/files/testing.h"

namespace gleaner::stanza::files {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace testing_support;

class FinderTest : public testing::Test {
 protected:
  Folder folder;
  FinderOptions options;
  Found found;

  void include(const std::string& pattern) {
    options.include.push_back(*text::Glob::compile(folder.path(pattern)));
  }
  void exclude(const std::string& pattern) {
    options.exclude.push_back(*text::Glob::compile(folder.path(pattern)));
  }
  /// Names below the folder.
  Texts find() {
    found = find_files(options, static_cast<std::int64_t>(unix_nanos()));
    Texts out;
    for (const auto& file : found.files) out.push_back(file.path.substr(folder.path().size() + 1));
    return out;
  }
  void age(const std::string& name, std::int64_t seconds) {
    const auto now = static_cast<std::time_t>(unix_nanos() / 1'000'000'000);
    const timespec times[2] = {{now - seconds, 0}, {now - seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder.path(name).c_str(), times, 0), 0);
  }
};

TEST_F(FinderTest, Globs) {  // F18
  folder.make("a/b");
  folder.make("c");
  for (const char* name : {"1.log", "a/1.log", "a/b/1.log", "c/1.log", ".hidden.log"})
    folder.write(name, "x");
  struct Row {
    const char* pattern;
    Texts names;
  };
  const Row rows[] = {
      {"**/*.log", {".hidden.log", "1.log", "a/1.log", "a/b/1.log", "c/1.log"}},
      {"*", {".hidden.log", "1.log"}},
      {"*/*.log", {"a/1.log", "c/1.log"}},
      {"a/**/*.log", {"a/1.log", "a/b/1.log"}},
      {"{a,c}/?.log", {"a/1.log", "c/1.log"}},
      {"[a-b]/**", {"a/1.log", "a/b/1.log"}},
      {"a/1.log", {"a/1.log"}},
      {"a/2.log", {}},
      {"nothing/**/*.log", {}},
      {"a", {}},
  };
  for (const auto& row : rows) {
    options.include.clear();
    include(row.pattern);
    EXPECT_EQ(find(), row.names) << row.pattern;
    EXPECT_THAT(found.errors, IsEmpty()) << row.pattern;
  }
}

TEST_F(FinderTest, FindsOnlySegmentsWhereGleanerExecWrites) {
  folder.make("app/.ack");
  folder.make("other/.ack");
  for (const char* name : {"app/.gleaner-exec", "app/.ack/file_log", "app/00000001.log", "other/.ack/a"})
    folder.write(name, "x");
  include("**");
  EXPECT_THAT(find(), ElementsAre("app/00000001.log", "other/.ack/a"));
}

TEST_F(FinderTest, Excludes) {
  for (const char* name : {"a1.log", "a2.log", "b1.log", "b2.log"}) folder.write(name, "x");
  include("*");
  exclude("a*.log");
  exclude("*2.log");
  EXPECT_THAT(find(), ElementsAre("b1.log"));
  options.exclude.clear();
  options.exclude.push_back(*text::Glob::compile("*.log"));  // whole paths only
  EXPECT_EQ(find().size(), 4u);
}

TEST_F(FinderTest, FindsAFileOnceWhateverTheNumberOfPatterns) {
  folder.write("a.log", "x");
  include("*.log");
  include("a.*");
  include("a.log");
  EXPECT_THAT(find(), ElementsAre("a.log"));
}

TEST_F(FinderTest, GoesOnBehindAFolderItMayNotRead) {  // F17
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  folder.make("closed");
  folder.make("open");
  folder.write("open/a.log", "x");
  ASSERT_EQ(::chmod(folder.path("closed").c_str(), 0), 0);
  include("**/*.log");
  EXPECT_THAT(find(), ElementsAre("open/a.log"));
  EXPECT_THAT(found.errors, ElementsAre(HasSubstr("closed: Permission denied")));
  ::chmod(folder.path("closed").c_str(), 0700);
}

TEST_F(FinderTest, FollowsLinks) {
  folder.make("real/deep");
  folder.write("real/deep/a.log", "x");
  folder.link("real/deep/a.log", "link.log");
  folder.link("real", "folder");
  folder.link("nowhere", "dangling.log");
  include("*.log");
  include("folder/**/*.log");
  EXPECT_THAT(find(), ElementsAre("folder/deep/a.log", "link.log"));
  EXPECT_EQ(found.files[0].identity, found.files[1].identity);
  EXPECT_THAT(found.errors, IsEmpty());
}

TEST_F(FinderTest, LinksThatLeadAroundEnd) {
  // Three links back to the top: without a memory of where it is, a walk 64 deep would take 3^64 steps.
  folder.make("a");
  folder.write("a/1.log", "x");
  for (const char* name : {"a/x", "a/y", "a/z"}) folder.link("", name);
  include("**/*.log");
  EXPECT_THAT(find(), ElementsAre("a/1.log"));
}

TEST_F(FinderTest, OnlyRegularFiles) {
  ASSERT_EQ(::mkfifo(folder.path("pipe.log").c_str(), 0600), 0);
  folder.make("folder.log");
  folder.write("a.log", "x");
  include("*.log");
  EXPECT_THAT(find(), ElementsAre("a.log"));
}

TEST_F(FinderTest, NamesTheFoldersToWatch) {
  folder.make("a/b");
  folder.write("a/b/1.log", "x");
  include("a/**/*.log");
  find();
  EXPECT_THAT(found.directories, ElementsAre(folder.path("a"), folder.path("a/b")));
  options.include.clear();
  include("later/deep/*.log");
  find();
  EXPECT_THAT(found.directories, ElementsAre(folder.path()));  // where it will show up
}

TEST_F(FinderTest, MarksOldFiles) {
  folder.write("old.log", "x");
  folder.write("new.log", "x");
  age("old.log", 3600);
  include("*.log");
  options.exclude_older_than = 60'000'000'000;
  ASSERT_THAT(find(), ElementsAre("new.log", "old.log"));
  EXPECT_FALSE(found.files[0].too_old);
  EXPECT_TRUE(found.files[1].too_old);
}

class OrderingTest : public FinderTest {
 protected:
  Ordering ordering;
  void by(Ordering::By kind, const std::string& key, bool ascending = false, const char* layout = nullptr) {
    Ordering::Sort sort;
    sort.by = kind;
    sort.key = key;
    sort.ascending = ascending;
    if (layout) sort.layout = *text::TimeLayout::strptime(layout);
    ordering.sorts.push_back(std::move(sort));
  }
  Texts ordered() {
    options.ordering.emplace(std::move(ordering));
    return find();
  }
};

TEST_F(OrderingTest, NumericDescendingAndTheFirst) {
  for (const char* name : {"err.2.log", "err.10.log", "err.9.log", "err.x.log", "other.log"})
    folder.write(name, "x");
  include("*.log");
  ordering.regex = *text::Regex::compile(R"(err\.(?P<n>\w+)\.log)");
  by(Ordering::By::numeric, "n");
  EXPECT_THAT(ordered(), ElementsAre("err.10.log"));
}

TEST_F(OrderingTest, AlphabeticalAscending) {
  for (const char* name : {"c.log", "a.log", "b.log"}) folder.write(name, "x");
  include("*.log");
  ordering.regex = *text::Regex::compile(R"((?P<n>\w+)\.log$)");
  ordering.top_n = 2;
  by(Ordering::By::alphabetical, "n", true);
  EXPECT_THAT(ordered(), ElementsAre("a.log", "b.log"));
}

TEST_F(OrderingTest, Timestamps) {
  for (const char* name : {"x.2023020611.log", "x.2023020612.log", "x.2023020610.log", "x.bad.log"})
    folder.write(name, "x");
  include("*.log");
  ordering.regex = *text::Regex::compile(R"(x\.(?P<t>\w+)\.log)");
  ordering.top_n = 9;
  by(Ordering::By::timestamp, "t", false, "%Y%m%d%H");
  EXPECT_THAT(ordered(), ElementsAre("x.2023020612.log", "x.2023020611.log", "x.2023020610.log"));
}

TEST_F(OrderingTest, ModificationTimesWithinGroups) {
  for (const char* name : {"a.1.log", "a.2.log", "b.1.log", "b.2.log"}) folder.write(name, "x");
  age("a.1.log", 10);
  age("a.2.log", 20);
  age("b.1.log", 40);
  age("b.2.log", 30);
  include("*.log");
  ordering.group_by = *text::Regex::compile(R"((\w)\.\d\.log)");
  by(Ordering::By::mtime, "");
  EXPECT_THAT(ordered(), ElementsAre("a.1.log", "b.2.log"));
}

TEST_F(OrderingTest, TheLastSortRules) {
  for (const char* name : {"1-b.log", "2-a.log", "1-a.log"}) folder.write(name, "x");
  include("*.log");
  ordering.regex = *text::Regex::compile(R"((?P<n>\d)-(?P<l>\w)\.log)");
  ordering.top_n = 9;
  by(Ordering::By::alphabetical, "l", true);
  by(Ordering::By::numeric, "n", true);
  EXPECT_THAT(ordered(), ElementsAre("1-a.log", "1-b.log", "2-a.log"));
}

TEST_F(FinderTest, LanesShareFilesByDirectory) {
  for (int i = 0; i < 20; ++i) {
    const std::string pod = "pod" + std::to_string(i);
    folder.make(pod);
    folder.write(pod + "/0.log", "x");
    folder.write(pod + "/0.log.1", "x");
    ASSERT_EQ(::symlink(folder.path(pod + "/0.log").c_str(), folder.path(pod + ".log").c_str()), 0);
  }
  include("**/*.log*");
  std::set<std::string> all;
  std::size_t most = 0;
  for (std::size_t lane = 0; lane < 3; ++lane) {
    options.share = {lane, 3};
    const Texts mine = find();
    EXPECT_TRUE(found.any);
    most = std::max(most, mine.size());
    for (const auto& name : mine) {
      EXPECT_TRUE(all.insert(name).second) << name << " is on two lanes";
      if (!name.ends_with("/0.log")) continue;
      const std::string pod = name.substr(0, name.find('/'));
      EXPECT_THAT(mine, testing::Contains(pod + "/0.log.1"))
          << "what rotation makes of a file stays on its lane";
      EXPECT_THAT(mine, testing::Contains(pod + ".log")) << "a link to it, too";
    }
  }
  EXPECT_EQ(all.size(), 60u);
  EXPECT_LT(most, 60u) << "one lane has everything";
}

}  // namespace
}  // namespace gleaner::stanza::files
