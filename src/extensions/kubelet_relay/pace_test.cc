#include "extensions/kubelet_relay/pace.h"

#include <gtest/gtest.h>

namespace gleaner::extensions::kubelet_relay {
namespace {
using namespace std::chrono_literals;

struct Outcome {
  int at_once = 0, waited = 0, refused = 0;
  Duration longest{0};
};

Outcome flood(Pace& pace, const std::string& pod, TimePoint now, int requests) {
  Outcome found;
  for (int i = 0; i < requests; ++i) {
    const auto wait = pace.admit(pod, now);
    if (!wait)
      ++found.refused;
    else if (*wait == Duration{0})
      ++found.at_once;
    else
      ++found.waited;
    if (wait) found.longest = std::max(found.longest, *wait);
  }
  return found;
}

TEST(Pace, TwoSecondsWorthAtOnceThenWaitingThenNothing) {
  Pace pace(50);
  const TimePoint now{1000s};
  const auto got = flood(pace, "a", now, 1000);
  EXPECT_EQ(got.at_once, 100);
  EXPECT_EQ(got.waited, 50);
  EXPECT_EQ(got.refused, 850);
  EXPECT_EQ(got.longest, 1s);
}

TEST(Pace, OnePodDoesNotSlowAnother) {
  Pace pace(50);
  const TimePoint now{1000s};
  flood(pace, "a", now, 1000);
  EXPECT_EQ(flood(pace, "b", now, 100).at_once, 100);
}

TEST(Pace, WhatWasRefusedCostsNothing) {
  Pace pace(50);
  TimePoint now{1000s};
  flood(pace, "a", now, 100000);
  now += 1s;
  EXPECT_EQ(flood(pace, "a", now, 1000).waited, 50) << "what a second gives, and no debt";
  now += 3s;
  EXPECT_EQ(flood(pace, "a", now, 1000).at_once, 100) << "all paid";
}

TEST(Pace, ASteadyPodNeverWaits) {
  Pace pace(10);
  TimePoint now{1000s};
  for (int i = 0; i < 1000; ++i, now += 100ms) ASSERT_EQ(pace.admit("a", now), Duration{0}) << i;
}

TEST(Pace, NoLimit) {
  Pace pace(0);
  EXPECT_EQ(flood(pace, "a", TimePoint{1000s}, 10000).at_once, 10000);
}

TEST(Pace, RemembersBoundedlyManyPods) {
  Pace pace(1);
  const TimePoint now{1000s};
  for (int i = 0; i < 20000; ++i) EXPECT_EQ(pace.admit(std::to_string(i), now), Duration{0});
}

}  // namespace
}  // namespace gleaner::extensions::kubelet_relay
