#include "receivers/otlp/health.h"

#include <fmt/format.h>

#include "otlp/wire.h"

namespace gleaner::receivers::otlp {

net::GrpcReply health(std::string_view request, const std::function<bool(std::string_view path)>& serves) {
  net::GrpcReply reply;
  std::string_view service;
  gleaner::otlp::FieldReader fields(request);
  while (fields.next())
    if (fields.number() == 1 && fields.type() == gleaner::otlp::WireType::length) service = fields.data();
  if (!fields.ok()) {
    reply.code = net::GrpcCode::invalid_argument;
    reply.message = "not a HealthCheckRequest";
  } else if (service.empty() || service == "grpc.health.v1.Health" ||
             serves(fmt::format("/{}/Export", service))) {
    constexpr std::string_view kServing("\x08\x01", 2);
    reply.body = Chain(Bytes::copy(kServing));
  } else {
    reply.code = net::GrpcCode::not_found;
    reply.message = "unknown service";
  }
  return reply;
}

}  // namespace gleaner::receivers::otlp
