#include "pipeline/sending.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"

namespace gleaner {
namespace {

constexpr Duration kDrain = std::chrono::seconds(5);  // what is in files may wait for the next run

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
    : Troubled{&troubles_},
      config_(config),
      loop_(context.loop),
      logger_(context.logger.with({{"otelcol.signal", S::name}})),
      sender_(sender),
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
  waiting_.emplace(loop_, *config_.queue, [this] { pump(); });
  gauges_.push_back(metrics_.gauge("exporter_queue_size", labels, "Current size of the sending queue.",
                                   [this] { return static_cast<double>(used()); }));
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
Task<Result<>> Sending<S>::consume(Batch<S>& batch) {
  if (!config_.queue) {
    if (stopping_) co_return fail(Fault::cancelled, "exporter is stopped");
    auto result = co_await deliver(batch);
    troubles_.answered(loop_.now(), result);
    if (result) co_return Result<>();
    logger_.error("Exporting failed. Rejecting data.",
                  {{"error", result.error().what}, {"rejected_items", batch.data.items()}});
    co_return result;
  }
  const std::size_t weight = Lots<S>::weigh(batch, config_.queue->sizer);
  const std::size_t items = batch.data.items();
  while (!stopping_ && config_.queue->block_on_overflow && used() > 0 &&
         used() + weight > config_.queue->queue_size)
    co_await room_.wait();
  if (stopping_ || used() + weight > config_.queue->queue_size) {
    enqueue_failed_.add(items);
    if (weight > config_.queue->queue_size) co_return fail(Fault::permanent, "element size too large");
    const char* why = stopping_ ? "sending queue is stopped" : "sending queue is full";
    troubles_.refused(loop_.now(), why);
    co_return fail(Fault::retryable, why);
  }
  used_ += weight;
  enqueued_->record(batch.data);
  if (disk_) co_return co_await keep(batch, weight);
  Item item;
  item.weight = weight;
  item.batch = std::move(batch);
  if (!config_.queue->wait_for_result) {
    waiting_->put(std::move(item));
    pump();
    troubles_.took();
    co_return Result<>();
  }
  typename Lots<S>::Waiter waiter{
      batch};  // NOLINT(bugprone-use-after-move): where a refused batch is put back
  item.waiter = &waiter;
  waiting_->put(std::move(item));
  pump();
  if (!waiter.result) co_await waiter.done.wait();
  troubles_.answered(loop_.now(), *waiter.result);
  co_return std::move(*waiter.result);
}

template <class S>
Task<Result<>> Sending<S>::open(const Context& context, std::string_view type) {
  auto storage = queue_storage(config_, context);
  if (!storage) co_return fail(std::move(storage.error()));
  if (!*storage) co_return Result<>();
  disk_ = std::make_unique<DiskQueue>(**storage, context, type, S::kind, S::items);
  auto ok = co_await disk_->open();
  if (ok) refill();
  co_return ok;
}

/// Into the files, and from there on as if it had just been read from them.
template <class S>
Task<Result<>> Sending<S>::keep(Batch<S>& batch, std::size_t weight) {
  const std::size_t items = batch.data.items();
  auto place = co_await disk_->log.append(batch.data.wire(), static_cast<std::uint32_t>(items));
  free(weight);
  if (!place) {
    enqueue_failed_.add(items);
    troubles_.refused(loop_.now(), place.error().what.c_str());
    co_return fail(std::move(place.error()).in("sending queue"));
  }
  troubles_.took();
  batch.client.reset();  // is not in the files either
  batch.receipt.settle(Outcome::persisted);
  if (!spilling_ && disk_->room(idle()) && disk_->log.take(*place)) {
    hand_out(*place, std::move(batch));
  } else {
    batch = Batch<S>();
    refill();
  }
  co_return Result<>();
}

template <class S>
void Sending<S>::hand_out(const storage::QueueLog::Place& place, Batch<S> batch) {
  disk_->in_memory += place.size;
  // Done with when every part of it is; kept when one of them has to be.
  batch.receipt = Receipt(batch.data.items(), Ticket::make([this, place](Outcome outcome) {
                            disk_->in_memory -= place.size;
                            if (outcome == Outcome::persisted) return;
                            disk_->log.done(place);
                            room_.notify_all();
                            refill();
                          }));
  Item item;
  item.batch = std::move(batch);
  waiting_->put(std::move(item));
  pump();
}

template <class S>
void Sending<S>::refill() {
  if (disk_->filling || spilling_ || !disk_->room(idle()) || !disk_->log.unread()) return;
  disk_->filling = true;
  gate_.spawn(fill());
}

template <class S>
Task<> Sending<S>::fill() {
  while (!spilling_ && disk_->room(idle()) && disk_->log.unread()) {
    auto got = co_await disk_->log.read(DiskQueue::kReadAhead);
    if (!got) break;
    for (auto& one : *got) {
      Batch<S> batch;
      batch.data = Payload<S>(std::move(one.body), one.place.items);
      batch.memory.push_back(disk_->reserve(one.place.size));
      hand_out(one.place, std::move(batch));
    }
  }
  disk_->filling = false;
}

/// Ends what was not delivered. What is in the files and may yet be delivered stays there.
template <class S>
void Sending<S>::drop(Batch<S>& batch, Drop why) {
  if (!disk_) return batch.settle(Outcome::dropped, why);
  if (why == Drop::shutdown) return batch.settle(Outcome::persisted);
  disk_->dropped(batch.data.items(), why);
  batch.settle(Outcome::delivered);
}

template <class S>
void Sending<S>::pump() {
  while (workers_ < config_.queue->num_consumers && waiting_->ready() && !spilling_) {
    ++workers_;
    gate_.spawn(worker());
  }
}

template <class S>
void Sending<S>::free(std::size_t weight) {
  used_ -= weight;
  room_.notify_all();
}

template <class S>
Task<> Sending<S>::worker() {
  while (waiting_->ready() && !spilling_) {
    Item item = waiting_->take();
    sizes_->record(item.batch.data);
    auto result = co_await deliver(item.batch);
    if (item.waiter) {
      if (!result) item.waiter->batch = std::move(item.batch);
      item.waiter->result = std::move(result);
      item.waiter->done.notify_all();
    } else if (!result) {
      const bool kept = disk_ && result.error().fault == Fault::cancelled;
      spilling_ |= kept;
      if (!kept)
        logger_.error("Exporting failed. Dropping data.",
                      {{"error", result.error().what}, {"dropped_items", item.batch.data.items()}});
      const Drop why = result.error().fault == Fault::permanent   ? Drop::permanent_error
                       : result.error().fault == Fault::cancelled ? Drop::shutdown
                                                                  : Drop::retries_exhausted;
      drop(item.batch, why);
    }
    free(item.weight);
  }
  --workers_;
}

template <class S>
Task<Result<>> Sending<S>::deliver(Batch<S>& batch) {
  const std::size_t items = batch.data.items();
  const TimePoint start = loop_.now();
  Duration interval = config_.retry ? config_.retry->initial_interval : Duration{0};
  for (;;) {
    auto result = co_await sender_.send(batch.data, batch.client.get(), config_.timeout);
    if (result) {
      troubles_.worked();
      sent_.add(items);
      batch.settle(Outcome::delivered);
      co_return result;
    }
    Error error = std::move(result.error());
    troubles_.failed(loop_.now(), error);
    // The backend's code and its wish go with the error: without a queue the sender hears them.
    const auto give_up = [&](std::string why, Fault fault) -> Result<> {
      failed_.add(items);
      error.what = std::move(why);
      error.sys = 0;  // the network's: a disk's is told to whoever waits for one
      error.fault = fault;
      return fail(std::move(error));
    };
    if (kHasRecords<S> && error.too_large && items > 1) co_return co_await deliver_halves(batch);
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

// The reference drops such data; a smaller request may be what the backend takes. Each half may be cut again,
// down to single items.
template <class S>
Task<Result<>> Sending<S>::deliver_halves(Batch<S>& batch) {
  Result<> all;
  if constexpr (kHasRecords<S>) {
    logger_.info("The request is too large for the backend. Sending its halves.",
                 {{"items", batch.data.items()}});
    Batch<S> head = batch.split(batch.data.items() / 2);
    all = co_await deliver(head);
    auto second = co_await deliver(batch);
    const auto never = [](const Result<>& result) {
      return !result && result.error().fault == Fault::permanent;
    };
    if (!all && !second && never(all) != never(second)) {  // one of them may still be taken
      drop(never(all) ? head : batch, Drop::permanent_error);
      if (never(second))
        batch = std::move(head);
      else
        all = std::move(second);
    } else if (!all) {  // what was not delivered goes back as one
      if (!second) head.append(std::move(batch));
      batch = std::move(head);
    } else {
      all = std::move(second);
    }
  }
  co_return all;
}

template <class S>
Task<Result<>> Sending<S>::stop() {
  stopping_ = true;
  for (Timer* timer : std::exchange(sleeping_, {})) timer->cancel();
  room_.notify_all();
  Timer patience(loop_);
  if (disk_) patience.start(loop_.now() + kDrain, [this](bool came) { spilling_ |= came; });
  if (waiting_) {
    waiting_->flush();
    pump();
  }
  co_await gate_.join();
  if (!disk_) co_return Result<>();
  spilling_ = true;
  while (waiting_->ready()) {
    Item item = waiting_->take();
    drop(item.batch, Drop::shutdown);
  }
  co_await disk_->close();
  co_return Result<>();
}

template class Sending<Logs>;
template class Sending<Metrics>;
template class Sending<Traces>;
template class Sending<Profiles>;

}  // namespace gleaner
