#include "exporters/otlphttp/answer.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

#include "net/grpc.h"

namespace gleaner::exporters::otlphttp {
namespace {
using net::GrpcCode;

constexpr std::int64_t kYear = 365 * 86400;  // seconds

GrpcCode grpc_code(int status) {
  switch (status) {
    case 400:
      return GrpcCode::invalid_argument;
    case 401:
      return GrpcCode::unauthenticated;
    case 403:
      return GrpcCode::permission_denied;
    case 404:
      return GrpcCode::unimplemented;
    case 429:
      return GrpcCode::resource_exhausted;
    case 502:
    case 503:
    case 504:
      return GrpcCode::unavailable;
    default:
      return GrpcCode::unknown;
  }
}

std::string_view media_type(const net::HttpReply& reply) {
  std::string_view type = reply.headers.get("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

/// ", Message=..., Details=[...]" when the body is a google.rpc.Status.
std::string status_words(const net::HttpReply& reply) {
  if (reply.body.empty() || reply.status < 400 || reply.status > 599) return {};
  const Bytes body = reply.body.flat();
  const auto status = media_type(reply) == "application/json" ? otlp::read_status_json(body.view())
                                                              : otlp::read_status(body.view());
  if (!status) return {};
  return fmt::format(", Message={}, Details={}", status->message,
                     status->details ? fmt::format("[{} more]", status->details) : "[]");
}

}  // namespace

bool may_retry(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

Duration retry_after(std::string_view header, std::int64_t now) {
  std::int64_t seconds = 0;
  const char* end = header.data() + header.size();
  const auto [stop, error] = std::from_chars(header.data(), end, seconds);
  if (error == std::errc::result_out_of_range) {
    seconds = header.starts_with('-') ? 0 : kYear;
  } else if (error != std::errc() || stop != end) {
    std::tm date{};
    const std::string text(header);
    const char* rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S ", &date);
    if (!rest || (std::string_view(rest) != "GMT" && std::string_view(rest) != "UTC")) return Duration{0};
    seconds = static_cast<std::int64_t>(::timegm(&date)) - now;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kYear));
}

Result<otlp::PartialSuccess> judge(const std::string& url, const net::HttpReply& reply, std::int64_t now) {
  if (reply.status >= 200 && reply.status <= 299) {
    if (reply.body.empty()) return otlp::PartialSuccess{};
    const auto type = media_type(reply);
    const Bytes body = reply.body.flat();
    // The data is with the server, but what it said of it cannot be known: the reference counts it as failed.
    if (type == "application/x-protobuf") {
      auto partial = otlp::read_response(body.view());
      if (!partial) return fail(std::move(partial.error()).in("error parsing protobuf response"));
      return partial;
    }
    if (type == "application/json") {
      auto partial = otlp::read_response_json(body.view());
      if (!partial) return fail(std::move(partial.error()).in("error parsing json response"));
      return partial;
    }
    return otlp::PartialSuccess{};
  }
  Error error;
  const auto code = grpc_code(reply.status);
  error.grpc_status = static_cast<std::uint32_t>(code);
  error.fault = may_retry(reply.status) ? Fault::retryable : Fault::permanent;
  error.too_large =
      reply.status == 413 ||
      (reply.status == 400 && status_words(reply).find("request body too large") != std::string::npos);
  if (reply.status == 429 || reply.status == 503)
    error.retry_after = retry_after(reply.headers.get("retry-after"), now);
  error.what = fmt::format(
      "rpc error: code = {} desc = error exporting items, request to {} responded with HTTP Status Code {}{}",
      net::grpc_code_name(code), url, reply.status, status_words(reply));
  return fail(std::move(error));
}

}  // namespace gleaner::exporters::otlphttp
