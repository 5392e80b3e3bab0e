#pragma once
// One batch being filled, and when it goes: by size, by the clock, at the end.
#include <algorithm>

#include "processors/batch/config.h"

namespace gleaner::processors::batch {

/// The processor's counters; shared by its shards.
struct Counters {
  metrics::Counter& by_size;
  metrics::Counter& by_timer;
  metrics::Histogram& sizes;
  metrics::Histogram& bytes;
};

constexpr Duration kFirstLook = std::chrono::milliseconds(100), kLastLook = std::chrono::seconds(1);

/// Whether a disk refuses, that of a queue in files or of a file: consumers tell no other errno.
inline bool disk_refuses(const Error& error) { return error.fault == Fault::retryable && error.sys != 0; }

/// Without metadata_keys there is one; with them, one for each combination of values.
template <class S>
class Shard {
 public:
  /// @param client  what the batches tell of their senders; may be null. Everything else outlives the shard.
  Shard(const Config& config, const Context& context, Consumer<S>& next, Counters& counters,
        std::shared_ptr<const Client> client)
      : config_(config),
        context_(context),
        next_(next),
        counters_(counters),
        client_(std::move(client)),
        timer_(context.loop),
        pause_(context.loop) {}

  Task<Result<>> consume(Batch<S>& batch) {
    while (sending_ && !stopping_)
      co_await sent_.wait();  // a slow consumer holds the caller: that is the flow control
    if (next_.wants_wire()) batch.data.wire();
    waiting_.append(std::move(batch));
    if (immediate()) {
      while (!waiting_.data.empty()) co_await send(counters_.by_size);
    } else {
      bool any = false;
      while (waiting_.data.items() >= config_.send_batch_size) {
        co_await send(counters_.by_size);
        any = true;
      }
      if (any) timer_.cancel();  // the period counts from the last send by size
      if (!waiting_.data.empty() && !timer_.running()) arm();
    }
    co_return Result<>();
  }

  Task<> stop() {
    stopping_ = true;
    timer_.cancel();
    pause_.cancel();
    while (sending_) co_await sent_.wait();
    while (!waiting_.data.empty()) co_await send(counters_.by_timer);
    co_await gate_.join();
    if (!waiting_.receipt.empty()) waiting_.settle(Outcome::delivered);
  }

 private:
  bool immediate() const { return config_.timeout == Duration{0} || config_.send_batch_size == 0; }

  void arm() {
    // The timer runs freely with its period, as the reference's does: it is set to the next multiple.
    const TimePoint now = context_.loop.now();
    const auto periods = (now - epoch_) / config_.timeout + 1;
    timer_.start(epoch_ + periods * config_.timeout, [this](bool came) {
      if (came && !sending_ && !waiting_.data.empty())
        gate_.spawn(on_timer());
      else if (came && !waiting_.data.empty())
        arm();
    });
  }
  Task<> on_timer() {
    while (!waiting_.data.empty()) co_await send(counters_.by_timer);
  }

  /// Sends one batch; what the next consumer refuses is lost, logged and counted, as in the reference. But a
  /// disk is waited for: senders have been told yes, and who asked for files wants none of it lost. Meanwhile
  /// they wait in consume().
  Task<> send(metrics::Counter& trigger) {
    Batch<S> out;
    if (config_.send_batch_max_size && waiting_.data.items() > config_.send_batch_max_size) {
      out = waiting_.split(config_.send_batch_max_size);
    } else {
      out = std::move(waiting_);
      waiting_ = Batch<S>();
    }
    out.client = client_;
    trigger.add();
    counters_.sizes.record(static_cast<double>(out.data.items()));
    counters_.bytes.record(static_cast<double>(out.data.bytes()));
    if (&trigger == &counters_.by_size) epoch_ = context_.loop.now();
    sending_ = true;
    auto result = co_await next_.consume(out);
    if (!result && disk_refuses(result.error()) && !stopping_) {
      context_.logger.warn("A disk refuses; senders wait", {{"error", result.error().what}});
      for (Duration wait = kFirstLook; !result && disk_refuses(result.error()) && !stopping_;
           wait = std::min(2 * wait, kLastLook)) {
        (void)co_await pause_.sleep(wait);
        result = co_await next_.consume(out);
      }
    }
    sending_ = false;
    if (!result) {
      context_.logger.warn("Sender failed", {{"error", result.error().what}});
      out.settle(Outcome::dropped,
                 result.error().fault == Fault::permanent ? Drop::downstream_error : Drop::queue_full);
    }
    sent_.notify_all();
  }

  const Config& config_;
  const Context& context_;
  Consumer<S>& next_;
  Counters& counters_;
  const std::shared_ptr<const Client> client_;
  Timer timer_, pause_;
  Gate gate_;
  Batch<S> waiting_;
  TimePoint epoch_{};
  bool sending_ = false, stopping_ = false;
  Signal sent_;
};

}  // namespace gleaner::processors::batch
