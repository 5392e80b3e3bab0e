#include "receivers/kubeletstats/emit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "otlp/decode.h"
#include "otlp/encode.h"
#include "pipeline/testing.h"

namespace gleaner::receivers::kubeletstats {
namespace {

struct Emitted {
  Records<Metrics> records;
  testing_support::Quiet log;
  /// "metric attributes..." -> value, over all resources
  std::map<std::string, std::string> points;
};

constexpr std::uint64_t kNow = 1'700'000'100'500'000'000;

std::size_t count_metrics(const Records<Metrics>& records) {
  std::size_t total = 0;
  for (const auto& resource : records.resources)
    for (const auto& scope : resource.scopes) total += scope.records.size();
  return total;
}

void run(const Config& config, std::string_view summary, std::string_view pods, Emitted& out,
         const k8s::NodeCapacity* capacity = nullptr) {
  Documents documents;
  documents.created = 77;
  auto read = k8s::read_summary(summary, out.records.arena);
  ASSERT_TRUE(read) << read.error().what;
  documents.summary = *read;
  k8s::PodList list;
  if (!pods.empty()) {
    auto got = k8s::read_pod_list(pods, out.records.arena);
    ASSERT_TRUE(got) << got.error().what;
    list = *got;
    documents.pods = &list;
  }
  documents.capacity = capacity;
  const Plan plan(config);
  Recorder recorder(plan.switches, out.records.arena, kNow, "1");
  const log::Logger logger(out.log);
  emit(plan, documents, recorder, logger);
  auto scraped = recorder.take();
  for (const auto& part : scraped.data.wire().parts()) otlp::decode(part, out.records);
  EXPECT_EQ(scraped.data.items(), count_items(out.records));
  EXPECT_EQ(scraped.metrics, count_metrics(out.records));
  for (const auto& resource : out.records.resources)
    for (const auto& metric : resource.scopes[0].records)
      for (const auto& point : metric.numbers) {
        std::string name(metric.name);
        for (const auto& [key, value] : point.attributes) name += " " + pdata::as_text(value);
        out.points[name] = pdata::as_text(point.value);
        EXPECT_EQ(point.time, kNow);
      }
}

void enable(Config& config, MetricId id) { config.metrics.rows[static_cast<std::size_t>(id)].enabled = true; }

constexpr std::string_view kFull = R"({"node":{"nodeName":"n","startTime":"2023-11-14T22:13:20Z",
 "cpu":{"usageNanoCores":1500000000,"usageCoreNanoSeconds":3000000001},
 "memory":{"availableBytes":1,"usageBytes":2,"workingSetBytes":3,"rssBytes":4,"pageFaults":5,"majorPageFaults":6},
 "fs":{"availableBytes":7,"capacityBytes":8,"usedBytes":9,"inodes":10,"inodesFree":11},
 "network":{"name":"eth0","rxBytes":12,"txBytes":13,"rxErrors":14,"txErrors":15},"rlimit":{"maxpid":16,"curproc":17}},
 "pods":[{"podRef":{"name":"p","namespace":"ns","uid":"u"},"startTime":"2023-11-14T22:13:20Z",
 "cpu":{"usageNanoCores":500000000,"usageCoreNanoSeconds":1},
 "memory":{"availableBytes":1,"usageBytes":200,"workingSetBytes":3,"rssBytes":4,"pageFaults":5,"majorPageFaults":6},
 "network":{"name":"","rxBytes":1,"txBytes":2,"rxErrors":3,"txErrors":4},
 "ephemeral-storage":{"availableBytes":1,"capacityBytes":2,"usedBytes":3},
 "containers":[{"name":"c","startTime":"2023-11-14T22:13:21Z","cpu":{"usageNanoCores":250000000,"usageCoreNanoSeconds":1},
  "memory":{"availableBytes":1,"usageBytes":100,"workingSetBytes":3,"rssBytes":4,"pageFaults":5,"majorPageFaults":6},
  "rootfs":{"availableBytes":1,"capacityBytes":2,"usedBytes":3},"logs":{"usedBytes":4}}],
 "volume":[{"name":"v","availableBytes":1,"capacityBytes":2,"usedBytes":3,"inodes":4,"inodesFree":5,"inodesUsed":6}]}]})";

