#include "service/outline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"

namespace gleaner::service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Outline of(const std::string& yaml) {
  config::Problems problems;
  const auto assembly = assemble(*config::parse_yaml(yaml, "g.yaml"), problems);
  EXPECT_EQ(problems.errors_text(), "");
  return outline(assembly);
}

constexpr const char* kBase = R"(
receivers: {otlp: {protocols: {grpc: }}, otlp/b: {protocols: {http: }}}
processors: {batch: , resource: {attributes: [{key: a, value: b, action: upsert}]}}
exporters: {nop: , debug: }
extensions: {health_check: }
service:
  extensions: [health_check]
  pipelines:
    logs: {receivers: [otlp], processors: [resource, batch], exporters: [nop]}
    traces: {receivers: [otlp, otlp/b], processors: [batch], exporters: [nop, debug]}
)";

/// The base with one text in place of another.
std::string with(const std::string& from, const std::string& to) {
  std::string text = kBase;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Staying after(const std::string& from, const std::string& to) {
  return staying(of(kBase), of(with(from, to)));
}

TEST(Staying, AllOfWhatIsTheSame) {
  const auto stay = after("batch: ,", "batch: null,  # as before\n ");
  EXPECT_TRUE(stay.all);
  EXPECT_THAT(stay.exporters, ElementsAre("debug", "nop"));
  EXPECT_THAT(stay.pipelines, ElementsAre("logs", "traces"));
  EXPECT_THAT(stay.receivers, ElementsAre("otlp", "otlp/b"));
}

TEST(Staying, AProcessorTakesItsPipelineAlong) {
  const auto stay = after("value: b", "value: c");
  EXPECT_FALSE(stay.all);
  EXPECT_THAT(stay.exporters, ElementsAre("debug", "nop"));
  EXPECT_THAT(stay.pipelines, ElementsAre("traces"));
  EXPECT_THAT(stay.receivers, ElementsAre("otlp", "otlp/b"));
}

TEST(Staying, AnExporterTakesEveryPipelineIntoItAlong) {
  const auto stay = after("debug: }", "debug: {verbosity: detailed}}");
  EXPECT_THAT(stay.exporters, ElementsAre("nop"));
  EXPECT_THAT(stay.pipelines, ElementsAre("logs"));
  EXPECT_THAT(stay.receivers, ElementsAre("otlp", "otlp/b"));
}

TEST(Staying, NothingStaysThatGetsAnotherSignal) {
  const auto stay = after("receivers: [otlp], processors: [resource, batch], exporters: [nop]",
                          "receivers: [otlp/b], processors: [resource, batch], exporters: [debug]");
  EXPECT_THAT(stay.exporters, IsEmpty());  // nop lost the logs, debug got them
  EXPECT_THAT(stay.pipelines, IsEmpty());
  EXPECT_THAT(stay.receivers, IsEmpty());
}

TEST(Staying, AReceiverAloneLeavesThePipelines) {
  const auto stay = after("otlp/b: {protocols: {http: }}", "otlp/b: {protocols: {http: , grpc: }}");
  EXPECT_FALSE(stay.all);
  EXPECT_THAT(stay.pipelines, ElementsAre("logs", "traces"));
  EXPECT_THAT(stay.receivers, ElementsAre("otlp"));
}

TEST(Staying, OneReceiverLessIsADifference) {
  const auto stay = after("[otlp, otlp/b]", "[otlp]");
  EXPECT_FALSE(stay.all);
  EXPECT_THAT(stay.pipelines, ElementsAre("logs", "traces"));
  EXPECT_THAT(stay.receivers, ElementsAre("otlp"));
}

TEST(Staying, WhatIsWrittenAndNotUsedIsNoDifference) {
  EXPECT_TRUE(after("exporters: {nop: ,", "exporters: {nop: , nop/spare: ,").all);
}

TEST(Staying, ExtensionsAndOwnMetricsAreTheFrameAndTheLogIsNot) {
  const auto frame = of(kBase).frame;
  EXPECT_NE(frame, of(with("health_check: }", "health_check: {path: /x}}")).frame);
  EXPECT_NE(frame, of(with("  extensions: [health_check]\n", "")).frame);
  EXPECT_NE(frame, of(with("service:\n", "service:\n  telemetry: {metrics: {level: none}}\n")).frame);
  EXPECT_EQ(
      of(with("service:\n", "service:\n  telemetry: {metrics: {level: none}, logs: {level: debug}}\n")).frame,
      of(with("service:\n", "service:\n  telemetry: {metrics: {level: none}}\n")).frame);
}

}  // namespace
}  // namespace gleaner::service
