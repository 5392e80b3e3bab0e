#include "base/shortest.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

namespace gleaner {
namespace {

std::string by_library(double value, std::chars_format form) {
  char digits[400];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, form);
  return {digits, end};
}

TEST(Shortest, Fixed) {
  const auto is = [](double value) { return shortest(value, DoubleForm::fixed); };
  EXPECT_EQ(is(0), "0");
  EXPECT_EQ(is(-0.0), "-0");
  EXPECT_EQ(is(1), "1");
  EXPECT_EQ(is(-1500), "-1500");
  EXPECT_EQ(is(19.9), "19.9");
  EXPECT_EQ(is(0.000015), "0.000015");
  EXPECT_EQ(is(0.1), "0.1");
  EXPECT_EQ(is(1e22), "1" + std::string(22, '0'));
  EXPECT_EQ(is(123456789012345683968.0),
            "123456789012345680000");  // as Go and JavaScript: no digits that mean nothing
  EXPECT_EQ(is(5e-324), "0." + std::string(323, '0') + "5");
}

TEST(Shortest, Scientific) {
  const auto is = [](double value) { return shortest(value, DoubleForm::scientific); };
  EXPECT_EQ(is(0), "0e+00");
  EXPECT_EQ(is(1.5e-9), "1.5e-09");
  EXPECT_EQ(is(-1e100), "-1e+100");
  EXPECT_EQ(is(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

TEST(Shortest, IsWhatTheLibraryWrites) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto value =
        i % 2 ? std::bit_cast<double>(random())
              : static_cast<double>(random() % 10'000'000) / static_cast<double>(1 + random() % 100'000);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(shortest(value, DoubleForm::scientific), by_library(value, std::chars_format::scientific));
    if (std::fabs(value) < 1e15)
      ASSERT_EQ(shortest(value, DoubleForm::fixed), by_library(value, std::chars_format::fixed));
  }
}

}  // namespace
}  // namespace gleaner
