#pragma once
// Slows senders down before they must be refused.
#include "base/budget.h"
#include "base/loop.h"

namespace gleaner::receivers::otlp {

/// How long an answer is held back. A sender that waits for it sends no faster than the exporters take, so
/// the queues stay short and what they hold is still in the cache; one that does not wait loses nothing but
/// milliseconds. Nothing below a quarter of the budget, then up to 120 ms.
inline Duration brake(const Budget& memory) {
  constexpr Duration kFullStop = std::chrono::milliseconds(160);  // for as many bytes as the budget has
  const std::size_t free_run = memory.limit() / 4;
  if (memory.used() <= free_run) return Duration{0};
  return kFullStop / 1024 *
         static_cast<std::int64_t>((memory.used() - free_run) / (memory.limit() / 1024 + 1));
}

}  // namespace gleaner::receivers::otlp
