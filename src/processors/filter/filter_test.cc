#include <gtest/gtest.h>

#include "config/yaml.h"
#include "pipeline/testing.h"
#include "processors/filter/config.h"

namespace gleaner::processors::filter {
namespace {
using testing_support::Bench;
using testing_support::Catcher;
using testing_support::log_batch;
using Seen = std::vector<std::string>;

/// Runs a batch of r0, r1, r2 through a filter; the books must balance afterwards.
struct FilterTest : testing::Test {
  Bench bench;
  Catcher sink;
  Ledger ledger;
  Result<> answer;

  Seen run(const char* yaml) {
    config::Problems problems;
    const auto config =
        config::decode<Config>(*config::parse_yaml(yaml, "f"), "processors::filter", problems);
    EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
    auto filter = Make::make<Logs>(config, bench.context, sink);
    auto batch = log_batch(3);
    batch.receipt.enter(ledger);
    answer = bench.loop.run_until_done((*filter)->consume(batch));
    if (!answer) {
      batch.receipt.leave(ledger);
      batch.receipt.settle(Outcome::dropped, Drop::permanent_error);
    }
    Seen all;
    for (const auto& one : sink.batches) all.insert(all.end(), one.begin(), one.end());
    return all;
  }
  std::uint64_t dropped() const { return ledger.dropped[static_cast<std::size_t>(Drop::filtered)]; }
  ~FilterTest() override {
    EXPECT_TRUE(ledger.balanced());
    EXPECT_EQ(ledger.held, 0u);
  }
};

TEST_F(FilterTest, DropsAndCounts) {
  EXPECT_EQ(run("{logs: {log_record: ['body == \"r1\"', 'body == \"x\"']}}"), (Seen{"r0", "r2"}));
  EXPECT_EQ(dropped(), 1u);
  EXPECT_EQ(bench.metrics.sum("processor_filter_logs_filtered"), 1);
}
TEST_F(FilterTest, AnEmptyBatchEndsHere) {
  EXPECT_TRUE(run("{log_conditions: ['log.body != nil']}").empty());
  EXPECT_TRUE(sink.batches.empty());
  EXPECT_EQ(dropped(), 3u);
}
TEST_F(FilterTest, NothingWrittenNothingDone) { EXPECT_EQ(run("{}").size(), 3u); }
TEST_F(FilterTest, IgnoredErrorsAreLogged) {
  EXPECT_EQ(run("{logs: {log_record: ['1 / 0 == 1', 'body == \"r1\"']}}"), (Seen{"r0", "r2"}));
  EXPECT_EQ(bench.sink.lines.size(), 3u);
}
TEST_F(FilterTest, SilentOnesAreNot) {
  EXPECT_EQ(run("{error_mode: silent, logs: {log_record: ['1 / 0 == 1']}}").size(), 3u);
  EXPECT_TRUE(bench.sink.lines.empty());
}
TEST_F(FilterTest, PropagatedOnesRefuse) {
  EXPECT_TRUE(run("{error_mode: propagate, logs: {log_record: ['body == \"r0\"', '1 / 0 == 1']}}").empty());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::retryable);
  EXPECT_EQ(dropped(), 1u);
}
TEST_F(FilterTest, OldFormKeepsWhatIsIncluded) {
  EXPECT_EQ(run("{logs: {include: {match_type: regexp, bodies: ['^r[01]']}, exclude: {match_type: strict, "
                "bodies: [r0]}}}"),
            (Seen{"r1"}));
}

struct Bad {
  const char* yaml;
  const char* says;
};
/// The oldest form over metrics with one point each: "m" with the attribute a=x, "n" with a=1.
struct MetricCase {
  const char* yaml;
  std::string_view stays, fails = {};
};
class OldMetrics : public FilterTest, public testing::WithParamInterface<MetricCase> {
 protected:
  class Names : public Consumer<Metrics> {
   public:
    std::string text;
    Task<Result<>> consume(Batch<Metrics>& batch) override {
      for (const auto& resource : batch.data.records().resources)
        for (const auto& scope : resource.scopes)
          for (const auto& metric : scope.records) text += metric.name;
      batch.settle(Outcome::delivered);
      co_return Result<>();
    }
  };
};
TEST_P(OldMetrics, KeepsWhatMatches) {
  auto records = std::make_unique<Records<Metrics>>();
  Arena& arena = records->arena;
  auto& scope = records->resources.push_back(arena, {}).scopes.push_back(arena, {});
  const auto add = [&](std::string_view name, pdata::Metric::Kind kind, pdata::Value value) {
    auto& metric = scope.records.push_back(arena, {});
    metric.name = name;
    metric.kind = kind;
    metric.numbers.push_back(arena, {}).attributes.set(arena, "a", value);
  };
  add("m", pdata::Metric::Kind::gauge, pdata::Value::string("x"));
  add("n", pdata::Metric::Kind::sum, pdata::Value::integer(1));
  config::Problems problems;
  const auto config =
      config::decode<Config>(*config::parse_yaml(GetParam().yaml, "f"), "processors::filter", problems);
  ASSERT_FALSE(problems.any_errors()) << problems.errors_text();
  Names names;
  auto filter = Make::make<Metrics>(config, bench.context, names);
  Batch<Metrics> batch{Payload<Metrics>(std::move(records))};
  batch.receipt.enter(ledger);
  answer = bench.loop.run_until_done((*filter)->consume(batch));
  if (!answer) {
    batch.receipt.leave(ledger);
    batch.receipt.settle(Outcome::dropped, Drop::permanent_error);
  }
  EXPECT_EQ(answer ? "" : answer.error().what.substr(0, GetParam().fails.size()), GetParam().fails);
  EXPECT_EQ(names.text, GetParam().stays);
}
INSTANTIATE_TEST_SUITE_P(
    Table, OldMetrics,
    testing::ValuesIn<MetricCase>({
        {"{metrics: {include: {match_type: strict, metric_names: [n]}}}", "n"},
        {"{metrics: {exclude: {match_type: regexp, metric_names: ['^n']}}}", "m"},
        {R"({metrics: {include: {match_type: expr, expressions: ['MetricName == "m"']}}})", "m"},
        {R"({metrics: {exclude: {match_type: expr, expressions: ['MetricType == "Gauge"']}}})", "n"},
        {R"({metrics: {include: {match_type: expr, expressions: ['Label("a") == "x"']}}})", "m"},
        {R"({metrics: {exclude: {match_type: expr, expressions: ['Label("a") == ""', 'HasLabel("b")']}}})",
         "m"},
        {R"({metrics: {include: {match_type: expr, expressions: ['HasLabel("a")']},
                       exclude: {match_type: expr, expressions: ['MetricName matches "^m"']}}})",
         "n"},
        {R"({metrics: {include: {match_type: expr, expressions: ['nope']}}})", "", "cannot fetch nope"},
        {R"({metrics: {include: {match_type: expr, expressions: ['MetricName']}}})", "",
         "filter returned non-boolean"},
        {R"({metrics: {include: {match_type: expr, expressions: ['HasLabel()']}}})", "",
         "invalid number of arguments"},
        {R"({metrics: {include: {match_type: expr, expressions: ['Foo(1)']}}})", "",
         "invalid operation: cannot call nil"},
    }));

