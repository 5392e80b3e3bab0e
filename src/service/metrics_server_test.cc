#include "service/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"
#include "net/http_client.h"
#include "service/resource.h"

namespace gleaner::service {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TelemetryConfig read(const std::string& yaml, std::string* errors = nullptr) {
  config::Problems problems;
  auto made = config::decode<TelemetryConfig>(*config::parse_yaml(yaml, "g.yaml"), "telemetry", problems);
  if (errors)
    *errors = problems.errors_text();
  else
    EXPECT_EQ(problems.errors_text(), "");
  return made;
}
std::vector<std::string> addresses(const std::string& yaml) {
  std::vector<std::string> out;
  for (auto& endpoint : metrics_endpoints(read(yaml), {}, "1")) out.push_back(endpoint.address);
  return out;
}
constexpr const char* kPull = "{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8889";

TEST(MetricsEndpoints, AreWhatTheConfigurationAsksFor) {
  EXPECT_THAT(addresses("{}"), ElementsAre("localhost:8888"));
  EXPECT_THAT(addresses("metrics: {level: none}"), ElementsAre());
  EXPECT_THAT(addresses("metrics: {address: ':9999'}"), ElementsAre(":9999"));
  EXPECT_THAT(addresses("metrics: {readers: [" + std::string(kPull) + "}}}}]}"), ElementsAre("0.0.0.0:8889"));
  EXPECT_THAT(addresses("metrics: {address: '0.0.0.0:8889', readers: [" + std::string(kPull) + "}}}}]}"),
              ElementsAre("0.0.0.0:8889"));
  EXPECT_THAT(addresses("metrics: {readers: [{periodic: {}}]}"), ElementsAre());
}

TEST(MetricsEndpoints, RefuseWhatCannotBe) {
  std::string errors;
  read("metrics: {readers: []}", &errors);
  EXPECT_THAT(errors, HasSubstr("metrics reader should exist when metric level is not none"));
  read("metrics: {readers: [{pull: {exporter: {prometheus: {host: x}}}}]}", &errors);
  EXPECT_THAT(errors, HasSubstr("readers::0::pull::exporter::prometheus: missing required field \"port\""));
  read("metrics: {readers: [{pull: {exporter: {}}}]}", &errors);
  EXPECT_THAT(errors, HasSubstr("must specify exporter: prometheus"));
}

TEST(Resource, TakesAndRemovesAttributes) {
  const auto of = [](const std::string& yaml) {
    return resource_of(*config::parse_yaml(yaml, "x"), "gleaner", "1", "i");
  };
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(of("{}"), ElementsAre(Pair("service.instance.id", "i"), Pair("service.name", "gleaner"),
                                    Pair("service.version", "1")));
  EXPECT_THAT(
      of("{service.name: x, service.instance.id: null, k8s.pod.name: p}"),
      ElementsAre(Pair("k8s.pod.name", "p"), Pair("service.name", "x"), Pair("service.version", "1")));
  EXPECT_THAT(of("attributes: [{name: a.b, value: c}]"), testing::Contains(Pair("a.b", "c")));
  EXPECT_NE(random_uuid(), random_uuid());
  EXPECT_THAT(random_uuid(),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

struct Rig {
  Loop loop;
  metrics::Registry registry;
  SelfMetrics self{registry};
  Task<Figures> figures() { co_return Figures{registry.samples(), {}, 0, 1 << 20}; }
  std::string text(const std::string& yaml) {
    const auto endpoints = metrics_endpoints(read(yaml), {{"k8s.pod.name", "p"}, {"host.name", "h"}}, "1");
    return self.text({registry.samples(), {}, 0, 1 << 20}, endpoints.at(0).format);
  }
};

TEST(MetricsText, HasTheNamesOfTheDefaultEndpoint) {
  Rig rig;
  rig.registry.counter("exporter_sent_spans", {{"exporter", "o"}}, "h").add(3);
  rig.self.set_resource({{"service_name", "gleaner"}});
  const auto text = rig.text("{}");
  EXPECT_THAT(
      text,
      HasSubstr(
          "# TYPE otelcol_exporter_sent_spans counter\notelcol_exporter_sent_spans{exporter=\"o\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE otelcol_process_uptime counter\notelcol_process_uptime "));
  EXPECT_THAT(text, HasSubstr("# TYPE otelcol_process_memory_rss gauge\n"));
  EXPECT_THAT(text, HasSubstr("target_info{service_name=\"gleaner\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("_total{")));
  EXPECT_THAT(text, Not(HasSubstr("_total ")));
}

TEST(MetricsText, FollowsTheThreeSwitchesAndTheLabels) {
  Rig rig;
  rig.registry.counter("exporter_sent_spans", {{"exporter", "o"}}, "h").add(3);
  const auto text = rig.text("metrics: {readers: [" + std::string(kPull) +
                             ", without_units: false, without_type_suffix: false, without_scope_info: false, "
                             "with_resource_constant_labels: {included: ['k8s.*']}}}}}]}");
  EXPECT_THAT(text, HasSubstr("otelcol_exporter_sent_spans_total{exporter=\"o\",otel_scope_name=\"gleaner\","
                              "otel_scope_version=\"1\",k8s_pod_name=\"p\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("otelcol_process_uptime_seconds_total{"));
  EXPECT_THAT(text, HasSubstr("otelcol_process_memory_rss_bytes{"));
  EXPECT_THAT(text, HasSubstr("otelcol_process_cpu_seconds_total{"));
}

TEST(MetricsText, ShowsWhatTheLevelAllows) {
  Rig rig;
  rig.registry.counter("low", {}, "h");
  rig.registry.counter("middle", {}, "h", metrics::Detail::normal);
  rig.registry.counter("high", {}, "h", metrics::Detail::detailed);
  EXPECT_THAT(rig.text("metrics: {level: basic}"), Not(HasSubstr("otelcol_middle")));
  EXPECT_THAT(rig.text("{}"), testing::AllOf(HasSubstr("otelcol_middle"), Not(HasSubstr("otelcol_high"))));
  EXPECT_THAT(rig.text("metrics: {level: detailed}"), HasSubstr("otelcol_high"));
}

TEST(MetricsText, AddsGaugesThatHaveTheSameLabels) {
  Rig rig;
  for (int i = 0; i < 2; ++i) rig.registry.gauge("g", {{"a", "b"}}, "h", [] { return 2.0; });
  EXPECT_THAT(rig.text("{}"), HasSubstr("otelcol_g{a=\"b\"} 4\n"));
}

TEST(Figures, OfSeveralLanesAreOne) {
  const auto lane = [](std::uint64_t items) {
    metrics::Registry registry;
    registry.counter("c", {{"a", "b"}}, "h").add(items);
    registry.counter("only", {{"lane", std::to_string(items)}}, "h").add(1);
    registry.histogram("sizes", {}, "h", {5, 10}).record(static_cast<double>(items));
    Ledger ledger;
    ledger.pipeline = "logs";
    ledger.in = ledger.delivered = items;
    return Figures{registry.samples(), {ledger}, items, 100};
  };
  Figures all = lane(3);
  all.absorb(lane(7));
  metrics::Registry registry;
  const auto text = SelfMetrics(registry).text(std::move(all));
  for (const char* line :
       {"otelcol_c{a=\"b\"} 10\n", "otelcol_only{lane=\"3\"} 1\n", "otelcol_only{lane=\"7\"} 1\n",
        "otelcol_sizes_bucket{le=\"5\"} 1\n", "otelcol_sizes_bucket{le=\"10\"} 2\n", "otelcol_sizes_sum 10\n",
        "otelcol_sizes_count 2\n", "gleaner_ledger_in{pipeline=\"logs\"} 10\n",
        "gleaner_memory_budget_used_bytes 10\n", "gleaner_memory_budget_limit_bytes 200\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsServer, AnswersAtMetricsOnlyAndTellsOfATakenPort) {
  Rig rig;
  // Ports the kernel hands out: bind one, let it go, use its number.
  std::string address;
  {
    net::ListenOptions any;
    any.endpoint = "127.0.0.1:0";
    auto listener = net::Listener::open(rig.loop, any);
    address = (*listener)->address().text();
    (*listener)->close();
  }
  MetricsServer server(rig.loop, rig.self, [&] { return rig.figures(); }, {address, {}});
  ASSERT_TRUE(server.start());
  MetricsServer second(rig.loop, rig.self, [&] { return rig.figures(); }, {address, {}});
  const auto taken = second.start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().what, "failed to create SDK: binding address " + address +
                                    " for Prometheus exporter: listen tcp " + address +
                                    ": bind: address already in use");
  auto client = net::HttpClient::make(rig.loop, {});
  const auto get = [&](std::string path, bool gzip = false) {
    net::HttpCall call;
    call.method = "GET";
    call.url = "http://" + address + path;
    call.deadline = rig.loop.now() + std::chrono::seconds(20);
    if (gzip) call.headers.add("accept-encoding", "gzip");
    return std::move(*rig.loop.run_until_done(client->send(std::move(call))));
  };
  EXPECT_EQ(get("/").status, 404);
  const auto plain = get("/metrics");
  EXPECT_EQ(plain.status, 200);
  EXPECT_THAT(std::string(plain.headers.get("content-type")), HasSubstr("version=0.0.4"));
  EXPECT_THAT(std::string(plain.body.flat().view()), HasSubstr("otelcol_process_uptime"));
  const auto small = get("/metrics", true);
  EXPECT_EQ(small.headers.get("content-encoding"), "gzip");
  auto unpacked = net::decompress(net::Encoding::gzip, small.body, {});
  ASSERT_TRUE(unpacked);
  EXPECT_THAT(std::string(unpacked->view()), HasSubstr("otelcol_process_uptime"));
  rig.loop.run_until_done(client->stop());
  rig.loop.run_until_done(server.stop());
}

}  // namespace
}  // namespace gleaner::service
