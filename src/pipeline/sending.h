#pragma once
// What lies between a pipeline and a backend: queue, batching, retries. Source: spec/collector.md 5.1-5.3.
#include <memory>
#include <random>

#include "pipeline/disk_queue.h"
#include "pipeline/lots.h"
#include "pipeline/trouble.h"

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
class Sending final : public Component, public Consumer<S>, public Troubled {
 public:
  Sending(const SendingConfig& config, const Context& context, Sender<S>& sender);
  ~Sending() override;

  /// Opens the queue's files, if it is to have some. @param type  of the exporter
  Task<Result<>> open(const Context& context, std::string_view type);
  Task<Result<>> consume(Batch<S>& batch) override;
  bool wants_wire() const override { return true; }
  /// Sends what is queued, each once and without retries, then returns. With files until the first failure or
  /// for 5 s; the rest stays there.
  Task<Result<>> stop() override;

 private:
  using Item = typename Lots<S>::Item;
  Task<Result<>> keep(Batch<S>& batch, std::size_t weight);
  void hand_out(const storage::QueueLog::Place& place, Batch<S> batch);
  void refill();
  Task<> fill();
  void drop(Batch<S>& batch, Drop why);
  std::size_t used() const { return used_ + (disk_ ? disk_->used(config_.queue->sizer) : 0); }
  bool idle() const { return workers_ < config_.queue->num_consumers && !waiting_->ready(); }
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
  std::optional<Lots<S>> waiting_;   ///< with a queue
  std::unique_ptr<DiskQueue> disk_;  ///< with a storage; what waits is then there and in `waiting_` in part
  std::size_t used_ = 0;  ///< queued and being sent, in the queue's sizer; with a storage: being written
  std::size_t workers_ = 0;
  bool stopping_ = false;
  bool spilling_ = false;  ///< what is not sent by now stays in the files
  Signal room_;
  std::vector<Timer*> sleeping_;  ///< retries between two attempts
  Gate gate_;
  Troubles troubles_;
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
