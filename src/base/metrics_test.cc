#include "base/metrics.h"

#include <gtest/gtest.h>

namespace gleaner::metrics {
namespace {

TEST(Registry, GivesThePlacesOfRemovedGaugesToOthers) {
  Registry registry;
  Counter& counter = registry.counter("kept", {}, "a counter");
  const auto first = registry.gauge("a", {}, "", [] { return 1.0; });
  const auto second = registry.gauge("b", {}, "", [] { return 2.0; });
  registry.remove(first);
  const auto third = registry.gauge(
      "c", {}, "", [] { return 3.0; }, true);
  EXPECT_EQ(third, first);
  EXPECT_EQ(registry.samples().size(), 3u);
  EXPECT_EQ(registry.sum("a"), 0);
  EXPECT_EQ(registry.sum("b"), 2);
  EXPECT_EQ(registry.sum("c"), 3);
  for (int i = 0; i < 1000; ++i) registry.remove(registry.gauge("x", {}, "", [] { return 1.0; }));
  EXPECT_EQ(registry.gauge("y", {}, "", [] { return 1.0; }), second + 1);
  counter.add(7);
  EXPECT_EQ(registry.sum("kept"), 7);
}

}  // namespace
}  // namespace gleaner::metrics
