#pragma once
// What a backend's answer means for the data. Source: spec/collector.md 4.4, 5.4.
#include <string_view>

#include "base/result.h"
#include "net/grpc_client.h"

namespace gleaner::exporters::otlp {

/// True for the codes a client may try again; RESOURCE_EXHAUSTED only with RetryInfo.
bool may_retry(net::GrpcCode code, bool has_retry_info);
/// Whether the server refuses the size of the message. No code says so, only words: of Go, C++ and Python
/// ("larger than max"), Java ("exceeds maximum size"), .NET ("exceeds the maximum"), Rust ("message length
/// too large").
bool is_too_large(net::GrpcCode code, std::string_view message);
/// The delay of a google.rpc.RetryInfo in google.rpc.Status bytes; 0 without one.
Duration retry_delay(std::string_view status_details, bool& found);
/// Success, or the error with its retry bit.
Result<> judge(const net::GrpcResult& result);

}  // namespace gleaner::exporters::otlp
