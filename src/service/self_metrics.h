#pragma once
// What gleaner says of its own process and pipelines. Source: spec/collector.md 3.8.
#include <memory>

#include "base/metrics.h"
#include "service/graph.h"

namespace gleaner::service {

/// Registers the process gauges once; the ledgers are read from whatever graph is in service at a scrape.
class SelfMetrics {
 public:
  SelfMetrics(metrics::Registry& registry, const std::unique_ptr<Graph>& graph, const Budget& memory);
  /// What target_info tells of the process.
  void set_resource(metrics::Labels resource) { resource_ = std::move(resource); }
  /// /metrics: the registry, target_info, then the ledger of every pipeline.
  std::string text(const metrics::Format& format = {}) const;

 private:
  metrics::Registry& registry_;
  const std::unique_ptr<Graph>& graph_;
  const Budget& memory_;
  metrics::Labels resource_;
};

/// Resident bytes of this process.
std::uint64_t resident_bytes();

}  // namespace gleaner::service
