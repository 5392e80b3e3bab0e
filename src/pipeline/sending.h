#pragma once
// What lies between a pipeline and a backend: queue, batching, retries. Source: spec/collector.md 5.1-5.3.
#include <memory>
#include <random>

#include "pipeline/lots.h"

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
  using Item = typename Lots<S>::Item;
  void pump();
  Task<> worker();
  /// Attempts until it works, cannot work, or takes too long. Settles what was delivered; the rest stays in
  /// `batch`.
  Task<Result<>> deliver(Batch<S>& batch);
  /// The two halves of what is too large for the backend, one after the other.
  Task<Result<>> deliver_halves(Batch<S>& batch);
  void free(std::size_t weight);

  const SendingConfig config_;
  Loop& loop_;
  log::Logger logger_;
  Sender<S>& sender_;
  std::optional<Lots<S>> waiting_;  ///< with a queue
  std::size_t used_ = 0;            ///< queued and being sent, in the queue's sizer
  std::size_t workers_ = 0;
  bool stopping_ = false;
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
extern template class Sending<Profiles>;

}  // namespace gleaner
