#include "exporters/otlp/answer.h"

#include <fmt/format.h>

#include "otlp/wire.h"

namespace gleaner::exporters::otlp {
namespace {
using gleaner::otlp::FieldReader;
}  // namespace

bool may_retry(net::GrpcCode code, bool has_retry_info) {
  switch (code) {
    case net::GrpcCode::cancelled:
    case net::GrpcCode::deadline_exceeded:
    case net::GrpcCode::aborted:
    case net::GrpcCode::out_of_range:
    case net::GrpcCode::unavailable:
    case net::GrpcCode::data_loss:
      return true;
    case net::GrpcCode::resource_exhausted:
      return has_retry_info;
    default:
      return false;
  }
}

bool is_too_large(net::GrpcCode code, std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (code == net::GrpcCode::resource_exhausted)
    return says("larger than max") || says("exceeds maximum size") || says("exceeds the maximum");
  return code == net::GrpcCode::out_of_range && says("message length too large");
}

Duration retry_delay(std::string_view status_details, bool& found) {
  Duration delay{0};
  for (FieldReader status(status_details); status.next();) {
    if (status.number() != 3 || status.type() != gleaner::otlp::WireType::length) continue;
    std::string_view type, value;
    for (FieldReader any(status.data()); any.next();) {
      if (any.number() == 1) type = any.data();
      if (any.number() == 2) value = any.data();
    }
    if (!type.ends_with("google.rpc.RetryInfo")) continue;
    found = true;
    for (FieldReader info(value); info.next();) {
      if (info.number() != 1) continue;
      for (FieldReader part(info.data()); part.next();) {
        const auto n = static_cast<std::int64_t>(part.value());
        if (part.number() == 1 && n >= 0 && n < 86400 * 365) delay += std::chrono::seconds(n);
        if (part.number() == 2 && n >= 0 && n < 1'000'000'000) delay += Duration(n);
      }
    }
  }
  return delay;
}

Result<> judge(const net::GrpcResult& result) {
  if (result.code == net::GrpcCode::ok) return {};
  Error error;
  bool info = false;
  error.retry_after = retry_delay(result.details, info);
  error.grpc_status = static_cast<std::uint32_t>(result.code);
  error.fault = may_retry(result.code, info) ? Fault::retryable : Fault::permanent;
  error.too_large = !info && is_too_large(result.code, result.message);
  error.what =
      fmt::format("rpc error: code = {} desc = {}", net::grpc_code_name(result.code), result.message);
  return fail(std::move(error));
}

}  // namespace gleaner::exporters::otlp
