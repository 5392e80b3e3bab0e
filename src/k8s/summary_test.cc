#include "k8s/summary.h"

#include <gtest/gtest.h>

#include "k8s/testing.h"

namespace gleaner::k8s {
namespace {

TEST(ReadSummary, ReadsWhatAKubeletSaid) {
  const std::string json = testing_support::recorded("stats-summary.json");
  Arena arena;
  const auto got = read_summary(json, arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->node.name, "fargate-node-a");
  EXPECT_EQ(got->node.start_time, 1795399446000000000u);
  EXPECT_EQ(got->node.cpu.usage_core_nano_seconds, 3002245233840u);
  EXPECT_EQ(got->node.max_pid, 192730u);
  EXPECT_EQ(got->node.network.main.name, "");
  EXPECT_FALSE(got->node.network.main.rx_bytes);
  ASSERT_EQ(got->node.network.interfaces.size(), 2u);
  EXPECT_EQ(got->node.network.interfaces[0].tx_bytes, 984u);
  ASSERT_EQ(got->node.system_containers.size(), 1u);
  ASSERT_FALSE(got->pods.empty());
  const auto& pod = got->pods[0];
  EXPECT_EQ(pod.name, "web");
  EXPECT_EQ(pod.name_space, "shop");
  EXPECT_EQ(pod.uid, "87eeb3f9-a934-49e4-95bb-64a0bd350dd5");
  EXPECT_EQ(pod.containers[0].name, "sidecar");
  EXPECT_EQ(pod.containers[0].logs_used, 4096u);
  EXPECT_EQ(pod.containers[0].memory.page_faults, 2272u);
  EXPECT_FALSE(pod.containers[0].memory.available);
}

TEST(ReadSummary, ReadsTheShortDocument) {
  Arena arena;
  const auto got = read_summary(testing_support::recorded("stats-summary-only-cpu-and-memory.json"), arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_FALSE(got->node.fs.capacity);
  EXPECT_TRUE(got->node.cpu.usage_nano_cores);
}

TEST(ReadSummary, RefusesEveryTruncation) {
  const std::string json = testing_support::recorded("stats-summary.json");
  const auto end = json.find_last_of('}');
  ASSERT_NE(end, std::string::npos);
  for (std::size_t size = 0; size <= end; size += size < 3000 ? 1 : 97) {
    Arena arena;
    const auto got = read_summary(std::string_view(json).substr(0, size), arena);
    ASSERT_FALSE(got) << size;
    EXPECT_EQ(got.error().what, "unexpected end of JSON input") << size;
  }
}

TEST(ReadSummary, TellsAbsenceFromZero) {
  Arena arena;
  const auto got = read_summary(
      R"({"node":{"startTime":null,"cpu":null,"memory":{"usageBytes":0,"rssBytes":null}},"pods":null,"future":[{}]})",
      arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->node.start_time, kNoTime);
  EXPECT_EQ(got->node.memory.usage, 0u);
  EXPECT_FALSE(got->node.memory.rss);
  EXPECT_FALSE(got->node.cpu.usage_nano_cores);
  EXPECT_TRUE(got->pods.empty());
}

TEST(ReadSummary, RefusesWrongTypesByTheirKey) {
  Arena arena;
  const auto got = read_summary(R"({"node":{"memory":{"usageBytes":"12"}}})", arena);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what,
            "a whole number, 0 or more, is expected as \"usageBytes\" at byte 32 of the document");
  EXPECT_FALSE(read_summary("[]", arena));
  EXPECT_FALSE(read_summary(R"({"pods":{}})", arena));
}

TEST(ReadSummary, ARepeatedKeyAddsAndNullTakesAway) {
  Arena arena;
  const auto got = read_summary(
      R"({"node":{"cpu":{"usageNanoCores":1,"usageNanoCores":null,"usageCoreNanoSeconds":2},"startTime":"2026-11-25T10:00:00Z","startTime":null,
          "memory":{"usageBytes":1},"memory":{"rssBytes":2},"fs":{"usedBytes":1},"fs":null,"network":{"rxBytes":1},"network":null,
          "rlimit":{"maxpid":-1,"curproc":7}},
          "pods":[{"podRef":{"uid":"u"},"containers":[{"name":"c","logs":{"usedBytes":1},"logs":null,"memory":{"usageBytes":1},"memory":null}]}]})",
      arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_FALSE(got->node.cpu.usage_nano_cores);
  EXPECT_EQ(got->node.cpu.usage_core_nano_seconds, 2u);
  EXPECT_EQ(got->node.start_time, kNoTime);
  EXPECT_EQ(got->node.memory.usage, 1u) << "objects are joined";
  EXPECT_EQ(got->node.memory.rss, 2u);
  EXPECT_FALSE(got->node.fs.used);
  EXPECT_FALSE(got->node.max_pid) << "negative: no limit";
  EXPECT_EQ(got->node.current_processes, 7u);
  EXPECT_FALSE(got->node.network.main.rx_bytes);
  EXPECT_FALSE(got->pods[0].containers[0].logs_used);
  EXPECT_FALSE(got->pods[0].containers[0].memory.usage);
}

}  // namespace
}  // namespace gleaner::k8s
