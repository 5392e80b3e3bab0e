#pragma once
// /metrics. Costs a listening socket until somebody asks. Source: spec/collector.md 3.7.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/server.h"
#include "service/config.h"
#include "service/self_metrics.h"

namespace gleaner::service {

/// One address, and how its text is written.
struct MetricsEndpoint {
  std::string address;  ///< host:port
  metrics::Format format;
};
/// What the configuration asks for: nothing with level none; localhost:8888 when it says nothing.
std::vector<MetricsEndpoint> metrics_endpoints(const TelemetryConfig& config, const metrics::Labels& resource,
                                               const std::string& version);

class MetricsServer final : public net::HttpHandler {
 public:
  /// @param collect  asks all lanes
  MetricsServer(Loop& loop, const SelfMetrics& metrics, std::function<Task<Figures>()> collect,
                MetricsEndpoint endpoint)
      : loop_(loop), metrics_(metrics), collect_(std::move(collect)), endpoint_(std::move(endpoint)) {}
  /// Fails in the reference's words when the port is taken: gleaner does not start then, as the reference.
  Result<> start();
  Task<> stop();
  Task<net::HttpResponse> handle(net::HttpRequest request) override;

 private:
  Loop& loop_;
  const SelfMetrics& metrics_;
  const std::function<Task<Figures>()> collect_;
  const MetricsEndpoint endpoint_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace gleaner::service