class FilterConfig : public testing::TestWithParam<Bad> {};
TEST_P(FilterConfig, SaysWhatIsWrongAndWhere) {
  config::Problems problems;
  (void)config::decode<Config>(*config::parse_yaml(GetParam().yaml, "f"), "p", problems);
  EXPECT_TRUE(problems.any_errors());
  EXPECT_NE(problems.errors_text().find(GetParam().says), std::string::npos) << problems.errors_text();
}
INSTANTIATE_TEST_SUITE_P(
    Table, FilterConfig,
    testing::ValuesIn<Bad>({
        {"{logs: {log_record: ['true', 'Nope(body)']}}",
         "f:1:30: p::logs: unable to parse OTTL condition \"Nope(body)\": undefined function \"Nope\" (at "
         "1:1)"},
        {"{logs: {log_record: ['body ==']}}", "condition has invalid syntax: 1:8: unexpected end"},
        {"{log_conditions: ['body == \"x\"']}", "has no context in front"},
        {"{log_conditions: [{context: log, conditions: ['true']}, 'log.body == 1']}",
         "texts and sections cannot stand in one list"},
        {"{log_conditions: [{context: span, conditions: ['true']}]}", "unknown context \"span\""},
        {"{log_conditions: ['log.body == 1'], logs: {log_record: ['true']}}",
         "cannot be used together with logs"},
        {"{logs: {log_record: ['true'], include: {match_type: strict, bodies: [x]}}}", "at the same time"},
        {"{traces: {span: ['true']}, spans: {include: {match_type: strict, services: [x]}}}",
         "at the same time"},
        {"{metrics: {include: {match_type: expr, expressions: ['(']}}}", "unexpected token"},
        {"{metrics: {include: {match_type: expr, resource_attributes: [{key: a, value: b}]}}}",
         "unrecognized match_type \"expr\""},
        {"{error_mode: loud}", "error_mode"},
    }));

}  // namespace
}  // namespace gleaner::processors::filter
