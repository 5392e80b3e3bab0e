#include "receivers/otlp/intake.h"

#include <gtest/gtest.h>

#include "pipeline/testing.h"
#include "receivers/otlp/brake.h"

namespace gleaner::receivers::otlp {
namespace {

std::string sub(int number, const std::string& body) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(body.size())} + body;
}

/// Counts what comes, and answers as told.
struct MetricsSink final : Consumer<Metrics> {
  std::size_t batches = 0, items = 0;
  Result<> answer;
  Task<Result<>> consume(Batch<Metrics>& batch) override {
    if (!answer) co_return answer;
    ++batches;
    items += batch.data.items();
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }
  bool mutates() const override { return false; }
};

struct Rig {
  testing_support::Bench bench;
  MetricsSink sink;
  Intake intake{bench.context, Consumers{.metrics = &sink}, "grpc"};

  Verdict take(const std::string& metric) {
    const auto request = sub(1, sub(2, sub(2, sub(1, "m") + metric)));
    return bench.loop.run_until_done(intake.take(SignalKind::metrics, Bytes::copy(request), nullptr, {}));
  }
  std::uint64_t count(const char* what) {
    return bench.metrics.counter(what, {{"receiver", "test"}, {"transport", "grpc"}}, "").value;
  }
};

/// Takes batches and keeps them until the test says what becomes of them.
struct SlowSink final : Consumer<Metrics> {
  std::vector<Batch<Metrics>> kept;
  Task<Result<>> consume(Batch<Metrics>& batch) override {
    kept.push_back(std::move(batch));
    co_return Result<>();
  }
  bool mutates() const override { return false; }
};

const std::string kPoint = sub(1, std::string("\x31\x01\0\0\0\0\0\0\0", 9));  // as_int 1

TEST(Intake, CountsWhatThePipelineTook) {
  Rig rig;
  EXPECT_EQ(rig.take(sub(5, kPoint + kPoint)).kind, Verdict::Kind::taken);
  EXPECT_EQ(rig.sink.items, 2u);
  EXPECT_EQ(rig.count("receiver_accepted_metric_points"), 2u);
  rig.sink.answer = fail(Fault::retryable, "no room");
  EXPECT_EQ(rig.take(sub(5, kPoint)).kind, Verdict::Kind::refused);
  EXPECT_EQ(rig.count("receiver_refused_metric_points"), 1u);
}

TEST(Intake, ClaimsWhatIsReadWhenAMetricHasTwoKinds) {
  Rig rig;  // the last kind counts, whatever stood before it
  EXPECT_EQ(rig.take(sub(5, kPoint + kPoint) + sub(7, kPoint)).kind, Verdict::Kind::taken);
  EXPECT_EQ(rig.sink.items, 1u);
  EXPECT_EQ(rig.count("receiver_accepted_metric_points"), 1u);
}

TEST(Intake, TakesWhatIsEmptyOnceReadWithoutCallingThePipeline) {
  Rig rig;
  EXPECT_EQ(rig.take(sub(5, kPoint) + sub(7, "")).kind, Verdict::Kind::taken);
  EXPECT_EQ(rig.take(sub(5, "")).kind, Verdict::Kind::taken);
  EXPECT_EQ(rig.sink.batches, 0u);
  EXPECT_EQ(rig.count("receiver_accepted_metric_points"), 0u);
}

TEST(Intake, AnswersWhenTheFateIsKnownIfToldTo) {
  struct Row {
    Outcome outcome;
    Drop reason;
    Verdict::Kind want;
  };
  for (const auto& row : {Row{Outcome::delivered, Drop::none, Verdict::Kind::taken},
                          Row{Outcome::persisted, Drop::none, Verdict::Kind::taken},
                          Row{Outcome::dropped, Drop::filtered, Verdict::Kind::taken},
                          Row{Outcome::dropped, Drop::permanent_error, Verdict::Kind::refused}}) {
    testing_support::Bench bench;
    SlowSink sink;
    Intake intake{bench.context, Consumers{.metrics = &sink}, "grpc", true};
    std::optional<Verdict> verdict;
    Gate gate;
    const auto ask = [&]() -> Task<> {
      verdict = co_await intake.take(
          SignalKind::metrics, Bytes::copy(sub(1, sub(2, sub(2, sub(1, "m") + sub(5, kPoint + kPoint))))),
          nullptr, {});
    };
    gate.spawn(ask());
    bench.loop.run_ready();
    ASSERT_EQ(sink.kept.size(), 1u);
    EXPECT_FALSE(verdict);
    auto half = sink.kept[0].receipt.split(1);  // one half's end is not the end
    half.settle(Outcome::delivered);
    bench.loop.run_ready();
    EXPECT_FALSE(verdict);
    sink.kept[0].settle(row.outcome, row.reason);
    bench.loop.run_ready();
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->kind, row.want);
  }
}

TEST(Brake, IsOnWhenAQuarterIsHeld) {
  Budget memory(64 << 20);
  auto quarter = memory.try_reserve(16 << 20);
  EXPECT_EQ(brake(memory), Duration{0});
  auto half = memory.try_reserve(16 << 20);
  EXPECT_GT(brake(memory), std::chrono::milliseconds(39));
  EXPECT_LT(brake(memory), std::chrono::milliseconds(41));
  auto all = memory.try_reserve(32 << 20);
  EXPECT_GT(brake(memory), std::chrono::milliseconds(119));
  EXPECT_LE(brake(memory), std::chrono::milliseconds(120));
}

TEST(Intake, SaysWhatIsWrongWithTheBytes) {
  Rig rig;
  const auto verdict = rig.take(sub(5, sub(1, "\x31")));
  EXPECT_EQ(verdict.kind, Verdict::Kind::bad_request);
  EXPECT_FALSE(verdict.error.what.empty());
  EXPECT_EQ(rig.sink.batches, 0u);
}

}  // namespace
}  // namespace gleaner::receivers::otlp
