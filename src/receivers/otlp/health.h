#pragma once
// The standard health service, for Kubernetes' gRPC probes and load balancers. The reference has none.
// Source: grpc.health.v1; Watch is answered with UNIMPLEMENTED, on which clients ask once more with Check.
#include <functional>

#include "net/grpc.h"
#include "net/server.h"

namespace gleaner::receivers::otlp {

inline constexpr std::string_view kHealthCheck = "/grpc.health.v1.Health/Check";

/// SERVING for the server ("") and for the services it has; NOT_FOUND for others, INVALID_ARGUMENT for what
/// is no request.
/// @param serves  whether a call of this path is served
net::GrpcReply health(std::string_view request, const std::function<bool(std::string_view path)>& serves);

}  // namespace gleaner::receivers::otlp
