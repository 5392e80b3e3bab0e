// Source: spec/collector.md 6.1.
#include <fmt/format.h>

#include "processors/batch/config.h"

namespace gleaner::processors::batch {
namespace {

template <class S>
class Batcher final : public Processor<S> {
 public:
  Batcher(const Config& config, const Context& context, Consumer<S>& next)
      : Processor<S>(next),
        config_(config),
        context_(context),
        timer_(context.loop),
        by_size_(context.metrics.counter(
            "processor_batch_batch_size_trigger_send", {{"processor", context.id}},
            "Number of times the batch was sent due to a size trigger.", metrics::Detail::normal)),
        by_timer_(context.metrics.counter("processor_batch_timeout_trigger_send", {{"processor", context.id}},
                                          "Number of times the batch was sent due to a timeout trigger.",
                                          metrics::Detail::normal)),
        sizes_(context.metrics.histogram("processor_batch_batch_send_size", {{"processor", context.id}},
                                         "Number of units in the batch.", metrics::item_bounds(),
                                         metrics::Detail::normal)),
        bytes_(context.metrics.histogram("processor_batch_batch_send_size_bytes", {{"processor", context.id}},
                                         "Number of bytes in batch that was sent.", metrics::byte_bounds(),
                                         metrics::Detail::detailed)),
        cardinality_(context.metrics.gauge(
            "processor_batch_metadata_cardinality", {{"processor", context.id}},
            "Number of distinct metadata value combinations being processed.", [] { return 1.0; }, false,
            metrics::Detail::normal)) {}
  ~Batcher() override { context_.metrics.remove(cardinality_); }

  bool mutates() const override { return true; }

  Task<Result<>> consume(Batch<S>& batch) override {
    while (sending_ && !stopping_)
      co_await sent_.wait();  // a slow consumer holds the caller: that is the flow control
    waiting_.append(std::move(batch));
    if (immediate()) {
      while (!waiting_.data.empty()) co_await send(by_size_);
    } else {
      bool any = false;
      while (waiting_.data.items() >= config_.send_batch_size) {
        co_await send(by_size_);
        any = true;
      }
      if (any) timer_.cancel();  // the period counts from the last send by size
      if (!waiting_.data.empty() && !timer_.running()) arm();
    }
    co_return Result<>();
  }

  Task<Result<>> stop() override {
    stopping_ = true;
    timer_.cancel();
    while (sending_) co_await sent_.wait();
    while (!waiting_.data.empty()) co_await send(by_timer_);
    co_await gate_.join();
    if (!waiting_.receipt.empty()) waiting_.settle(Outcome::delivered);
    co_return Result<>();
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
    while (!waiting_.data.empty()) co_await send(by_timer_);
  }

  /// Sends one batch; what the next consumer refuses is lost, logged and counted, as in the reference.
  Task<> send(metrics::Counter& trigger) {
    Batch<S> out;
    if (config_.send_batch_max_size && waiting_.data.items() > config_.send_batch_max_size) {
      out = waiting_.split(config_.send_batch_max_size);
    } else {
      out = std::move(waiting_);
      waiting_ = Batch<S>();
    }
    trigger.add();
    sizes_.record(static_cast<double>(out.data.items()));
    bytes_.record(static_cast<double>(out.data.bytes()));
    if (&trigger == &by_size_) epoch_ = context_.loop.now();
    sending_ = true;
    auto result = co_await this->next_.consume(out);
    sending_ = false;
    if (!result) {
      context_.logger.warn("Sender failed", {{"error", result.error().what}});
      out.settle(Outcome::dropped,
                 result.error().fault == Fault::permanent ? Drop::downstream_error : Drop::queue_full);
    }
    sent_.notify_all();
  }

  const Config config_;
  const Context context_;
  Timer timer_;
  Gate gate_;
  Batch<S> waiting_;
  TimePoint epoch_{};
  bool sending_ = false, stopping_ = false;
  Signal sent_;
  metrics::Counter& by_size_;
  metrics::Counter& by_timer_;
  metrics::Histogram& sizes_;
  metrics::Histogram& bytes_;
  const std::size_t cardinality_;  ///< token of the gauge
};

}  // namespace

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  return std::make_unique<Batcher<S>>(config, context, next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);

}  // namespace gleaner::processors::batch
