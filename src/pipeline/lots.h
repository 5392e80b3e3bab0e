#pragma once
// What waits to be sent: one queue or, with a partition, one for each combination of senders' headers. Joins
// and splits what it holds as `sending_queue.batch` says. Source: spec/collector.md 5.2.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "pipeline/component.h"
#include "pipeline/sending_config.h"

namespace gleaner {

template <class S>
class Lots {
 public:
  /// A caller that waits for the backend's answer; gets its batch back when that is no.
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

  /// @param on_due  called when time has made something ready
  Lots(Loop& loop, const QueueConfig& queue, std::function<void()> on_due);

  void put(Item item);
  /// Whether there is something to send now: a full batch, one whose time has come, anything without
  /// batching.
  bool ready() const { return !ready_.empty(); }
  /// The next batch to send. Requires ready().
  Item take();
  /// Makes everything ready, now and later. Profiles are never joined nor cut: each is ready as it comes.
  void flush();

  static std::size_t weigh(Batch<S>& batch, const std::string& sizer);

 private:
  struct Lot {
    explicit Lot(Loop& loop) : timer(loop) {}
    std::deque<Item> items;
    std::size_t weight = 0;                ///< in the batch's sizer
    std::shared_ptr<const Client> client;  ///< what joined batches tell of their senders
    bool due = false;                      ///< the timer came: send what is there
    bool listed = false;                   ///< in ready_
    Timer timer;
  };
  using Map = std::map<std::string, Lot>;  // with a partition empty lots are erased: bounded as the queue is

  typename Map::iterator lot_of(const Client* sender);
  void look(typename Map::iterator lot);
  void join(Lot& lot, Item& item)
    requires kHasRecords<S>;
  /// Cuts off what is above max_size. @return the rest, empty when all of it fits
  Batch<S> cut(Batch<S>& batch, std::size_t size) const
    requires kHasRecords<S>;

  Loop& loop_;
  const std::optional<ExporterBatchConfig> batch_;
  const std::string sizer_;  ///< of batches
  const bool keyed_;
  std::function<void()> on_due_;
  bool flushing_ = false;
  Map lots_;
  std::deque<typename Map::iterator> ready_;
};

extern template class Lots<Logs>;
extern template class Lots<Metrics>;
extern template class Lots<Traces>;
extern template class Lots<Profiles>;

}  // namespace gleaner
