#include "pipeline/scraping.h"

namespace gleaner {

Scraping::Scraping(const ScrapingConfig& config, const Context& context, const std::string& name,
                   Scraper& scraper, Consumer<Metrics>& next)
    : config_(config),
      context_(context),
      name_(name),
      scraper_(scraper),
      next_(next),
      scraped_(context.metrics.counter("scraper_scraped_metric_points",
                                       {{"receiver", context.id}, {"scraper", name}},
                                       "Number of metric points successfully scraped.")),
      accepted_(context.metrics.counter("receiver_accepted_metric_points",
                                        {{"receiver", context.id}, {"transport", ""}},
                                        "Number of items successfully pushed into the pipeline.")),
      refused_(context.metrics.counter("receiver_refused_metric_points",
                                       {{"receiver", context.id}, {"transport", ""}},
                                       "Number of items that could not be pushed into the pipeline.")),
      timer_(context.loop) {
  // Stays at zero, as in the reference: a scrape that fails as a whole has no points to count.
  context.metrics.counter("scraper_errored_metric_points", {{"receiver", context.id}, {"scraper", name}},
                          "Number of metric points that were unable to be scraped.");
}

Task<> Scraping::stop() {
  stopping_ = true;
  timer_.cancel();
  co_await gate_.join();
}

Task<> Scraping::run() {
  if (config_.initial_delay > Duration{0} && !co_await timer_.sleep(config_.initial_delay)) co_return;
  for (TimePoint tick = context_.loop.now(); !stopping_;) {
    co_await once();
    tick += config_.collection_interval;
    const Duration late = context_.loop.now() - tick;
    if (late >= Duration{0}) {
      tick += late / config_.collection_interval * config_.collection_interval;
    } else if (stopping_ || !co_await timer_.sleep_until(tick)) {
      co_return;
    }
  }
}

Task<> Scraping::once() {
  const Duration limit = config_.timeout > Duration{0} ? config_.timeout : config_.collection_interval;
  auto scraped = co_await scraper_.scrape(context_.loop.now() + limit);
  if (!scraped) {
    if (!stopping_)
      context_.logger.error("Error scraping metrics", {{"scraper", name_}, {"error", scraped.error().what}});
    co_return;
  }
  scraped_.add(scraped->metrics);
  const std::size_t points = scraped->data.items();
  if (points == 0) co_return;
  Batch<Metrics> batch(std::move(scraped->data));
  Result<> taken;
  if (auto memory = context_.memory.try_reserve(batch.data.bytes())) {
    batch.memory.push_back(std::move(memory));
    taken = co_await next_.consume(batch);
  } else {
    taken = fail(Fault::retryable, "the memory for data is used up");
  }
  if (taken) {
    accepted_.add(points);
    co_return;
  }
  refused_.add(points);
  batch.settle(Outcome::dropped, Drop::downstream_error);  // entered no ledger, or left it again
  if (!stopping_)
    context_.logger.error("Scraped metrics were refused",
                          {{"scraper", name_}, {"dropped_items", points}, {"error", taken.error().what}});
}

}  // namespace gleaner
