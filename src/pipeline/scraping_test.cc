#include "pipeline/scraping.h"

#include <gtest/gtest.h>

#include "pipeline/testing.h"

namespace gleaner {
namespace {
using namespace std::chrono_literals;

/// Notes when it is asked; takes as long as told.
class Source final : public Scraper {
 public:
  explicit Source(Loop& loop) : loop_(loop), timer_(loop), start_(loop.now()) {}
  Task<Result<Scraped>> scrape(TimePoint deadline) override {
    asked.push_back(loop_.now() - start_);
    limits.push_back(deadline - loop_.now());
    if (takes > Duration{0}) (void)co_await timer_.sleep(takes);
    if (broken) co_return fail(Fault::retryable, "no answer");
    auto records = std::make_unique<Records<Metrics>>();
    for (int i = 0; i < points; ++i) {
      auto& resource = records->resources.push_back(records->arena, {});
      auto& scope = resource.scopes.push_back(records->arena, {});
      auto& metric = scope.records.push_back(records->arena, {});
      metric.name = "m";
      metric.kind = pdata::Metric::Kind::gauge;
      metric.numbers.push_back(records->arena, {});
    }
    co_return Scraped{Payload<Metrics>(std::move(records)), static_cast<std::size_t>(points)};
  }
  void hurry() { timer_.cancel(); }
  std::vector<Duration> asked, limits;
  Duration takes{0};
  int points = 2;
  bool broken = false;

 private:
  Loop& loop_;
  Timer timer_;
  TimePoint start_;
};

class Sink final : public Consumer<Metrics> {
 public:
  Task<Result<>> consume(Batch<Metrics>& batch) override {
    if (!answer) co_return answer;
    items += batch.data.items();
    ++batches;
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }
  Result<> answer;
  std::size_t items = 0, batches = 0;
};

struct Rig : testing_support::Bench {
  Source source{loop};
  Sink sink_of_metrics;
  ScrapingConfig config{.collection_interval = 10s, .initial_delay = 1s, .timeout = Duration{0}};
  std::optional<Scraping> scraping;
  void start() {
    scraping.emplace(config, context, "s", source, sink_of_metrics);
    scraping->start();
    loop.run_ready();
  }
  ~Rig() {
    if (!scraping) return;
    loop.post([this] { source.hurry(); });
    loop.run_until_done(scraping->stop());
  }
};

TEST(ScrapeLoop, KeepsToTheClock) {
  Rig rig;
  rig.start();
  rig.loop.advance(25s);
  EXPECT_EQ(rig.source.asked, (std::vector<Duration>{1s, 11s, 21s}));
  EXPECT_EQ(rig.source.limits[0], 10s);
  EXPECT_EQ(rig.sink_of_metrics.items, 6u);
  EXPECT_EQ(rig.metrics.sum("scraper_scraped_metric_points", {{"scraper", "s"}}), 6);
  EXPECT_EQ(rig.metrics.sum("receiver_accepted_metric_points"), 6);
}

TEST(ScrapeLoop, MakesOneOfTheTicksItMissed) {
  Rig rig;
  rig.config.timeout = 3s;
  rig.source.takes = 25s;
  rig.start();
  for (int i = 0; i < 70; ++i) rig.loop.advance(1s);
  // The ticks of 11 and 21 come together when the first scrape ends at 26; the next is due at 31.
  EXPECT_EQ(rig.source.asked, (std::vector<Duration>{1s, 26s, 51s}));
  EXPECT_EQ(rig.source.limits[0], 3s);
}

TEST(ScrapeLoop, GoesOnAfterFailures) {
  Rig rig;
  rig.source.broken = true;
  rig.start();
  rig.loop.advance(12s);
  EXPECT_EQ(rig.source.asked.size(), 2u);
  EXPECT_EQ(rig.sink_of_metrics.batches, 0u);
  ASSERT_EQ(rig.sink.lines.size(), 2u);
  EXPECT_NE(rig.sink.lines[0].find("Error scraping metrics"), std::string::npos) << rig.sink.lines[0];
  EXPECT_NE(rig.sink.lines[0].find("no answer"), std::string::npos);
  rig.source.broken = false;
  rig.loop.advance(10s);
  EXPECT_EQ(rig.sink_of_metrics.batches, 1u);
}

TEST(ScrapeLoop, CountsWhatThePipelineRefuses) {
  Rig rig;
  rig.sink_of_metrics.answer = fail(Fault::retryable, "full");
  rig.start();
  rig.loop.advance(1s);
  EXPECT_EQ(rig.metrics.sum("receiver_refused_metric_points"), 2);
  EXPECT_EQ(rig.metrics.sum("receiver_accepted_metric_points"), 0);
}

TEST(ScrapeLoop, RespectsTheMemoryBudget) {
  Rig rig;
  rig.memory.set_limit(10);
  rig.start();
  rig.loop.advance(1s);
  EXPECT_EQ(rig.sink_of_metrics.batches, 0u);
  EXPECT_EQ(rig.metrics.sum("receiver_refused_metric_points"), 2);
  EXPECT_EQ(rig.memory.used(), 0u);
}

TEST(ScrapeLoop, SendsNothingWhenThereIsNothing) {
  Rig rig;
  rig.source.points = 0;
  rig.start();
  rig.loop.advance(1s);
  EXPECT_EQ(rig.source.asked.size(), 1u);
  EXPECT_EQ(rig.sink_of_metrics.batches, 0u);
}

TEST(ScrapeLoop, EndsWhereverItIs) {
  Rig waiting;
  waiting.start();  // stopped during the initial delay by the rig
  Rig idle;
  idle.start();
  idle.loop.advance(2s);  // between scrapes
}

}  // namespace
}  // namespace gleaner
