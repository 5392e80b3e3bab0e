#pragma once
#include "receivers/otlp/config.h"
#include "receivers/otlp/intake.h"

namespace gleaner::receivers::otlp {

/// OTLP/HTTP, protobuf and JSON. Source: spec/collector.md 4.3-4.5.
class HttpService final : public net::HttpHandler {
 public:
  HttpService(const HttpConfig& config, const Context& context, const Consumers& next);
  Task<net::HttpResponse> handle(net::HttpRequest request) override;
  net::HttpResponse refuse(const net::HttpRequest& request) override;

  Result<std::unique_ptr<net::Server>> listen(const Context& context);

 private:
  Task<net::HttpResponse> route(net::HttpRequest request);
  Task<net::HttpResponse> take(SignalKind signal, bool json, net::HttpRequest request);
  std::optional<SignalKind> signal_of(std::string_view path) const;
  bool allowed(std::string_view origin) const;
  net::HttpResponse preflight(const net::HttpRequest& request) const;

  const HttpConfig config_;
  Intake intake_;
};

/// The HTTP status of a gRPC code. Source: spec/collector.md 4.4.
int http_status(net::GrpcCode code);

}  // namespace gleaner::receivers::otlp
