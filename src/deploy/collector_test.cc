#include "deploy/collector.h"

#include <gmock/gmock.h>

#include "deploy/go_json.h"
#include "deploy/testing.h"

namespace gleaner::deploy {
namespace {
using testing::HasSubstr;

std::string cr(const std::string& config, const std::string& more = "mode: deployment") {
  return "{apiVersion: opentelemetry.io/v1beta1, kind: OpenTelemetryCollector, metadata: {name: x}, spec: {" +
         more + ", config: " + config + "}}";
}

// Source: spec/operator.md 5.3.
struct Vector {
  std::string name, config;
  bool defaulting;
  std::string hash;
};
class Hash : public testing::TestWithParam<Vector> {};
TEST_P(Hash, IsTheOperators) {
  Cluster cluster{.defaulting = GetParam().defaulting};
  EXPECT_EQ(collector_of(cr(GetParam().config), cluster).hash, GetParam().hash);
}
std::string batched(const std::string& timeout) {
  return "{receivers: {otlp: {protocols: {grpc: {}, http: {}}}}, processors: {batch: {send_batch_size: "
         "10000, timeout: " +
         timeout +
         "}}, exporters: {debug: {}}, service: {pipelines: {traces: {receivers: [otlp], processors: [batch], "
         "exporters: [debug]}}}}";
}
INSTANTIATE_TEST_SUITE_P(
    Vectors, Hash,
    testing::ValuesIn<Vector>({{"plain",
                                "{receivers: {examplereceiver: {endpoint: '0.0.0.0:12345'}}, exporters: "
                                "{debug: null}, service: {pipelines: "
                                "{metrics: {receivers: [examplereceiver], exporters: [debug]}}}}",
                                false, "2d266e55025628659355f1271b689d6fb53648ef6cd5595831f5835d18e59a25"},
                               {"defaulted", batched("10s"), true,
                                "5723ff27edf2be60d63b08071d96bb77e0643ba2922ff585d3a7990f47830c16"},
                               {"another_timeout", batched("20s"), true,
                                "dfcfaead5a2ed1a7e1980c47766b2ce7ddb9af998ffe5b6ef045ce2d320d267c"},
                               {"escapes",
                                "{receivers: {filelog: {include: [/var/log/app/*.log], operators: [{type: "
                                "regex_parser, regex: '^(?P<sev>[A-Z]+) "
                                "(?P<msg>.*)$'}]}}, exporters: {debug: {}}, service: {pipelines: {logs: "
                                "{receivers: [filelog], exporters: "
                                "[debug]}}}}",
                                false, "0f0555b39ad387ea531f8ec1a7a2bd5afb6a4c1887a0027776e285c099a59970"}}),
    [](const auto& info) { return info.param.name; });

TEST(Collector, IsTheSameFromATextAndFromAStructure) {
  const std::string config = batched("10s");
  const Collector now = collector_of(cr(config));
  const Collector then = collector_of(
      "{apiVersion: opentelemetry.io/v1alpha1, kind: OpenTelemetryCollector, metadata: {name: x}, spec: "
      "{config: \"" +
      config + "\"}}");
  EXPECT_EQ(now.hash, then.hash);
  EXPECT_EQ(then.mode, "deployment");
}

TEST(Collector, GoJsonWritesNumbersAsGoDoes) {
  const auto of = [](const std::string& yaml) { return go_json(doc(yaml)); };
  EXPECT_EQ(of("[0.1, 1.0, 1e3, 1.5e-7, 0.000001, 0.00002, 1e21, 1e20, -0.5, 1e-10]"),
            "[0.1,1,1000,1.5e-7,0.000001,0.00002,1e+21,100000000000000000000,-0.5,1e-10]");
  EXPECT_EQ(of("[9007199254740993, '9', ~, true, \"a\\u2028<>&\\tb\\u0001\"]"),
            "[9007199254740992,\"9\",null,true,\"a\\u2028\\u003c\\u003e\\u0026\\tb\\u0001\"]");
}

struct Refused {
  std::string more, words;
};
class Refusals : public testing::TestWithParam<Refused> {};
TEST_P(Refusals, AreTheOperators) {
  EXPECT_THAT(refusal_of(cr(batched("1s"), GetParam().more)), HasSubstr(GetParam().words));
}
INSTANTIATE_TEST_SUITE_P(
    Table, Refusals,
    testing::ValuesIn<Refused>(
        {{"mode: sideways", "spec.mode: \"sideways\" is none of"},
         {"mode: sidecar, tolerations: [{operator: Exists}]", "does not support the attribute 'tolerations'"},
         {"mode: sidecar, affinity: {a: b}", "'affinity'"},
         {"mode: sidecar, priorityClassName: high", "'priorityClassName'"},
         {"mode: sidecar, additionalContainers: [{name: a}]", "'additionalContainers'"},
         {"mode: daemonset, volumeClaimTemplates: [{a: b}]", "'volumeClaimTemplates'"},
         {"mode: deployment, daemonSetUpdateStrategy: {type: OnDelete}", "'updateStrategy'"},
         {"mode: daemonset, deploymentUpdateStrategy: {type: Recreate}", "'deploymentUpdateStrategy'"},
         {"ports: [{name: much-too-long-a-name, port: 1}]", "is no port's"},
         {"ports: [{name: a, port: 70000}]", "is no port's"},
         {"autoscaler: {minReplicas: 2}", "spec.maxReplica must be set"},
         {"autoscaler: {maxReplicas: 2}, replicas: 3", "must not be greater"},
         {"mode: statefulset, targetAllocator: {enabled: true}",
          "only the OpenTelemetry operator runs one"}}));

TEST(Collector, RefusesWhatIsNone) {
  EXPECT_THAT(refusal_of("{apiVersion: opentelemetry.io/v1, kind: OpenTelemetryCollector}"),
              HasSubstr("cr.yaml:1:1: apiVersion"));
  EXPECT_THAT(refusal_of("{apiVersion: opentelemetry.io/v1beta1, kind: OpenTelemetryCollector, metadata: "
                         "{name: a}, spec: {}}"),
              HasSubstr("spec.config is missing"));
  EXPECT_THAT(
      refusal_of(cr("{receivers: {otlp: {protocols: {quic: {}}}}, exporters: {debug: }, service: {pipelines: "
                    "{logs: {receivers: [otlp], exporters: [debug]}}}}")),
      HasSubstr("receivers::otlp: unknown protocol set: quic"));
  EXPECT_THAT(
      refusal_of(
          "{apiVersion: opentelemetry.io/v1alpha1, kind: OpenTelemetryCollector, metadata: {name: x}, spec: "
          "{config: \"a: [\"}}"),
      HasSubstr("cr.yaml: spec.config:1:"));
}

}  // namespace
}  // namespace gleaner::deploy
