#include "text/severity.h"

#include <gtest/gtest.h>

namespace gleaner::text {
namespace {

struct Case {
  std::string_view preset, text;
  int want;
};
class SeverityPreset : public testing::TestWithParam<Case> {};
TEST_P(SeverityPreset, Finds) {
  EXPECT_EQ(SeverityMap(GetParam().preset).find(GetParam().text), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, SeverityPreset,
                         testing::ValuesIn<Case>({
                             {"default", "error", 17},
                             {"default", "ERROR", 17},
                             {"default", "tRaCe3", 3},
                             {"default", "fAtAl4", 24},
                             {"default", "9", 9},
                             {"default", "Warning2", 14},
                             {"default", "ERR3", 19},
                             {"default", "critical", 0},
                             {"default", "Information", 0},
                             {"default", "", 0},
                             {"default", "25", 0},
                             {"no such preset", "err", 17},
                             {"otel", "err", 0},
                             {"aliases", "warn", 13},
                             {"none", "error", 0},
                         }));

TEST(SeverityMap, TakesWordsNumbersAndRanges) {
  SeverityMap map;
  map.add(17, "NOOOOOOO");
  map.add(13, "4xx");
  map.add(22, "");
  ASSERT_TRUE(map.add_range(5, 125, 120));
  EXPECT_EQ(map.find("nooooooo"), 17);
  EXPECT_EQ(map.find("404"), 13);
  EXPECT_EQ(map.find("500"), 0);
  EXPECT_EQ(map.find(""), 22);
  EXPECT_EQ(map.find("123"), 5);
  EXPECT_EQ(map.find("119"), 0);
  EXPECT_FALSE(map.add_range(5, 0, 1000000000));
  map.add(1, "error");  // the user's word wins
  EXPECT_EQ(map.find("error"), 1);
}

TEST(SeverityMap, KnowsKeysAndNames) {
  EXPECT_EQ(SeverityMap::key("ErRoR2"), 18);
  EXPECT_EQ(SeverityMap::key("18"), 18);
  EXPECT_EQ(SeverityMap::key("nonsense"), 0);
  EXPECT_EQ(severity_name(18), "ERROR2");
  EXPECT_EQ(severity_name(0), "");
  EXPECT_EQ(severity_name(25), "");
}

TEST(Severity, WordsOfEveryLengthAreFoundInAnyCaseAndNoOthers) {
  SeverityMap map("none");
  std::string word;
  for (int length = 0; length <= 70; ++length, word += static_cast<char>('a' + length % 26))
    map.add(length % 24 + 1, word);
  word.clear();
  for (int length = 0; length <= 70; ++length, word += static_cast<char>('a' + length % 26)) {
    std::string upper = word;
    for (char& c : upper) c = static_cast<char>(c - 32);
    EXPECT_EQ(map.find(word), length % 24 + 1) << length;
    EXPECT_EQ(map.find(upper), length % 24 + 1) << length;
    EXPECT_EQ(map.find(word + '?'), 0) << length;
    EXPECT_EQ(map.find(word + '\0'), 0) << length;
    if (length > 0) EXPECT_EQ(map.find(word.substr(1)), length == 1 ? 1 : 0) << length;
  }
}

TEST(Severity, OnlyLettersHaveCase) {
  SeverityMap map("none");
  map.add(5, "@[`{\xc1");
  EXPECT_EQ(map.find("@[`{\xc1"), 5);
  EXPECT_EQ(map.find("`[`{\xc1"), 0);
  EXPECT_EQ(map.find("@{`{\xc1"), 0);
  EXPECT_EQ(map.find("@[`{\xe1"), 0);
}

}  // namespace
}  // namespace gleaner::text