TEST(Emit, IsCompleteByDefault) {
  Config config;
  config.metric_groups = {"container", "pod", "node", "volume"};
  Emitted out;
  run(config, kFull, "", out);
  ASSERT_EQ(out.records.resources.size(), 4u);
  const auto points = [&](std::size_t i) {
    std::size_t total = 0;
    for (const auto& metric : out.records.resources[i].scopes[0].records) total += metric.points();
    return total;
  };
  EXPECT_EQ(points(0), 15u);  // spec/kubeletstats.md 6.7
  EXPECT_EQ(points(1), 15u);
  EXPECT_EQ(points(2), 11u);
  EXPECT_EQ(points(3), 5u);
  EXPECT_EQ(out.records.resources[3].scopes[0].records[0].numbers[0].start_time, 77u);
  for (const auto& resource : out.records.resources) {
    const auto& records = resource.scopes[0].records;
    EXPECT_TRUE(std::is_sorted(records.begin(), records.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
  }
}

TEST(Emit, SendsEveryMetricThatIsSwitchedOn) {
  Config config;
  config.metric_groups = {"container", "pod", "node", "volume"};
  for (auto& row : config.metrics.rows) row.enabled = true;
  constexpr std::string_view kPods =
      R"({"items":[{"metadata":{"uid":"u"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"500m","memory":"400"},"requests":{"cpu":"250m","memory":"200"}}}]}}]})";
  const k8s::NodeCapacity capacity{2, 1000};
  std::string summary(kFull);
  summary.replace(
      summary.find("\"rlimit\""), 0,
      R"("systemContainers":[{"name":"kubelet","cpu":{"usageNanoCores":1,"usageCoreNanoSeconds":1},"memory":{"usageBytes":1,"workingSetBytes":1}}],)");
  Emitted out;
  run(config, summary, kPods, out, &capacity);
  std::set<std::string> seen;
  for (const auto& resource : out.records.resources)
    for (const auto& metric : resource.scopes[0].records) seen.insert(std::string(metric.name));
  for (const auto& row : kMetricInfo) EXPECT_TRUE(seen.contains(std::string(row.name))) << row.name;
  EXPECT_EQ(out.points["k8s.container.cpu_limit_utilization"], "0.5");
  EXPECT_EQ(out.points["k8s.container.memory_request_utilization"], "0.5");
  EXPECT_EQ(out.points["k8s.pod.cpu_limit_utilization"], "1");
  EXPECT_EQ(out.points["k8s.pod.memory_limit_utilization"], "0.5");
  EXPECT_EQ(out.points["k8s.pod.cpu.node.utilization"], "0.25");
  EXPECT_EQ(out.points["k8s.container.memory.node.utilization"], "0.1");
  EXPECT_EQ(out.points["k8s.node.uptime"], "100");
  EXPECT_EQ(out.points["container.uptime"], "99");
  EXPECT_EQ(out.points["k8s.container.ephemeral_storage.usage logs"], "4");
}

TEST(Emit, GivesNoSharesOfIncompletePods) {
  Config config;
  enable(config, MetricId::k8s_pod_cpu_limit_utilization);
  enable(config, MetricId::k8s_pod_cpu_request_utilization);
  Emitted out;
  run(config, kFull,
      R"({"items":[{"metadata":{"uid":"u"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}},
          {"name":"d","resources":{"requests":{"cpu":"1"}}}]}}]})",
      out);
  EXPECT_FALSE(out.points.contains("k8s.pod.cpu_limit_utilization"));
  EXPECT_EQ(out.points["k8s.pod.cpu_request_utilization"], "0.25");
}

TEST(Emit, SkipsWhatItCannotName) {
  Config config;
  config.metric_groups = {"container", "volume"};
  config.extra_metadata_labels = {"container.id", "k8s.volume.type"};
  Emitted out;
  run(config, kFull,
      R"({"items":[{"metadata":{"uid":"u"},"status":{"containerStatuses":[{"name":"c","containerID":""}]}}]})",
      out);
  EXPECT_TRUE(out.records.resources.empty());
  ASSERT_EQ(out.log.lines.size(), 2u);
  EXPECT_NE(out.log.lines[0].find("has an empty containerID"), std::string::npos) << out.log.lines[0];
  EXPECT_NE(out.log.lines[1].find("not found in the fetched metadata"), std::string::npos)
      << out.log.lines[1];
}

TEST(Emit, KeepsOldNamesOnRequest) {
  Config config;
  enable(config, MetricId::k8s_pod_cpu_utilization);
  Emitted out;
  run(config, kFull, "", out);
  EXPECT_EQ(out.points["k8s.pod.cpu.utilization"], "0.5");
  EXPECT_FALSE(out.points.contains("container.cpu.utilization"));
}

TEST(Emit, InterfacesOfOneNameAreOnePoint) {
  Config config;
  config.metric_groups = {"node"};
  config.collect_all_network_interfaces.node = true;
  Emitted out;
  run(config,
      R"({"node":{"nodeName":"n","network":{"interfaces":[{"name":"lo","rxBytes":1,"txBytes":2},{"name":"eth0","rxBytes":5},
          {"name":"lo","rxBytes":10,"rxErrors":3}]}}})",
      "", out);
  EXPECT_EQ(out.points, (std::map<std::string, std::string>{{"k8s.node.network.io lo receive", "11"},
                                                            {"k8s.node.network.io lo transmit", "2"},
                                                            {"k8s.node.network.io eth0 receive", "5"},
                                                            {"k8s.node.network.errors lo receive", "3"}}));
  std::size_t points = 0;
  for (const auto& metric : out.records.resources[0].scopes[0].records) points += metric.points();
  EXPECT_EQ(points, 4u);
}

}  // namespace
}  // namespace gleaner::receivers::kubeletstats
