#pragma once
// The part of a sending queue that is on a disk: what all signals have in common. Source:
// spec/collector.md 5.2.
//
// A request is acknowledged when its record is kept. From then on it is this queue's and no longer in the
// ledger of a pipeline; its end is counted here: delivered (exporter_sent), dropped with a reason, or lost
// with a part of a file. What waits is read back when its turn comes, so a long outage takes disk and no
// memory.
#include <string>

#include "pipeline/component.h"
#include "pipeline/ledger.h"
#include "pipeline/sending_config.h"
#include "storage/storage.h"

namespace gleaner {

/// The storage extension that `config` names, or nullptr when the queue is in memory.
/// @return Fault::config when there is no such extension
Result<storage::Storage*> queue_storage(const SendingConfig& config, const Context& context);

class DiskQueue {
 public:
  /// @param type  of the exporter, whatever spelling the user chose @param signal  "logs" @param items
  /// "log_records"
  DiskQueue(storage::Storage& storage, const Context& context, std::string_view type, SignalKind kind,
            std::string_view items);
  ~DiskQueue();

  Task<Result<>> open();
  /// Says what stays for the next run.
  Task<> close();
  /// What is kept and not done with, as the queue's sizer counts.
  std::size_t used(const std::string& sizer) const;
  /// Whether more may be brought into memory. @param idle  nothing is ready and somebody could send
  bool room(bool idle) const;
  /// Counts what will never be delivered.
  void dropped(std::size_t items, Drop why);
  Reservation reserve(std::size_t bytes) { return memory_.try_reserve(bytes); }

  static constexpr std::size_t kReadAhead = 512 << 10;  ///< bytes read at once

  storage::QueueLog log;
  std::size_t in_memory = 0;  ///< bytes of records handed out
  bool filling = false;       ///< reading is under way

 private:
  Budget& memory_;
  log::Logger logger_;
  metrics::Registry& metrics_;
  const metrics::Labels labels_;
  const std::string items_;
  std::vector<std::size_t> gauges_;
};

}  // namespace gleaner
