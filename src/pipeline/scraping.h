#pragma once
// Metrics that are fetched on a clock: the loop around every scraper, its counters and its log lines.
#include <memory>
#include <string>

#include "pipeline/component.h"
#include "pipeline/scraping_config.h"

namespace gleaner {

/// What a look brought.
struct Scraped {
  Payload<Metrics> data;
  std::size_t metrics = 0;  ///< whatever number of points each has
};

/// Something that can be asked for metrics.
class Scraper {
 public:
  virtual ~Scraper() = default;
  /// One look, over by `deadline`. An error means nothing was learnt; what is missing in part is the
  /// scraper's own to log.
  virtual Task<Result<Scraped>> scrape(TimePoint deadline) = 0;
};

/// Asks after initial_delay and then on every tick of collection_interval. Scrapes never overlap: ticks that
/// pass meanwhile become one. One timer, and nothing else while idle.
///
/// Counts scraper_scraped_metric_points (metrics, as the reference counts), scraper_errored_metric_points,
/// receiver_accepted_metric_points and receiver_refused_metric_points. A refused scrape is not tried again:
/// the next one brings newer numbers. A scrape without points does not go into the pipeline.
class Scraping {
 public:
  /// @param name the scraper's own: the label "scraper" of its counters
  Scraping(const ScrapingConfig& config, const Context& context, const std::string& name, Scraper& scraper,
           Consumer<Metrics>& next);
  void start() { gate_.spawn(run()); }
  /// Ends the waiting and returns when a scrape in progress has ended. Nothing is logged from now on.
  Task<> stop();

 private:
  Task<> run();
  Task<> once();

  const ScrapingConfig config_;
  const Context context_;
  const std::string name_;
  Scraper& scraper_;
  Consumer<Metrics>& next_;
  metrics::Counter& scraped_;
  metrics::Counter& accepted_;
  metrics::Counter& refused_;
  Timer timer_;
  Gate gate_;
  bool stopping_ = false;
};

}  // namespace gleaner
