#pragma once
// What gleaner says of its own process and pipelines. Source: spec/collector.md 3.8.
#include <cstdint>
#include <string>

#include "service/figures.h"

namespace gleaner::service {

/// The process's own gauges, and the text that all figures make.
class SelfMetrics {
 public:
  /// @param registry  gets the gauges of the process
  explicit SelfMetrics(metrics::Registry& registry);
  /// What target_info tells of the process.
  void set_resource(metrics::Labels resource) { resource_ = std::move(resource); }
  /// /metrics: the samples, target_info, then the ledger of every pipeline.
  std::string text(Figures figures, const metrics::Format& format = {}) const;

 private:
  metrics::Labels resource_;
};

/// Resident bytes of this process.
std::uint64_t resident_bytes();

}  // namespace gleaner::service
