#include "pipeline/hand_on.h"

#include <fmt/format.h>

#include <algorithm>

namespace gleaner {

HandOn::HandOn(const std::optional<RetryConfig>& retry, const Context& context, Consumer<Logs>& next,
               bool comes_again)
    : retry_(retry),
      comes_again_(comes_again),
      context_(context),
      next_(next),
      patience_(context.loop),
      accepted_(context.metrics.counter("receiver_accepted_log_records",
                                        {{"receiver", context.id}, {"transport", ""}},
                                        "Number of log records successfully pushed into the pipeline.")),
      refused_(context.metrics.counter("receiver_refused_log_records",
                                       {{"receiver", context.id}, {"transport", ""}},
                                       "Number of log records that could not be pushed into the pipeline.")) {
}

void HandOn::put(Batch<Logs> batch) {
  waiting_.push_back(std::move(batch));
  if (!draining_) gate_.spawn(drain());
}

Task<> HandOn::drain() {
  if (draining_) {
    while (draining_) co_await drained_.wait();
    co_return;
  }
  draining_ = true;
  while (!waiting_.empty()) {
    Batch<Logs> batch = std::move(waiting_.front());
    waiting_.pop_front();
    co_await hand_on(batch);
  }
  draining_ = false;
  drained_.notify_all();
}

void HandOn::hurry() {
  stopping_ = true;
  patience_.cancel();
}

Task<> HandOn::stop() {
  hurry();
  co_await drain();
  co_await gate_.join();
}

Task<> HandOn::hand_on(Batch<Logs>& batch) {
  const std::size_t items = batch.data.items();
  const TimePoint begun = context_.loop.now();
  Duration wait = retry_ ? retry_->initial_interval : Duration{0};
  for (;;) {
    auto result = co_await next_.consume(batch);
    if (result) {
      accepted_.add(items);
      co_return;
    }
    const Error& error = result.error();
    const bool again = error.fault != Fault::permanent && retry_ && !stopping_;
    const bool expired = retry_ && retry_->max_elapsed_time > Duration{0} &&
                         context_.loop.now() - begun + wait > retry_->max_elapsed_time;
    if (!again || expired) {
      refused_.add(items);
      drop(batch, error, expired && again);
      co_return;
    }
    if (wait == retry_->initial_interval)
      context_.logger.warn(
          "The pipeline refuses records; reading waits",
          {{"error", error.what}, {"interval", fmt::format("{}ms", wait / std::chrono::milliseconds(1))}});
    std::uniform_real_distribution<double> spread(1 - retry_->randomization_factor,
                                                  1 + retry_->randomization_factor);
    const auto pause =
        std::max(error.retry_after, std::chrono::duration_cast<Duration>(wait * spread(random_)));
    (void)co_await patience_.sleep(pause);
    wait = std::min(std::chrono::duration_cast<Duration>(wait * retry_->multiplier), retry_->max_interval);
  }
}

void HandOn::drop(Batch<Logs>& batch, const Error& error, bool expired) {
  const auto items = batch.data.items();
  const bool permanent = error.fault == Fault::permanent;
  if (stopping_ && !permanent && comes_again_)
    context_.logger.info("What the pipeline has not taken is read again by the next run",
                         {{"error", error.what}, {"items", items}});
  else if (expired)
    context_.logger.error("Max elapsed time expired. Dropping data.",
                          {{"error", error.what}, {"dropped_items", items}});
  else if (permanent || retry_)  // the latter: at the end there is no time to try again
    context_.logger.error("ConsumeLogs() failed", {{"error", error.what}, {"dropped_items", items}});
  else
    context_.logger.error(
        "ConsumeLogs() failed. Enable retry_on_failure to slow down reading logs and avoid dropping.",
        {{"error", error.what}, {"dropped_items", items}});
  batch.settle(Outcome::dropped, permanent   ? Drop::permanent_error
                                 : stopping_ ? Drop::shutdown
                                             : Drop::queue_full);
}

}  // namespace gleaner
