#include "k8s/pod_list.h"

#include <gtest/gtest.h>

#include "k8s/testing.h"

namespace gleaner::k8s {
namespace {

TEST(ReadPodList, ReadsWhatAKubeletSaid) {
  Arena arena;
  const auto got = read_pod_list(testing_support::recorded("pods.json"), arena);
  ASSERT_TRUE(got) << got.error().what;
  ASSERT_EQ(got->pods.size(), 3u);
  const Pod* pod = got->find("87eeb3f9-a934-49e4-95bb-64a0bd350dd5");
  ASSERT_TRUE(pod);
  ASSERT_TRUE(pod->container("app"));
  EXPECT_DOUBLE_EQ(pod->container("app")->cpu_limit, 0.2);
  EXPECT_EQ(pod->container("app")->memory_limit, 128 << 20);
  EXPECT_FALSE(pod->container("sidecar")) << "init containers do not count for requests and limits";
  ASSERT_TRUE(pod->status("sidecar")) << "but have an id";
  EXPECT_TRUE(pod->status("sidecar")->id.starts_with("containerd://"));
  ASSERT_TRUE(pod->volume("scratch"));
  EXPECT_EQ(pod->volume("scratch")->source.type, "emptyDir");
  EXPECT_FALSE(got->find("nobody"));
}

struct Case {
  std::string_view source, type, claim;
};
class VolumeKinds : public testing::TestWithParam<Case> {};
TEST_P(VolumeKinds, AreNamedAsTheReferenceDoes) {
  Arena arena;
  const auto got = read_pod_list(R"({"items":[{"metadata":{"uid":"u"},"spec":{"volumes":[{)" +
                                     std::string(GetParam().source) + R"(,"name":"v"}]}}]})",
                                 arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->pods[0].volume("v")->source.type, GetParam().type);
  EXPECT_EQ(got->pods[0].volume("v")->source.claim, GetParam().claim);
}
INSTANTIATE_TEST_SUITE_P(
    Table, VolumeKinds,
    testing::ValuesIn<Case>({
        {R"("configMap":{"name":"c"})", "configMap", ""},
        {R"("emptyDir":{})", "emptyDir", ""},
        {R"("emptyDir":null)", "", ""},
        {R"("projected":{})", "", ""},
        {R"("persistentVolumeClaim":{"claimName":"data"})", "persistentVolumeClaim", "data"},
        {R"("hostPath":{"path":"/x"},"secret":{})", "secret", ""},  // the earlier kind wins
        {R"("awsElasticBlockStore":{"volumeID":"v"})", "awsElasticBlockStore", ""},
    }));

TEST(ReadPodList, RefusesBadQuantities) {
  Arena arena;
  const auto got = read_pod_list(
      R"({"items":[{"spec":{"containers":[{"resources":{"limits":{"cpu":"fast"}}}]}}]})", arena);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().what.find("\"fast\""), std::string::npos);
}

TEST(ReadPodList, TakesBareNumbersAsQuantities) {
  Arena arena;
  const auto got = read_pod_list(
      R"({"items":[{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":2,"memory":null}}}]}}]})",
      arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->pods[0].container("a")->cpu_limit, 2);
}

TEST(StripRuntime, TakesTheSchemeOff) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"containerd://abc", "abc"}, {"cri-o://abc", "abc"}, {"abc", "abc"},
      {"://abc", "://abc"},        {"a b://c", "a b://c"}, {"", ""}};
  for (const auto& [from, want] : cases) EXPECT_EQ(strip_runtime(from), want);
}

TEST(ReadPodList, AmountsMayHaveBlanksAroundThemAndNullIsNone) {
  Arena arena;
  const auto got = read_pod_list(
      R"({"items":[{"metadata":{"uid":"u"},"spec":{"containers":[{"name":"a",
          "resources":{"limits":{"cpu":" 1 ","memory":"5","memory":null},"requests":{"cpu":2}}}]}}]})",
      arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->pods[0].container("a")->cpu_limit, 1);
  EXPECT_EQ(got->pods[0].container("a")->memory_limit, 0);
  EXPECT_EQ(got->pods[0].container("a")->cpu_request, 2);
  EXPECT_FALSE(
      read_pod_list(R"({"items":[{"spec":{"containers":[{"resources":{"limits":{"cpu":""}}}]}}]})", arena));
}

TEST(ReadPodList, OfARepeatedListTheLastOneCounts) {
  Arena arena;
  const auto got = read_pod_list(
      R"({"items":[{"metadata":{"uid":"u"},
          "spec":{"containers":[{"name":"a"}],"containers":[{"name":"b","resources":{"limits":{"cpu":1,"memory":5},"limits":null}}],
                  "volumes":[{"name":"v","emptyDir":{}}],"volumes":null},
          "status":{"containerStatuses":[{"name":"a","containerID":"x"}],"containerStatuses":[{"name":"b","containerID":"y"}]}}]})",
      arena);
  ASSERT_TRUE(got) << got.error().what;
  const Pod& pod = got->pods[0];
  EXPECT_FALSE(pod.container("a"));
  ASSERT_TRUE(pod.container("b"));
  EXPECT_EQ(pod.container("b")->cpu_limit, 0);
  EXPECT_EQ(pod.container("b")->memory_limit, 0);
  EXPECT_FALSE(pod.volume("v"));
  EXPECT_FALSE(pod.status("a"));
  EXPECT_TRUE(pod.status("b"));
}

}  // namespace
}  // namespace gleaner::k8s
