#include "base/arena.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {

TEST(Arena, CopiesSurviveGrowthAndAdoption) {
  Arena arena;
  std::vector<std::string_view> views;
  views.reserve(5002);
  for (int i = 0; i < 5000; ++i) views.push_back(arena.copy("text " + std::to_string(i)));
  Arena other;
  views.push_back(other.copy("from another arena"));
  views.push_back(other.adopt(Bytes::copy("adopted")));
  arena.adopt(std::move(other));
  EXPECT_EQ(views[4999], "text 4999");
  EXPECT_EQ(views[5000], "from another arena");
  EXPECT_EQ(views[5001], "adopted");
  EXPECT_EQ(other.copy("still usable"), "still usable");  // NOLINT(bugprone-use-after-move): it says so
}

TEST(Arena, AlignsAndServesLargeRequests) {
  Arena arena;
  arena.allocate(1, 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(8, 16)) % 16, 0u);
  std::memset(arena.allocate(1 << 20, 8), 1, 1 << 20);
  EXPECT_GE(arena.held_bytes(), std::size_t{1} << 20);
}

TEST(List, KeepsOrderThroughGrowthAndErase) {
  Arena arena;
  List<int> list;
  for (int i = 0; i < 100; ++i) list.push_back(arena, i);
  list.erase(0);
  EXPECT_EQ(list.size(), 99u);
  EXPECT_EQ(list[0], 1);
  EXPECT_EQ(list.back(), 99);
}

}  // namespace
}  // namespace gleaner
