#include "service/assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"

namespace gleaner::service {
namespace {

struct Case {
  std::string yaml, want;
};
class AssemblyErrors : public testing::TestWithParam<Case> {};
TEST_P(AssemblyErrors, PointAtThePlace) {
  config::Problems problems;
  (void)assemble(*config::parse_yaml(GetParam().yaml, "g.yaml"), problems);
  EXPECT_THAT(problems.errors_text(), testing::HasSubstr(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(
    Table, AssemblyErrors,
    testing::ValuesIn<Case>({
        {"{}", "empty configuration file"},
        {"exporters: {nop: }", "no receiver configuration specified"},
        {"procesors: {}", "g.yaml:1:1: has invalid keys: procesors (did you mean \"processors\"?)"},
        {"exporters: {dbug: }",
         "g.yaml:1:13: exporters: unknown type: \"dbug\" for id: \"dbug\" (did you mean \"debug\"?)"},
        {"receivers: {kafka: }", "the receiver \"kafka\" is not built into gleaner yet"},
        {"exporters: {debug/: }", "the part after / should not be empty"},
        {"exporters: {nop: }\nservice:\n  pipelines:\n    lags: {exporters: [nop]}",
         "g.yaml:4:11: service::pipelines::lags: unknown pipeline signal: \"lags\" (did you mean \"logs\"?)"},
        {"exporters: {nop: }\nservice:\n  pipelines:\n    logs:\n      exporters: [nap]",
         "g.yaml:5:19: service::pipelines::logs: references exporter \"nap\" which is not configured (did "
         "you mean \"nop\"?)"},
        {"processors: {batch: }\nservice: {pipelines: {logs: {processors: [batch, batch]}}}",
         "references processor \"batch\" multiple times"},
        {"service: {extensions: [health_check]}",
         "references extension \"health_check\" which is not configured"},
        {"exporters: {nop: }\nservice:\n  pipelines:\n    profiles: {exporters: [nop]}",
         "g.yaml:4:15: service::pipelines::profiles: pipeline \"profiles\": profiling signal support is at "
         "alpha level, gated under the \"service.profilesSupport\" feature gate"},
        {"service: {pipelines: {logs: {}}}", "must have at least one receiver"},
    }));

TEST(Profiles, AreRefusedByWhatLooksInside) {
  const std::string yaml = R"(
receivers: {otlp: {protocols: {grpc: }}}
processors: {batch: , memory_limiter: {check_interval: 1s, limit_mib: 100}}
exporters: {nop: }
service: {pipelines: {profiles: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [nop]}}}
)";
  config::Problems problems;
  const auto assembly = assemble(*config::parse_yaml(yaml, "g.yaml"), problems, true);
  EXPECT_THAT(problems.errors_text(),
              testing::HasSubstr("processor \"batch\": telemetry type is not supported (profiles)"));
  EXPECT_EQ(problems.errors(), 1u);
  ASSERT_EQ(assembly.pipelines.size(), 1u);
  EXPECT_EQ(assembly.pipelines[0].signal, SignalKind::profiles);
}

}  // namespace
}  // namespace gleaner::service
