// The whole receiver against a kubelet that speaks the documents a real one spoke.
#include <gtest/gtest.h>

#include <map>

#include "config/yaml.h"
#include "k8s/testing.h"
#include "net/server.h"
#include "pipeline/testing.h"
#include "receivers/kubeletstats/config.h"

namespace gleaner::receivers::kubeletstats {
namespace {
using namespace std::chrono_literals;

class Kubelet final : public net::HttpHandler {
 public:
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    seen.push_back(request.path);
    asked.notify_all();
    net::HttpResponse response;
    const auto found = documents.find(request.path);
    response.status = found == documents.end() ? 404 : 200;
    if (found != documents.end()) response.body = Chain(Bytes::copy(found->second));
    if (stalls) co_await never.wait();
    co_return response;
  }
  std::map<std::string, std::string> documents{
      {"/stats/summary", k8s::testing_support::recorded("stats-summary.json")},
      {"/pods", k8s::testing_support::recorded("pods.json")}};
  std::vector<std::string> seen;
  bool stalls = false;
  Signal never, asked;
};

/// Wakes who waits for a line.
class Log final : public testing_support::Quiet {
 public:
  Signal said;

 protected:
  void put(std::string_view line) override {
    Quiet::put(line);
    said.notify_all();
  }
};

/// Keeps the points as "resource attributes|metric|point attributes" -> value, and wakes who waits for a
/// batch.
class Sink final : public Consumer<Metrics> {
 public:
  Task<Result<>> consume(Batch<Metrics>& batch) override {
    for (const auto& resource : batch.data.records().resources) {
      std::string who;
      for (const auto& [key, value] : resource.resource.attributes)
        who += std::string(key) + "=" + pdata::as_text(value) + ",";
      who_.push_back(who);
      for (const auto& metric : resource.scopes[0].records)
        for (const auto& point : metric.numbers) {
          std::string name = who + "|" + std::string(metric.name);
          for (const auto& [key, value] : point.attributes) name += "," + pdata::as_text(value);
          points[name] = pdata::as_text(point.value);
        }
    }
    ++batches;
    batch.settle(Outcome::delivered);
    came.notify_all();
    co_return Result<>();
  }
  std::vector<std::string> who_;
  std::map<std::string, std::string> points;
  int batches = 0;
  Signal came;
};

class KubeletStats : public testing::Test {
 protected:
  KubeletStats() {
    net::HttpServerOptions options;
    options.listen.endpoint = "127.0.0.1:0";
    server = std::move(*net::Server::http(loop, options, kubelet));
    server->start();
  }
  /// @param yaml keys beside auth_type and endpoint
  void start(const std::string& yaml) {
    const auto node = config::parse_yaml(
        "auth_type: none\nendpoint: " + server->address().text() + "\ninitial_delay: 0s\n" + yaml,
        "test.yaml");
    ASSERT_TRUE(node) << node.error().what;
    config::Problems problems;
    const auto config = config::decode<Config>(*node, "receivers::kubeletstats", problems);
    ASSERT_FALSE(problems.any_errors()) << problems.errors_text();
    Consumers next;
    next.metrics = &sink;
    auto made = make(config, context, next);
    ASSERT_TRUE(made) << made.error().what;
    receiver = std::move(*made);
    ASSERT_TRUE(loop.run_until_done(receiver->start()));
  }
  static Task<int> wait(Sink& sink, int batches) {
    while (sink.batches < batches) co_await sink.came.wait();
    co_return sink.batches;
  }
  Task<bool> first_line() {
    while (log.lines.empty()) co_await log.said.wait();
    co_return true;
  }
  Task<bool> first_request() {
    while (kubelet.seen.empty()) co_await kubelet.asked.wait();
    co_return true;
  }
  std::string point(std::string_view part_of_resource, std::string_view metric) const {
    for (const auto& [name, value] : sink.points)
      if (name.find(part_of_resource) != std::string::npos && name.ends_with("|" + std::string(metric)))
        return value;
    return "absent";
  }
  void TearDown() override {
    if (receiver) EXPECT_TRUE(loop.run_until_done(receiver->stop()));
    kubelet.stalls = false;
    kubelet.never.notify_all();
    loop.run_until_done(server->stop(loop.now() + 5s));
  }

