#pragma once
// What lies between a pipeline and a backend: queue, batching, retries. Source: spec/collector.md 5.1-5.3.
#include <deque>
#include <memory>
#include <random>

#include "pipeline/component.h"
#include "pipeline/sending_config.h"

namespace gleaner {

/// The protocol's part: one attempt to hand over a payload.
template <class S>
class Sender {
 public:
  virtual ~Sender() = default;
  /// @param sender  who sent the data, or nullptr; lives as long as the attempt
  /// @param timeout of this attempt, 0 = none
  /// Fault::permanent is never retried; retryable may carry retry_after; the payload is left as it is.
  virtual Task<Result<>> send(Payload<S>& payload, const Client* sender, Duration timeout) = 0;
  /// Where it goes, as labels of its counters: server_address, server_port, url_path.
  virtual metrics::Labels destination() const { return {}; }
};

/// The exporter's face to the pipeline for one signal.
template <class S>
class Sending final : public Component, public Consumer<S> {
 public:
  Sending(const SendingConfig& config, const Context& context, Sender<S>& sender);
  ~Sending() override;

  Task<Result<>> consume(Batch<S>& batch) override;
  bool wants_wire() const override { return true; }
  /// Sends what is queued, each once and without retries, then returns.
  Task<Result<>> stop() override;

 private:
  /// A caller of consume() that waits for the backend's answer; gets its batch back when that is no.
  struct Waiter {
    Batch<S>& batch;
    std::optional<Result<>> result = std::nullopt;
    Signal done = {};
  };
  struct Item {
    Batch<S> batch;
    std::size_t weight = 0;  ///< in the queue's sizer
    Waiter* waiter = nullptr;
  };
  std::size_t weigh(Batch<S>& batch, const std::string& sizer) const;
  void pump();
  Task<> worker();
  Task<> flush_later();
  Task<Result<>> deliver(Batch<S>& batch);
  /// Takes the next batch to send off the queue, joining or splitting as configured.
  bool ready() const;
  Item take();
  void free(std::size_t weight);

  const SendingConfig config_;
  Loop& loop_;
  log::Logger logger_;
  Sender<S>& sender_;
  std::deque<Item> queue_;
  std::size_t waiting_weight_ = 0;  ///< of queue_, in the batch's sizer
  std::size_t used_ = 0;            ///< queued and being sent, in the queue's sizer
  std::size_t workers_ = 0;
  bool stopping_ = false;
  bool due_ = false;  ///< the flush timer came: send what is there
  Timer flush_;
  Signal room_;
  std::vector<Timer*> sleeping_;  ///< retries between two attempts
  Gate gate_;
  std::minstd_rand random_;
  metrics::Counter& sent_;
  metrics::Counter& failed_;
  metrics::Counter& enqueue_failed_;
  struct Sizes {
    metrics::Histogram& items;
    metrics::Histogram& bytes;
    void record(const Payload<S>& payload) {
      items.record(static_cast<double>(payload.items()));
      bytes.record(static_cast<double>(payload.bytes()));
    }
  };
  std::optional<Sizes> enqueued_;  ///< with a queue
  std::optional<Sizes> sizes_;     ///< of what is sent; with a queue
  std::vector<std::size_t> gauges_;
  metrics::Registry& metrics_;
};

extern template class Sending<Logs>;
extern template class Sending<Metrics>;
extern template class Sending<Traces>;

}  // namespace gleaner
