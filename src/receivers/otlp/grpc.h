#pragma once
#include "receivers/otlp/config.h"
#include "receivers/otlp/intake.h"

namespace gleaner::receivers::otlp {

/// OTLP/gRPC. Source: spec/collector.md 4.2.
class GrpcService final : public net::GrpcHandler {
 public:
  GrpcService(const GrpcConfig& config, const Context& context, const Consumers& next);
  bool serves(std::string_view path) const override;
  Task<net::GrpcReply> unary(net::GrpcRequest request) override;

  Result<std::unique_ptr<net::Server>> listen(const Context& context);

 private:
  const GrpcConfig config_;
  Intake intake_;
};

}  // namespace gleaner::receivers::otlp
