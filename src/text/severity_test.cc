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

}  // namespace
}  // namespace gleaner::text
