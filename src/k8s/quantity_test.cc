#include "k8s/quantity.h"

#include <gtest/gtest.h>

namespace gleaner::k8s {
namespace {

struct Case {
  std::string_view text;
  double real;
  std::int64_t whole;
};
class ParseQuantity : public testing::TestWithParam<Case> {};

TEST_P(ParseQuantity, GivesBothReadings) {
  const auto& want = GetParam();
  const auto got = Quantity::parse(want.text);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_DOUBLE_EQ(got->real(), want.real) << want.text;
  EXPECT_EQ(got->whole(), want.whole) << want.text;
  const auto again = Quantity::parse(got->format());
  ASSERT_TRUE(again) << got->format();
  EXPECT_TRUE(again->nanos() == got->nanos()) << want.text << " became " << got->format();
}

INSTANTIATE_TEST_SUITE_P(Table, ParseQuantity,
                         testing::ValuesIn<Case>({
                             {"0", 0, 0},
                             {"100m", 0.1, 1},
                             {"2", 2, 2},
                             {"+2", 2, 2},
                             {"-1.5", -1.5, -2},
                             {".5", 0.5, 1},
                             {"5.", 5, 5},
                             {"0.1", 0.1, 1},
                             {"1.5Gi", 1610612736, 1610612736},
                             {"128974848000m", 128974848, 128974848},
                             {"129M", 129e6, 129000000},
                             {"128Mi", 134217728, 134217728},
                             {"1k", 1000, 1000},
                             {"1Ki", 1024, 1024},
                             {"1E", 1e18, 1000000000000000000},
                             {"1Ei", 1152921504606846976.0, 1152921504606846976},
                             {"2e3", 2000, 2000},
                             {"2E+3", 2000, 2000},
                             {"12e-1", 1.2, 2},
                             {"1n", 1e-9, 1},
                             {"1u", 1e-6, 1},
                             {"0.0000000001", 1e-9, 1},  // finer than a nano: rounded up
                             {"1e-400", 1e-9, 1},
                             {"0e400", 0, 0},
                             {"9223372036854775807", 9223372036854775807.0, INT64_MAX},
                             {"9223372036854775808", 9223372036854775807.0, INT64_MAX},  // the limit
                             {"8Ei", 9223372036854775807.0, INT64_MAX},
                             {"100E", 9223372036854775807.0, INT64_MAX},
                             {"1e900", 9223372036854775807.0, INT64_MAX},
                             {"0.000000001Ei", 1152921504.606846976, 1152921505},
                             {"12345678901.000000001", 12345678901.000000001, 12345678902},
                             {"100000000000000000000000000000e-29", 1, 1},
                         }));

TEST(ParseQuantity, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "-", "m", "Gi", "1 ", " 1", "1x", "1mm", "1Kib", "1ki", "1K", "1e",
                                      "1e1.5", "1.5.2", "0x10", "1,5"}) {
    const auto got = Quantity::parse(text);
    ASSERT_FALSE(got) << text;
    EXPECT_NE(got.error().what.find("\"" + std::string(text) + "\""), std::string::npos);
  }
}

}  // namespace
}  // namespace gleaner::k8s
