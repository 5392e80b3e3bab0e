#include <gtest/gtest.h>

#include "config/yaml.h"
#include "otlp/json.h"
#include "otlp/scan.h"
#include "pipeline/testing.h"
#include "processors/transform/config.h"

namespace gleaner::processors::transform {
namespace {
using testing_support::Bench;

template <class S>
class Json : public Consumer<S> {
 public:
  std::string text;
  Task<Result<>> consume(Batch<S>& batch) override {
    const auto flat = batch.data.wire().flat();
    otlp::append_json(text, S::kind, flat.view());
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }
};

struct TransformTest : testing::Test {
  Bench bench;
  Ledger ledger;
  Result<> answer;

  template <class S>
  std::string run(const char* yaml, std::string_view data) {
    config::Problems problems;
    const auto config =
        config::decode<Config>(*config::parse_yaml(yaml, "t"), "processors::transform", problems);
    EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
    Json<S> sink;
    auto transform = Make::make<S>(config, bench.context, sink);
    auto wire = otlp::parse_json(S::kind, data);
    const auto items = otlp::scan(S::kind, wire->view()).items;
    Batch<S> batch(Payload<S>(std::move(*wire), items));
    batch.receipt.enter(ledger);
    answer = bench.loop.run_until_done((*transform)->consume(batch));
    if (!answer) {
      batch.receipt.leave(ledger);
      batch.receipt.settle(Outcome::dropped, Drop::permanent_error);
    }
    return sink.text;
  }
  ~TransformTest() override {
    EXPECT_TRUE(ledger.balanced());
    EXPECT_EQ(ledger.held, 0u);
  }
};

constexpr std::string_view kLog =
    R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":"x"}}]}]}]})";
constexpr std::string_view kGauge =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"1"},{"asInt":"2"}]}}]}]}]})";

TEST_F(TransformTest, GroupsRunInOrderAndAreGuarded) {
  const auto out = run<Logs>(R"({log_statements: [
      {context: resource, statements: ['set(attributes["r"], 1)']},
      {context: log, conditions: ['body == "y"', 'resource.attributes["r"] == 1'],
       statements: ['set(cache["c"], "z")', 'set(body, cache["c"])']},
      {context: log, conditions: ['body == "y"'], statements: ['set(body, "never")']}]})",
                             kLog);
  EXPECT_NE(out.find(R"("body":{"stringValue":"z"})"), std::string::npos) << out;
}
TEST_F(TransformTest, FlatPathsTellTheContext) {
  const auto out = run<Logs>(
      R"({log_statements: ['set(log.body, resource.attributes["no"])', 'set(log.body, "f")']})", kLog);
  EXPECT_NE(out.find(R"("body":{"stringValue":"f"})"), std::string::npos) << out;
}
TEST_F(TransformTest, PointsMadeAreBooked) {
  const auto out = run<Metrics>(R"({metric_statements: [{context: metric, statements:
      ['copy_metric(name="n") where name == "m"']}]})",
                                kGauge);
  EXPECT_NE(out.find(R"("name":"n")"), std::string::npos) << out;
  EXPECT_EQ(ledger.copies, 2u);
}
TEST_F(TransformTest, PointsJoinedAreBooked) {
  run<Metrics>(
      R"({metric_statements: [{context: metric, statements: ['aggregate_on_attributes("sum", [])']}]})",
      kGauge);
  EXPECT_EQ(ledger.dropped[static_cast<std::size_t>(Drop::filtered)], 1u);
}
TEST_F(TransformTest, CopiesOfCopiesEnd) {
  run<Metrics>(
      R"({error_mode: silent, metric_statements: [{context: metric, statements: ['copy_metric()']}]})",
      kGauge);
  EXPECT_EQ(ledger.delivered, 200'000u);
}
TEST_F(TransformTest, PropagatedErrorsRefuse) {
  run<Logs>(R"({error_mode: propagate, log_statements: ['set(log.body, 1 / 0)']})", kLog);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("attempted to divide by 0"), std::string::npos);
}

struct Bad {
  const char* yaml;
  const char* says;
};
class TransformConfig : public testing::TestWithParam<Bad> {};
TEST_P(TransformConfig, SaysWhatIsWrongAndWhere) {
  config::Problems problems;
  (void)config::decode<Config>(*config::parse_yaml(GetParam().yaml, "t"), "p", problems);
  EXPECT_TRUE(problems.any_errors());
  EXPECT_NE(problems.errors_text().find(GetParam().says), std::string::npos) << problems.errors_text();
}
INSTANTIATE_TEST_SUITE_P(Table, TransformConfig,
                         testing::ValuesIn<Bad>({
                             {"{log_statements: [{context: log, statements: ['set(body, 1)', 'set(body,']}]}",
                              "t:1:63: p::log_statements::0: unable to parse OTTL statement \"set(body,\": "
                              "statement has invalid syntax: "
                              "1:10: unexpected end"},
                             {"{log_statements: ['set(body, 1)']}", "has no context in front"},
                             {"{log_statements: ['set(log.body, 1)', 'set(log.nope, 1)']}",
                              "segment \"nope\" from path \"log.nope\""},
                             {"{log_statements: [{context: nope, statements: []}]}", "unknown context nope"},
                             {"{log_statements: ['set(log.body, 1)', {statements: []}]}",
                              "texts and sections cannot stand in one list"},
                             {"{log_statements: 5}", "a list is expected here"},
                             {"{flatten_data: true}", "feature gate"},
                         }));

}  // namespace
}  // namespace gleaner::processors::transform
