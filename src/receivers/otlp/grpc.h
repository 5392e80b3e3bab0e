#pragma once
#include "receivers/otlp/config.h"
#include "receivers/otlp/doorkeeper.h"
#include "receivers/otlp/intake.h"

namespace gleaner::receivers::otlp {

/// OTLP/gRPC. Source: spec/collector.md 4.2.
class GrpcService final : public net::GrpcHandler {
 public:
  GrpcService(const GrpcConfig& config, const Context& context, const Consumers& next, bool wait);
  bool serves(std::string_view path) const override;
  bool knows(std::string_view service) const override;
  bool guarded() const override { return door_.asks(); }
  Task<std::optional<net::GrpcReply>> admit(net::GrpcRequest& head) override;
  Task<net::GrpcReply> unary(net::GrpcRequest request) override;
  Doorkeeper& door() { return door_; }

  Result<std::unique_ptr<net::Server>> listen(const Context& context);

 private:
  const GrpcConfig config_;
  Doorkeeper door_;
  Intake intake_;
};

}  // namespace gleaner::receivers::otlp
