#include "pipeline/sending.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"

namespace gleaner {
namespace {

template <class S>
metrics::Counter& counter(const Context& context, std::string_view what, metrics::Labels labels,
                          std::string_view help) {
  std::string words(S::items);
  std::replace(words.begin(), words.end(), '_', ' ');
  return context.metrics.counter(fmt::format("exporter_{}_{}", what, S::items), std::move(labels),
                                 fmt::format(fmt::runtime(help), words));
}

template <class S>
metrics::Labels destination_labels(const std::string& id, const Sender<S>& sender) {
  metrics::Labels labels{{"exporter", id}};
  for (auto& label : sender.destination()) labels.push_back(std::move(label));
  return labels;
}

}  // namespace

template <class S>
Sending<S>::Sending(const SendingConfig& config, const Context& context, Sender<S>& sender)
    : config_(config),
      loop_(context.loop),
      logger_(context.logger.with({{"otelcol.signal", S::name}})),
      sender_(sender),
      flush_(context.loop),
      random_(static_cast<unsigned>(unix_nanos())),
      sent_(counter<S>(context, "sent", destination_labels(context.id, sender),
                       "Number of {} successfully sent to destination.")),
      failed_(counter<S>(context, "send_failed", destination_labels(context.id, sender),
                         "Number of {} in failed attempts to send to destination.")),
      enqueue_failed_(counter<S>(context, "enqueue_failed", {{"exporter", context.id}},
                                 "Number of {} that failed to be added to the sending queue.")),
      metrics_(context.metrics) {
  const metrics::Labels labels{{"data_type", std::string(S::name)}, {"exporter", context.id}};
  gauges_.push_back(metrics_.gauge("exporter_in_flight_requests", labels, "Requests being sent.",
                                   [this] { return static_cast<double>(workers_); }));
  if (!config_.queue) return;
  gauges_.push_back(metrics_.gauge("exporter_queue_size", labels, "Current size of the sending queue.",
                                   [this] { return static_cast<double>(used_); }));
  gauges_.push_back(metrics_.gauge("exporter_queue_capacity", labels, "Fixed capacity of the sending queue.",
                                   [this] { return static_cast<double>(config_.queue->queue_size); }));
  const auto sizes = [&](std::string_view what, std::string_view help) {
    const std::string name = fmt::format("exporter_{}_size", what);
    return Sizes{metrics_.histogram(name, labels, fmt::format("Number of units in the {}", help),
                                    metrics::item_bounds(), metrics::Detail::detailed),
                 metrics_.histogram(name + "_bytes", labels, fmt::format("Number of bytes in the {}", help),
                                    metrics::byte_bounds(), metrics::Detail::detailed)};
  };
  enqueued_.emplace(sizes("enqueue", "request put into the queue."));
  sizes_.emplace(sizes("queue_batch_send", "batch taken from the queue."));
}

template <class S>
Sending<S>::~Sending() {
  for (const auto gauge : gauges_) metrics_.remove(gauge);
}

template <class S>
std::size_t Sending<S>::weigh(Batch<S>& batch, const std::string& sizer) const {
  if (sizer == "requests") return 1;
  if (sizer == "items") return batch.data.items();
  return batch.data.wire().size();
}

template <class S>
Task<Result<>> Sending<S>::consume(Batch<S>& batch) {
  if (!config_.queue) {
    if (stopping_) co_return fail(Fault::cancelled, "exporter is stopped");
    auto result = co_await deliver(batch);
    if (result) co_return Result<>();
    logger_.error("Exporting failed. Rejecting data.",
                  {{"error", result.error().what}, {"rejected_items", batch.data.items()}});
    co_return result;
  }
  const std::size_t weight = weigh(batch, config_.queue->sizer);
  const std::size_t items = batch.data.items();
  while (!stopping_ && config_.queue->block_on_overflow && used_ > 0 &&
         used_ + weight > config_.queue->queue_size)
    co_await room_.wait();
  if (stopping_ || used_ + weight > config_.queue->queue_size) {
    enqueue_failed_.add(items);
    if (weight > config_.queue->queue_size) co_return fail(Fault::permanent, "element size too large");
    co_return fail(Fault::retryable, stopping_ ? "sending queue is stopped" : "sending queue is full");
  }
  used_ += weight;
  enqueued_->record(batch.data);
  if (config_.queue->batch) waiting_weight_ += weigh(batch, config_.queue->batch->sizer);
  Item item;
  item.weight = weight;
  item.batch = std::move(batch);
  if (!config_.queue->wait_for_result) {
    queue_.push_back(std::move(item));
    pump();
    co_return Result<>();
  }
  Waiter waiter{batch};  // NOLINT(bugprone-use-after-move): where a refused batch is put back
  item.waiter = &waiter;
  queue_.push_back(std::move(item));
  pump();
  if (!waiter.result) co_await waiter.done.wait();
  co_return std::move(*waiter.result);
}

template <class S>
bool Sending<S>::ready() const {
  if (queue_.empty()) return false;
  if (!config_.queue->batch || stopping_ || due_) return true;
  return waiting_weight_ >= config_.queue->batch->min_size;
}

template <class S>
void Sending<S>::pump() {
  while (workers_ < config_.queue->num_consumers && ready()) {
    ++workers_;
    gate_.spawn(worker());
  }
  if (!queue_.empty() && !flush_.running() && config_.queue->batch &&
      workers_ < config_.queue->num_consumers && !stopping_)
    gate_.spawn(flush_later());
}

template <class S>
Task<> Sending<S>::flush_later() {
  if (!co_await flush_.sleep(config_.queue->batch->flush_timeout)) co_return;
  due_ = true;
  pump();
}

template <class S>
typename Sending<S>::Item Sending<S>::take() {
  Item item = std::move(queue_.front());
  queue_.pop_front();
  if (!config_.queue->batch) return item;
  const auto& batch = *config_.queue->batch;
  std::size_t size = weigh(item.batch, batch.sizer);
  waiting_weight_ -= size;
  // Whoever waits for a result is sent alone: its answer must be its own.
  while (!item.waiter && !queue_.empty() && !queue_.front().waiter && size < batch.min_size) {
    const std::size_t next = weigh(queue_.front().batch, batch.sizer);
    if (batch.max_size && size + next > batch.max_size) break;
    item.batch.append(std::move(queue_.front().batch));
    item.weight += queue_.front().weight;
    queue_.pop_front();
    waiting_weight_ -= next;
    size += next;
  }
  if (batch.max_size && batch.sizer == "items" && size > batch.max_size && !item.waiter) {
    Item rest;
    rest.weight = 0;  // the queue is freed with the first part
    Batch<S> head = item.batch.split(batch.max_size);
    rest.batch = std::move(item.batch);
    item.batch = std::move(head);
    waiting_weight_ += rest.batch.data.items();
    queue_.push_front(std::move(rest));
  }
  if (queue_.empty()) {
    due_ = false;
    flush_.cancel();
  }
  return item;
}

template <class S>
void Sending<S>::free(std::size_t weight) {
  used_ -= weight;
  room_.notify_all();
}

template <class S>
Task<> Sending<S>::worker() {
  while (ready()) {
    Item item = take();
    const std::size_t items = item.batch.data.items();
    sizes_->record(item.batch.data);
    auto result = co_await deliver(item.batch);
    if (item.waiter) {
      if (!result) item.waiter->batch = std::move(item.batch);
      item.waiter->result = std::move(result);
      item.waiter->done.notify_all();
    } else if (!result) {
      logger_.error("Exporting failed. Dropping data.",
                    {{"error", result.error().what}, {"dropped_items", items}});
      const Drop why = result.error().fault == Fault::permanent   ? Drop::permanent_error
                       : result.error().fault == Fault::cancelled ? Drop::shutdown
                                                                  : Drop::retries_exhausted;
      item.batch.settle(Outcome::dropped, why);
    }
    free(item.weight);
  }
  --workers_;
}

/// Attempts until it works, cannot work, or takes too long. Settles the batch on success only.
template <class S>
Task<Result<>> Sending<S>::deliver(Batch<S>& batch) {
  const std::size_t items = batch.data.items();
  const TimePoint start = loop_.now();
  Duration interval = config_.retry ? config_.retry->initial_interval : Duration{0};
  for (;;) {
    auto result = co_await sender_.send(batch.data, batch.client.get(), config_.timeout);
    if (result) {
      sent_.add(items);
      batch.settle(Outcome::delivered);
      co_return result;
    }
    Error error = std::move(result.error());
    const auto give_up = [&](std::string why, Fault fault) -> Result<> {
      failed_.add(items);
      return fail(fault, std::move(why));
    };
    if (error.fault == Fault::permanent)
      co_return give_up("not retryable error: Permanent error: " + error.what, Fault::permanent);
    if (!config_.retry) co_return give_up(error.what, Fault::retryable);
    if (stopping_) co_return give_up("interrupted due to shutdown: " + error.what, Fault::cancelled);
    const double spread = config_.retry->randomization_factor;
    const double factor =
        1 - spread + 2 * spread * (static_cast<double>(random_()) / static_cast<double>(random_.max()));
    Duration wait{static_cast<std::int64_t>(static_cast<double>(interval.count()) * factor)};
    wait = std::max(wait, Duration(error.retry_after));
    if (config_.retry->max_elapsed_time > Duration{0} &&
        loop_.now() + wait - start > config_.retry->max_elapsed_time)
      co_return give_up("no more retries left: " + error.what, Fault::retryable);
    logger_.info("Exporting failed. Will retry the request after interval.",
                 {{"error", error.what}, {"interval", format_duration(wait)}});
    interval = std::min(Duration{static_cast<std::int64_t>(static_cast<double>(interval.count()) *
                                                           config_.retry->multiplier)},
                        config_.retry->max_interval);
    Timer timer(loop_);
    sleeping_.push_back(&timer);
    const bool slept = co_await timer.sleep(wait);
    std::erase(sleeping_, &timer);
    if (stopping_ && !slept) {
      // One last try without waiting, as the reference does for what is queued at shutdown.
      auto last = co_await sender_.send(batch.data, batch.client.get(), config_.timeout);
      if (last) {
        sent_.add(items);
        batch.settle(Outcome::delivered);
        co_return last;
      }
      co_return give_up("interrupted due to shutdown: " + last.error().what, Fault::cancelled);
    }
  }
}

template <class S>
Task<Result<>> Sending<S>::stop() {
  stopping_ = true;
  flush_.cancel();
  for (Timer* timer : std::exchange(sleeping_, {})) timer->cancel();
  room_.notify_all();
  if (config_.queue) pump();
  co_await gate_.join();
  co_return Result<>();
}

template class Sending<Logs>;
template class Sending<Metrics>;
template class Sending<Traces>;

}  // namespace gleaner
