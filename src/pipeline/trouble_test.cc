#include "pipeline/trouble.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {
using namespace std::chrono_literals;

std::vector<Trouble> told(const Troubles& troubles, Duration at) {
  std::vector<Trouble> all;
  troubles.tell(all, "logs", "exporter a", TimePoint{at});
  return all;
}
Error error(std::string what, Fault fault = Fault::retryable) { return {fault, std::move(what)}; }

TEST(Troubles, LastFromTheFirstFailureToTheNextSuccess) {
  Troubles troubles;
  EXPECT_TRUE(told(troubles, 1s).empty());
  troubles.failed(TimePoint{10s}, error("first"));
  troubles.failed(TimePoint{15s}, error("second"));
  auto all = told(troubles, 20s);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].since, 10s);
  EXPECT_EQ(all[0].why, "second");
  EXPECT_EQ(all[0].part, "exporter a");
  EXPECT_FALSE(all[0].refusing);
  troubles.worked();
  EXPECT_TRUE(told(troubles, 21s).empty());
  troubles.failed(TimePoint{30s}, error(std::string(100'000, 'x')));
  all = told(troubles, 31s);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].since, 1s);
  EXPECT_EQ(all[0].why.size(), 200u);
}

TEST(Troubles, OfRefusalsAreOverAfterAPause) {
  Troubles troubles;
  troubles.refused(TimePoint{10s}, "full");
  troubles.refused(TimePoint{19s}, "full");
  auto all = told(troubles, 28s);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].since, 18s);
  EXPECT_TRUE(all[0].refusing);
  EXPECT_TRUE(told(troubles, 29s).empty());
  troubles.refused(TimePoint{30s}, "full");
  all = told(troubles, 32s);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].since, 2s);
  troubles.took();
  EXPECT_TRUE(told(troubles, 33s).empty());
}

TEST(Troubles, AnAnswerThatMayComeAgainIsARefusal) {
  Troubles troubles;
  troubles.answered(TimePoint{10s}, fail(error("bad data", Fault::permanent)));
  EXPECT_TRUE(told(troubles, 11s).empty());
  troubles.answered(TimePoint{12s}, fail(error("away")));
  EXPECT_EQ(told(troubles, 13s).size(), 1u);
  troubles.answered(TimePoint{14s}, {});
  EXPECT_TRUE(told(troubles, 15s).empty());
}

}  // namespace
}  // namespace gleaner
