#include "capture/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace gleaner::capture {
namespace {

TEST(Scan, FindsTheFirstNewlineAtEveryPlace) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string none(size, 'x');
    EXPECT_EQ(newline_in(none), size);
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = none;
      text[at] = '\n';
      if (at + 3 < size) text[at + 3] = '\n';
      EXPECT_EQ(newline_in(text), at);
    }
  }
}

TEST(Scan, CountsNewlines) {
  std::uint32_t random = 1;
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 4079U, 4080U, 4096U, 70000U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
      random = random * 1664525 + 1013904223;
      text += random >> 30 ? 'x' : '\n';
    }
    EXPECT_EQ(newlines_in(text), static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n')));
    const std::string all(size, '\n');
    EXPECT_EQ(newlines_in(all), size);
  }
}

TEST(Scan, CopiesEverySizeAndNothingElse) {
  for (std::size_t size = 0; size < 1100; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 23);
    std::string to(size + 2, '#');
    EXPECT_EQ(copy(to.data() + 1, text), to.data() + 1 + size);
    EXPECT_EQ(to, "#" + text + "#");
  }
}

}  // namespace
}  // namespace gleaner::capture
