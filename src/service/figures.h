#pragma once
// What one lane or several say of themselves at a moment.
#include <cstddef>
#include <vector>

#include "base/metrics.h"
#include "pipeline/ledger.h"
#include "pipeline/trouble.h"

namespace gleaner::service {

/// Adds the books of `more` to those of the same pipelines.
void absorb(std::vector<Ledger>& ledgers, const std::vector<Ledger>& more);

struct Figures {
  std::vector<metrics::Sample> samples;
  std::vector<Ledger> ledgers;  ///< one a pipeline
  std::size_t memory_used = 0, memory_limit = 0;
  std::vector<Trouble> troubles;

  /// Adds another lane's.
  void absorb(Figures&& other);
};

}  // namespace gleaner::service
