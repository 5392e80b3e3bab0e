#include "base/lasting.h"

#include <gtest/gtest.h>

#include <string>

namespace gleaner {
namespace {

TEST(Lasting, NamesOutliveTheirSourceAndAreKeptOnce) {
  std::string_view first, second;
  {
    std::string name(40, 'k');
    first = lasting(name);
    second = lasting(name);
    name.assign(40, 'x');
  }
  EXPECT_EQ(first, std::string(40, 'k'));
  EXPECT_EQ(first.data(), second.data());
  EXPECT_NE(lasting("other").data(), first.data());
}

}  // namespace
}  // namespace gleaner
