#include "receivers/otlp/grpc.h"

#include "receivers/otlp/health.h"

namespace gleaner::receivers::otlp {
namespace {

std::optional<SignalKind> signal_of(std::string_view path) {
  if (path == "/opentelemetry.proto.collector.trace.v1.TraceService/Export") return SignalKind::traces;
  if (path == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export") return SignalKind::metrics;
  if (path == "/opentelemetry.proto.collector.logs.v1.LogsService/Export") return SignalKind::logs;
  if (path == "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export")
    return SignalKind::profiles;
  return std::nullopt;
}

}  // namespace

GrpcService::GrpcService(const GrpcConfig& config, const Context& context, const Consumers& next, bool wait)
    : config_(config), door_(context.memory, config.include_metadata), intake_(context, next, "grpc", wait) {}

bool GrpcService::serves(std::string_view path) const {
  const auto signal = signal_of(path);
  return signal ? intake_.serves(*signal) : path == kHealthCheck;
}

bool GrpcService::knows(std::string_view service) const {
  return kHealthCheck.substr(1).starts_with(std::string(service) + "/") ||
         serves("/" + std::string(service) + "/Export");
}

Task<std::optional<net::GrpcReply>> GrpcService::admit(net::GrpcRequest& head) {
  if (head.path == kHealthCheck) co_return std::nullopt;  // probes have no credentials
  auto note = co_await door_.check(head.metadata);
  if (note) {
    head.note = std::move(*note);
    co_return std::nullopt;
  }
  net::GrpcReply reply;
  reply.code = grpc_code(note.error());
  reply.message = std::move(note.error().what);
  co_return reply;
}

Task<net::GrpcReply> GrpcService::unary(net::GrpcRequest request) {
  if (request.path == kHealthCheck)
    co_return health(request.message.flat().view(), [this](std::string_view path) { return serves(path); });
  auto client =
      door_.client(request.peer, request.metadata, request.authority, request.note, request.reservation);
  if (!client) co_return refuse(request.path);
  Bytes message = request.message.flat();
  auto verdict = co_await intake_.take(*signal_of(request.path), std::move(message), std::move(client),
                                       std::move(request.reservation));
  net::GrpcReply reply;
  switch (verdict.kind) {
    case Verdict::Kind::taken:
      break;
    case Verdict::Kind::bad_request:
      reply.code = net::GrpcCode::internal;
      reply.message = "grpc: error unmarshalling request: " + verdict.error.what;
      break;
    case Verdict::Kind::refused:
      reply.code = grpc_code(verdict.error);
      reply.message = words(verdict.error);
      if (verdict.error.retry_after > Duration{0})
        reply.details = net::status_with_retry_info(static_cast<std::uint32_t>(reply.code), reply.message,
                                                    verdict.error.retry_after);
      break;
  }
  co_return reply;
}

Result<std::unique_ptr<net::Server>> GrpcService::listen(const Context& context) {
  net::GrpcServerOptions options;
  options.listen = {config_.transport, config_.endpoint, context.place.lanes > 1};
  options.budget = &context.memory;
  if (config_.tls) {
    auto tls = net::TlsServer::make(config_.tls->options());
    if (!tls) return fail(std::move(tls.error()));
    if (auto ok = (*tls)->load(); !ok) return fail(std::move(ok.error()));
    options.tls = std::move(*tls);
  }
  if (config_.max_recv_msg_size_mib) options.max_message = std::size_t{config_.max_recv_msg_size_mib} << 20;
  options.max_concurrent_streams = config_.max_concurrent_streams;
  if (config_.keepalive && config_.keepalive->server_parameters) {
    const auto& from = *config_.keepalive->server_parameters;
    options.max_connection_idle = from.max_connection_idle;
    options.max_connection_age = from.max_connection_age;
    options.max_connection_age_grace = from.max_connection_age_grace;
    if (from.time > Duration{0}) options.keepalive_time = from.time;
    if (from.timeout > Duration{0}) options.keepalive_timeout = from.timeout;
  }
  if (config_.keepalive && config_.keepalive->enforcement_policy) {
    options.min_ping_interval = config_.keepalive->enforcement_policy->min_time;
    options.permit_without_stream = config_.keepalive->enforcement_policy->permit_without_stream;
  }
  return net::Server::grpc(context.loop, std::move(options), *this);
}

}  // namespace gleaner::receivers::otlp
