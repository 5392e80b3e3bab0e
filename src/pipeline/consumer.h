#pragma once
#include "base/result.h"
#include "base/task.h"
#include "pipeline/batch.h"

namespace gleaner {

/// Where batches go: a processor, an exporter, a fan-out.
template <class S>
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// Takes `batch`, possibly after waiting (that is the flow control).
  /// On success the batch is taken and empty. On failure it is still the caller's, whole: to retry, to refuse
  /// its sender, or to settle as dropped. Fault::retryable: may pass later; Fault::permanent: never will.
  virtual Task<Result<>> consume(Batch<S>& batch) = 0;
  /// True when it changes the data: a fan-out then gives it a copy of its own.
  virtual bool mutates() const { return false; }
  /// True when records become bytes behind it in any case, and nobody looks at them before: whoever keeps
  /// batches for a while makes bytes of them at once, which take a third of the memory.
  virtual bool wants_wire() const { return false; }
};

}  // namespace gleaner
