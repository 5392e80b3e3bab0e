#include "text/glob.h"

#include <gtest/gtest.h>

namespace gleaner::text {
namespace {

struct Case {
  std::string_view pattern, path;
  bool want;
};
class GlobMatch : public testing::TestWithParam<Case> {};
TEST_P(GlobMatch, AgreesWithDoublestar) {
  const auto glob = Glob::compile(GetParam().pattern);
  ASSERT_TRUE(glob) << glob.error().what;
  EXPECT_EQ(glob->match(GetParam().path), GetParam().want) << GetParam().pattern << " " << GetParam().path;
}
INSTANTIATE_TEST_SUITE_P(Table, GlobMatch,
                         testing::ValuesIn<Case>({
                             {"*.log", "a.log", true},
                             {"*.log", ".hidden.log", true},
                             {"*.log", "d/a.log", false},
                             {"*", "", true},
                             {"", "", true},
                             {"a", "", false},
                             {"/var/log/pods/*/*/*.log", "/var/log/pods/ns_p_u/c/0.log", true},
                             {"/var/log/pods/*/*/*.log", "/var/log/pods/ns_p_u/0.log", false},
                             {"**/*.log", "1.log", true},
                             {"**/*.log", "a/b/1.log", true},
                             {"a/**", "a", true},
                             {"a/**", "a/b/c", true},
                             {"a/**/b", "a/b", true},
                             {"a/**/b", "a/x/y/b", true},
                             {"a/**/b", "a/xb", false},
                             {"a/**/**/b", "a/x/b", true},
                             {"a**b/c", "axxb/c", true},
                             {"a**b/c", "ax/xb/c", false},
                             {"**", "a/b", true},
                             {R"(a\/b)", "a/b", true},
                             {R"({x,a\/b}/*)", "a/b/c", true},
                             {R"(a\/**)", "a/b/c", true},
                             {R"(a\\/b)", R"(a\/b)", true},
                             {R"(a\\/b)", "a/b", false},
                             {"/a/**/x/*/y", "/a/x/x/1/y", true},
                             {"/a/**/x/*/y", "/a/x/1/2/y", false},
                             {"a?c", "abc", true},
                             {"a?c",
                              "a\xe6\x97\xa5"
                              "c",
                              true},
                             {"a?c", "a/c", false},
                             {"[a-c]x", "bx", true},
                             {"[^a-c]x", "bx", false},
                             {"[!a-c]x", "dx", true},
                             {"[\\]x]", "]", true},
                             {"[a-]", "-", true},
                             {"{a,b*}.log", "bcd.log", true},
                             {"{a,b*}.log", "c.log", false},
                             {"{a,{b,c}}/x", "c/x", true},
                             {"{a/**,b}/x", "a/q/x", true},
                             {"x{,y}", "x", true},
                             {"a\\*b", "a*b", true},
                             {"a\\*b", "axb", false},
                             {"a\\{b", "a{b", true},
                             {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
                             {"*.gz", "/var/log/x.gz", false},
                         }));

TEST(Glob, RefusesMalformedPatterns) {
  for (const std::string_view bad : {"[", "[]", "[]a]", "a[b", "{a", "a}", "x\\", "[^]"}) {
    const auto glob = Glob::compile(bad);
    ASSERT_FALSE(glob) << bad;
    EXPECT_NE(glob.error().what.find(bad), std::string::npos);
  }
  EXPECT_FALSE(Glob::compile("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"));
}

TEST(Glob, KnowsWhereAWalkStarts) {
  EXPECT_EQ(Glob::compile("/var/log/pods/*/*.log")->base(), "/var/log/pods");
  EXPECT_EQ(Glob::compile("*.log")->base(), "");
  EXPECT_EQ(Glob::compile("/*.log")->base(), "/");
  EXPECT_EQ(Glob::compile("/var/log/a.log")->base(), "/var/log");
  EXPECT_EQ(Glob::compile("logs/{a,b}/x")->base(), "logs");
}

TEST(Glob, PrunesDirectories) {
  const auto glob = *Glob::compile("/var/log/*/deep/*.log");
  EXPECT_TRUE(glob.may_hold("/"));
  EXPECT_TRUE(glob.may_hold("/var"));
  EXPECT_TRUE(glob.may_hold("/var/log/x"));
  EXPECT_TRUE(glob.may_hold("/var/log/x/deep"));
  EXPECT_FALSE(glob.may_hold("/var/log/x/shallow"));
  EXPECT_FALSE(glob.may_hold("/var/log/x/deep/y"));
  EXPECT_FALSE(glob.may_hold("/etc"));
  EXPECT_TRUE(Glob::compile("**/*.log")->may_hold("any/where"));
}

}  // namespace
}  // namespace gleaner::text
