#pragma once
// What an OTLP/HTTP server's answer means for the data. Source: spec/collector.md 4.4, 5.5.
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "otlp/response.h"

namespace gleaner::exporters::otlphttp {

/// True for 429, 502, 503 and 504.
bool may_retry(int status);

/// Retry-After: whole seconds, or how far an RFC 1123 date lies ahead. 0 for the past and for anything else;
/// at most a year.
/// @param now  seconds since 1970
Duration retry_after(std::string_view header, std::int64_t now);

/// Success with what the server took only in part, or the error with its retry bit, its gRPC code and the
/// server's wish.
Result<otlp::PartialSuccess> judge(const std::string& url, const net::HttpReply& reply, std::int64_t now);

}  // namespace gleaner::exporters::otlphttp
