#include "k8s/own_pod.h"

#include <gtest/gtest.h>

#include "k8s/pod_list.h"
#include "k8s/summary.h"
#include "k8s/testing.h"

namespace gleaner::k8s {
namespace {

constexpr std::string_view kTwo =
    R"({"node": {"nodeName":"n"}, "pods":[{"podRef":{"name":"a","uid":"u-a"}, "x" : 1},{"podRef":{"name":"b","uid":"u-b"}}]})";

std::string summary(std::string_view text, std::string_view uid, NodeShare share) {
  const auto cut = own_summary(text, uid, share);
  return cut ? std::string(cut->view()) : cut.error().what;
}

TEST(OwnPod, ItsPartOfASummaryStaysAsItIs) {
  EXPECT_EQ(summary(kTwo, "u-a", NodeShare::never),
            R"({"pods":[{"podRef":{"name":"a","uid":"u-a"}, "x" : 1}]})");
  EXPECT_EQ(summary(kTwo, "u-a", NodeShare::always),
            R"({"node":{"nodeName":"n"},"pods":[{"podRef":{"name":"a","uid":"u-a"}, "x" : 1}]})");
}

TEST(OwnPod, IsToldOfTheNodeWhenItIsAloneThere) {
  constexpr std::string_view kOne = R"({"node":{"nodeName":"n"},"pods":[{"podRef":{"uid":"u-a"}}]})";
  EXPECT_EQ(summary(kTwo, "u-a", NodeShare::alone),
            R"({"pods":[{"podRef":{"name":"a","uid":"u-a"}, "x" : 1}]})");
  EXPECT_EQ(summary(kOne, "u-a", NodeShare::alone), kOne);
  EXPECT_EQ(summary(kOne, "u-b", NodeShare::alone), R"({"pods":[]})") << "another pod is there, not this one";
}

TEST(OwnPod, IsNobodyWithoutAUid) {
  EXPECT_EQ(summary(R"({"pods":[{"podRef":{}},{"podRef":{"uid":""}},{}]})", "", NodeShare::never),
            R"({"pods":[]})");
  EXPECT_EQ(summary(R"({"pods":null})", "u", NodeShare::never), R"({"pods":[]})");
}

TEST(OwnPod, NamesElsewhereDoNotCount) {
  // A container or label may be called as somebody's uid.
  EXPECT_EQ(
      summary(R"({"pods":[{"podRef":{"uid":"u-b"},"containers":[{"uid":"u-a","podRef":{"uid":"u-a"}}]}]})",
              "u-a", NodeShare::never),
      R"({"pods":[]})");
}

TEST(OwnPod, BrokenDocumentsAreRefused) {
  EXPECT_FALSE(own_summary(R"({"pods":[{"podRef":{"uid":"u"}})", "u", NodeShare::never));
  EXPECT_FALSE(own_pod_list("[]", "u"));
  EXPECT_FALSE(own_pod_list("", "u"));
}

TEST(OwnPod, RealDocumentsHaveOneOfEach) {
  const std::string text = testing_support::recorded("stats-summary.json");
  Arena arena;
  const auto all = read_summary(text, arena);
  ASSERT_TRUE(all && all->pods.size() > 1);
  for (const auto& pod : all->pods) {
    const auto own = own_summary(text, pod.uid, NodeShare::never);
    ASSERT_TRUE(own);
    const auto read = read_summary(own->view(), arena);
    ASSERT_TRUE(read && read->pods.size() == 1);
    EXPECT_EQ(read->pods.begin()->uid, pod.uid);
    EXPECT_EQ(read->pods.begin()->memory.working_set, pod.memory.working_set);
    EXPECT_TRUE(read->node.name.empty());
  }
  const std::string pods = testing_support::recorded("pods.json");
  const auto list = read_pod_list(pods, arena);
  ASSERT_TRUE(list && !list->pods.empty());
  const auto one = own_pod_list(pods, list->pods.begin()->uid);
  ASSERT_TRUE(one);
  const auto read = read_pod_list(one->view(), arena);
  ASSERT_TRUE(read && read->pods.size() == 1);
  EXPECT_EQ(read->pods.begin()->containers.size(), list->pods.begin()->containers.size());
}

}  // namespace
}  // namespace gleaner::k8s
