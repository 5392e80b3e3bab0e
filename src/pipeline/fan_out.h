#pragma once
#include <vector>

#include "pipeline/consumer.h"

namespace gleaner {

/// One batch to several consumers, one after the other; each is called even if an earlier one failed.
/// Mutating consumers get copies of their own, except that the last mutating one gets the original if nobody
/// only reads; readers share the original. Mutating ones first. Source: spec/collector.md 3.4.
template <class S>
class FanOut final : public Consumer<S> {
 public:
  /// `booked`: inside a pipeline copies are booked in its ledger; before the pipelines every branch books its
  /// own.
  FanOut(std::vector<Consumer<S>*> branches, bool booked);
  Task<Result<>> consume(Batch<S>& batch) override;
  bool mutates() const override;
  bool wants_wire() const override;

 private:
  std::vector<Consumer<S>*> branches_;  // mutating ones first
  bool booked_;
};

extern template class FanOut<Logs>;
extern template class FanOut<Metrics>;
extern template class FanOut<Traces>;
extern template class FanOut<Profiles>;

}  // namespace gleaner
