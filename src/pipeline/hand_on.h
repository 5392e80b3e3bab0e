#pragma once
// Batches handed on in order, with patience: for receivers that can leave off reading while the pipeline
// refuses, so that nothing is lost. Source: spec/filelog.md 12.1.
#include <deque>
#include <optional>
#include <random>

#include "pipeline/component.h"
#include "pipeline/sending_config.h"

namespace gleaner {

class HandOn {
 public:
  /// @param retry  none: a refused batch is dropped; max_elapsed_time 0: waits for as long as it takes
  /// @param comes_again  what is not taken at the end is read again by the next run
  HandOn(const std::optional<RetryConfig>& retry, const Context& context, Consumer<Logs>& next,
         bool comes_again);

  /// Puts a batch in line; reading should wait for drain() before there are more.
  void put(Batch<Logs> batch);
  /// Returns when nothing waits any more, whoever did the work.
  Task<> drain();
  /// From now on nothing is tried twice.
  void hurry();
  /// hurry(), then returns when everything is handed on or dropped.
  Task<> stop();

 private:
  Task<> hand_on(Batch<Logs>& batch);
  void drop(Batch<Logs>& batch, const Error& error, bool expired);

  const std::optional<RetryConfig> retry_;
  const bool comes_again_;
  const Context context_;
  Consumer<Logs>& next_;
  std::deque<Batch<Logs>> waiting_;
  bool draining_ = false, stopping_ = false;
  Signal drained_;
  Timer patience_;
  Gate gate_;
  std::minstd_rand random_{static_cast<unsigned>(unix_nanos())};
  metrics::Counter& accepted_;
  metrics::Counter& refused_;
};

}  // namespace gleaner
