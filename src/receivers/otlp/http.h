#pragma once
#include "receivers/otlp/config.h"
#include "receivers/otlp/doorkeeper.h"
#include "receivers/otlp/intake.h"

namespace gleaner::receivers::otlp {

/// OTLP/HTTP, protobuf and JSON. Source: spec/collector.md 4.3-4.5.
class HttpService final : public net::HttpHandler {
 public:
  HttpService(const HttpConfig& config, const Context& context, const Consumers& next, bool wait);
  bool guarded() const override { return door_.asks(); }
  Task<std::optional<net::HttpResponse>> admit(net::HttpRequest& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;
  net::HttpResponse refuse(const net::HttpRequest& request) override;

  Doorkeeper& door() { return door_; }
  Result<std::unique_ptr<net::Server>> listen(const Context& context);

 private:
  Task<net::HttpResponse> route(net::HttpRequest request);
  Task<net::HttpResponse> take(SignalKind signal, bool json, net::HttpRequest request);
  std::optional<SignalKind> signal_of(std::string_view path) const;
  bool allowed(std::string_view origin) const;
  /// Of an allowed origin, what the answer says: itself, or a star.
  std::string_view told_origin(std::string_view origin) const;
  bool is_preflight(const net::HttpRequest& request) const;
  net::HttpResponse preflight(const net::HttpRequest& request) const;
  /// What every answer carries: CORS for `origin`, response_headers.
  void dress(net::HttpResponse& response, std::string_view origin) const;

  const HttpConfig config_;
  Doorkeeper door_;
  Intake intake_;
};

/// The HTTP status of a gRPC code. Source: spec/collector.md 4.4.
int http_status(net::GrpcCode code);

}  // namespace gleaner::receivers::otlp
