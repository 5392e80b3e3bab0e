#include "service/figures.h"

#include <algorithm>
#include <iterator>

namespace gleaner::service {

void absorb(std::vector<Ledger>& ledgers, const std::vector<Ledger>& more) {
  for (const auto& theirs : more) {
    const auto ours = std::find_if(ledgers.begin(), ledgers.end(),
                                   [&](const Ledger& one) { return one.pipeline == theirs.pipeline; });
    if (ours == ledgers.end())
      ledgers.push_back(theirs);
    else
      *ours += theirs;
  }
}

void Figures::absorb(Figures&& other) {
  std::move(other.samples.begin(), other.samples.end(), std::back_inserter(samples));
  std::move(other.troubles.begin(), other.troubles.end(), std::back_inserter(troubles));
  service::absorb(ledgers, other.ledgers);
  memory_used += other.memory_used;
  memory_limit += other.memory_limit;
}

}  // namespace gleaner::service
