#include "base/duration.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {
using namespace std::chrono_literals;

struct Case {
  std::string_view name, text;
  std::optional<std::chrono::nanoseconds> want;
};
class ParseDuration : public testing::TestWithParam<Case> {};

TEST_P(ParseDuration, MatchesGo) {
  const auto got = parse_duration(GetParam().text);
  ASSERT_EQ(got.has_value(), GetParam().want.has_value()) << GetParam().text;
  if (got)
    EXPECT_EQ(*got, *GetParam().want);
  else
    EXPECT_NE(got.error().what.find(GetParam().text), std::string::npos) << got.error().what;
}
INSTANTIATE_TEST_SUITE_P(Table, ParseDuration,
                         testing::ValuesIn<Case>({
                             {"poll_default", "200ms", 200ms},
                             {"two_units", "1m30s", 90s},
                             {"fraction", "1.5h", 90min},
                             {"fraction_without_whole", ".5s", 500ms},
                             {"whole_without_fraction", "1.s", 1s},
                             {"negative", "-5s", -5s},
                             {"zero", "0", 0ns},
                             {"micro_sign", "3\xC2\xB5s", 3us},
                             {"no_unit", "15", std::nullopt},
                             {"no_days", "1d", std::nullopt},
                             {"words", "5 parsecs", std::nullopt},
                             {"empty", "", std::nullopt},
                             {"out_of_range", "300000000h", std::nullopt},
                         }),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(FormatDuration, RoundTrips) {
  for (const auto value : {0ns, 1ns, 1500ns, std::chrono::nanoseconds(200ms), std::chrono::nanoseconds(90min),
                           std::chrono::nanoseconds(-1500ms)})
    EXPECT_EQ(*parse_duration(format_duration(value)), value) << format_duration(value);
  EXPECT_EQ(format_duration(90min), "1h30m0s");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
}

}  // namespace
}  // namespace gleaner