  Loop loop;
  Log log;
  metrics::Registry registry;
  Budget memory{64 << 20};
  Context context{loop,           log::Logger(log),
                  registry,       memory,
                  "kubeletstats", "0",
                  [](Error) {},   [](const std::string&) { return nullptr; }};
  Kubelet kubelet;
  Sink sink;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<gleaner::Receiver> receiver;
};

TEST_F(KubeletStats, TellsWhatTheKubeletSaid) {
  start("");
  loop.run_until_done(wait(sink, 1));
  EXPECT_EQ(kubelet.seen, std::vector<std::string>{"/stats/summary"});
  EXPECT_EQ(sink.who_[0], "k8s.node.name=fargate-node-a,");
  EXPECT_EQ(sink.who_[1],
            "k8s.pod.uid=87eeb3f9-a934-49e4-95bb-64a0bd350dd5,k8s.pod.name=web,k8s.namespace.name=shop,");
  EXPECT_EQ(point("fargate-node-a", "k8s.node.cpu.usage"), "0.379003092");
  EXPECT_EQ(point("fargate-node-a", "k8s.node.memory.usage"), "2925215744");
  EXPECT_EQ(point("k8s.container.name=flood", "container.cpu.time"), "0.495065478");
  EXPECT_EQ(point("", "container.cpu.utilization"), "absent");
  EXPECT_EQ(point("k8s.volume.name", "k8s.volume.capacity"), "absent");
  EXPECT_EQ(registry.sum("receiver_accepted_metric_points"), static_cast<double>(sink.points.size()));
}

TEST_F(KubeletStats, AddsWhatPodsSay) {
  start(R"(metric_groups: [container, volume]
extra_metadata_labels: [container.id, k8s.volume.type]
metrics: {k8s.container.memory_limit_utilization: {enabled: true}}
)");
  loop.run_until_done(wait(sink, 1));
  EXPECT_EQ(kubelet.seen, (std::vector<std::string>{"/stats/summary", "/pods"}));
  EXPECT_NE(point("k8s.container.name=app,container.id=", "k8s.container.memory_limit_utilization"),
            "absent");
  EXPECT_EQ(point("k8s.container.name=sidecar", "k8s.container.memory_limit_utilization"), "absent")
      << "sidecars are init containers to the reference";
  EXPECT_NE(point("k8s.volume.name=scratch,k8s.volume.type=emptyDir,", "k8s.volume.capacity"), "absent");
  EXPECT_EQ(point("", "k8s.node.cpu.usage"), "absent");
}

TEST_F(KubeletStats, AllInterfacesReplaceTheDefaultOne) {
  start("metric_groups: [node]\ncollect_all_network_interfaces: {node: true}\n");
  loop.run_until_done(wait(sink, 1));
  EXPECT_EQ(point("", "k8s.node.network.io,node0,transmit"), "984");
  EXPECT_EQ(point("", "k8s.node.network.io,cni0,receive"), "1168");
}

TEST_F(KubeletStats, FiltersResources) {
  start(R"(resource_attributes:
  k8s.container.name: {metrics_exclude: [{strict: flood}], metrics_include: [{regexp: "^(app|flood)$"}]}
)");
  loop.run_until_done(wait(sink, 1));
  EXPECT_NE(point("k8s.container.name=app", "container.cpu.time"), "absent");
  EXPECT_EQ(point("k8s.container.name=flood", "container.cpu.time"), "absent");
  EXPECT_EQ(point("k8s.container.name=burn", "container.cpu.time"), "absent");
  EXPECT_NE(point("k8s.node.name", "k8s.node.cpu.time"), "absent") << "nothing to filter by";
}

TEST_F(KubeletStats, GoesOnAfterTrouble) {
  kubelet.documents.clear();
  start("collection_interval: 20ms\n");
  loop.run_until_done(first_line());
  EXPECT_NE(log.lines[0].find("call to /stats/summary endpoint failed"), std::string::npos) << log.lines[0];
  EXPECT_NE(log.lines[0].find("404 Not Found"), std::string::npos);
  EXPECT_EQ(sink.batches, 0);
  kubelet.documents["/stats/summary"] = k8s::testing_support::recorded("stats-summary.json");
  loop.run_until_done(wait(sink, 1));
  EXPECT_FALSE(sink.points.empty());
}

TEST_F(KubeletStats, StopsWhileTheKubeletIsSilent) {
  kubelet.stalls = true;
  start("collection_interval: 1h\n");
  loop.run_until_done(first_request());
  const auto before = loop.now();
  EXPECT_TRUE(loop.run_until_done(receiver->stop()));
  EXPECT_LT(loop.now() - before, 10s) << "one second of patience, not an hour";
  EXPECT_TRUE(log.lines.empty()) << log.lines[0];
  receiver.reset();
}

TEST_F(KubeletStats, NeedsNoMoreThanTheDeadline) {
  kubelet.stalls = true;
  start("timeout: 50ms\n");
  loop.run_until_done(first_line());
  EXPECT_NE(log.lines[0].find("context deadline exceeded"), std::string::npos) << log.lines[0];
}

struct Wrong {
  std::string yaml, want;
};
class KubeletConfig : public testing::TestWithParam<Wrong> {};
TEST_P(KubeletConfig, IsRefusedInPlace) {
  const auto node = config::parse_yaml(GetParam().yaml, "t");
  ASSERT_TRUE(node);
  config::Problems problems;
  (void)config::decode<Config>(*node, "r", problems);
  const auto text = problems.errors_text();
  EXPECT_NE(text.find(GetParam().want), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(
    Table, KubeletConfig,
    testing::Values(
        Wrong{"auth_type: password", "t:1:12: r::auth_type: invalid authType for kubernetes: password"},
        Wrong{"auth_type: serviceaccount", "(did you mean \"serviceAccount\"?)"},
        Wrong{"auth_type: none\nmetric_groups: [pod, pods]",
              "t:2:22: r::metric_groups::1: invalid entry in metric_groups"},
        Wrong{"auth_type: none\nextra_metadata_labels: [image]",
              "t:2:25: r::extra_metadata_labels::0: label \"image\" is not supported"},
        Wrong{"auth_type: none\nextra_metadata_labels: [container.id, container.id]",
              "t:2:39: r::extra_metadata_labels::1: duplicate metadata label"},
        Wrong{"auth_type: none\nmetrics: {k8s.pod.nosuch: {enabled: true}}",
              "t:2:11: r::metrics: has invalid keys: k8s.pod.nosuch"},
        Wrong{"auth_type: none\nmetrics: {k8s.pod.cpu.node.utilization: {enabled: true}}",
              "for k8s.pod.cpu.node.utilization node setting is required"},
        Wrong{"auth_type: none\nnode: n\nmetrics: {k8s.pod.cpu.node.utilization: {enabled: true}}",
              "k8s_api_config is required"},
        Wrong{"auth_type: none\ncollection_interval: 0s",
              "t:2:22: r::collection_interval: requires positive value"},
        Wrong{"auth_type: none\ncollection_interval: -1s", "requires positive value"},
        Wrong{"auth_type: none\nk8s_api_config: {auth_type: x}",
              "r::k8s_api_config::auth_type: invalid authType for kubernetes: x"},
        Wrong{"{}", "tls needs ca_file"},
        Wrong{"auth_type: none\nresource_attributes: {k8s.pod.name: {metrics_include: [{regexp: '('}]}}",
              "missing closing )"},
        Wrong{"auth_type: none\nresource_attributes: {k8s.pod.name: {metrics_exclude: [{}]}}",
              "takes one of strict and regexp"}));

}  // namespace
}  // namespace gleaner::receivers::kubeletstats
