#include "text/regex.h"

#include <gtest/gtest.h>

namespace gleaner::text {
namespace {

TEST(Regex, NamesGroupsInBothSpellings) {
  const auto re = Regex::compile(R"(^(?P<k>\w+)=(?<v>\w*)(x)?$)");
  ASSERT_TRUE(re) << re.error().what;
  ASSERT_EQ(re->groups(), 3);
  ASSERT_EQ(re->names().size(), 2u);
  EXPECT_EQ(re->names()[1].name, "v");
  std::string_view groups[4];
  ASSERT_TRUE(re->match("a=", groups));
  EXPECT_EQ(groups[1], "a");
  EXPECT_EQ(groups[2], "");
  EXPECT_NE(groups[2].data(), nullptr);
  EXPECT_EQ(groups[3].data(), nullptr);
}

TEST(Regex, LaterOfTwoEqualNamesWins) {
  const auto re = Regex::compile(R"((?P<n>a)|(?P<n>b))");
  ASSERT_TRUE(re);
  ASSERT_EQ(re->names().size(), 1u);
  EXPECT_EQ(re->names()[0].group, 2);
}

TEST(Regex, CountsOnlyRealParentheses) {
  const auto re = Regex::compile(R"([(](?:a)\((?i)\Q(\E[[:alpha:](](?P<n>x))");
  ASSERT_TRUE(re) << re.error().what;
  EXPECT_EQ(re->groups(), 1);
  EXPECT_EQ(re->names()[0].group, 1);
}

TEST(Regex, SearchesFromAnOffsetWithItsContext) {
  const auto re = *Regex::compile("^a");
  EXPECT_TRUE(re.search("ab"));
  EXPECT_FALSE(re.search("aa", 1));
  EXPECT_TRUE((*Regex::compile("^a", {.multi_line = true})).search("b\na", 1));
}

TEST(Regex, LatinModeMatchesRawBytes) {
  EXPECT_FALSE(Regex::compile("a.b", {.latin1 = true})
                   ->search("a\xc3\xa4"
                            "b"));
  EXPECT_TRUE(Regex::compile("a.b", {.latin1 = true})
                  ->search("a\xff"
                           "b"));
}

struct Bad {
  std::string_view pattern, words;
};
class RegexError : public testing::TestWithParam<Bad> {};
TEST_P(RegexError, SpeaksLikeGo) {
  const auto re = Regex::compile(GetParam().pattern);
  ASSERT_FALSE(re) << GetParam().pattern;
  EXPECT_NE(re.error().what.find(GetParam().words), std::string::npos) << re.error().what;
  EXPECT_NE(re.error().what.find(GetParam().pattern), std::string::npos) << re.error().what;
}
INSTANTIATE_TEST_SUITE_P(Table, RegexError,
                         testing::ValuesIn<Bad>({
                             {"())()", "unexpected )"},
                             {"a**", "invalid nested repetition operator: `**`"},
                             {"(a", "missing closing ): `(a`"},
                             {"[a", "missing closing ]: `[a`"},
                             {"(?=a)", "invalid or unsupported Perl syntax"},
                             {"(?<=a)", "invalid or unsupported Perl syntax"},
                             {"\\h", "invalid escape sequence: `\\h`"},
                             {"\\C", "invalid escape sequence: `\\C`"},
                             {"a{1001}", "invalid repeat count"},
                             {"(?P<>a)", "invalid named capture"},
                             {"(?P<x y>a)", "invalid named capture: `(?P<x y>`"},
                             {"*a", "missing argument to repetition operator: `*`"},
                         }));

TEST(Regex, TakesABadByteForACharacter) {
  const auto re = Regex::compile("(.)(x?)$");
  ASSERT_TRUE(re);
  std::string_view groups[3];
  const std::string_view text = "\xc3\xa4\xff\xfex";
  ASSERT_TRUE(re->match(text, groups));
  EXPECT_EQ(groups[1], "\xfe");
  EXPECT_EQ(groups[1].data(), text.data() + 3);
  EXPECT_EQ(groups[2], "x");
  EXPECT_TRUE(Regex::compile("^\\S")->search("\xff"));
  EXPECT_FALSE(Regex::compile("^\\S", {.latin1 = true, .multi_line = false})->search(" \xff"));
}

struct Swap {
  std::string_view pattern, with, text, want;
};
class RegexReplace : public testing::TestWithParam<Swap> {};
TEST_P(RegexReplace, ExpandsLikeGo) {
  const auto re = Regex::compile(GetParam().pattern);
  ASSERT_TRUE(re) << re.error().what;
  std::string out;
  Replacement(*re, GetParam().with).replace_all(*re, GetParam().text, out);
  EXPECT_EQ(out, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, RegexReplace,
                         testing::ValuesIn<Swap>({
                             {R"((\d+)-(\d+))", "$2/${1}", "a 1-2 b 3-4", "a 2/1 b 4/3"},
                             {"(a)", "$1x", "a", ""},
                             {"(a)", "${1}x", "a", "ax"},
                             {"(?P<n>a)", "<${n}|$n>", "bab", "b<a|a>b"},
                             {"a", "$$", "a", "$"},
                             {"a", "$", "a", "$"},
                             {"a", "${1", "a", "${1"},
                             {"a*", "X", "baac", "XbXcX"},
                             {"", "-",
                              "\xe6\x97\xa5"
                              "b",
                              "-\xe6\x97\xa5-b-"},
                             {"x", "y", "", ""},
                             {"^", "y", "", "y"},
                             {"(a)|(b)", "[$1$2]", "ab", "[a][b]"},
                         }));

}  // namespace
}  // namespace gleaner::text
