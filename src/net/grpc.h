#pragma once
// gRPC on top of HTTP/2: framing, status and the small encodings. No I/O.
// Source: grpc/doc/PROTOCOL-HTTP2.md.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/loop.h"
#include "net/compress.h"

namespace gleaner::net {

enum class GrpcCode : std::uint32_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// As grpc-go prints it: "Unavailable"; "Unknown" for a code that is none.
std::string_view grpc_code_name(GrpcCode code);

inline constexpr std::size_t kGrpcPrefix = 5;  ///< flag and big-endian length
inline constexpr std::size_t kGrpcDefaultMessage = 4u
                                                   << 20;  ///< bytes; grpc-go's limit for received messages

/// A message behind its prefix; shares the message's bytes.
Chain grpc_frame(Chain message, bool compressed);
struct GrpcPrefix {
  bool compressed = false;
  std::uint32_t length = 0;
};
/// What the kGrpcPrefix bytes at `from` say.
GrpcPrefix grpc_prefix(const char* from);

/// grpc-message: everything but printable ASCII, and '%', as %XX; and back (broken escapes stay as they are).
std::string grpc_percent_encode(std::string_view text);
std::string grpc_percent_decode(std::string_view text);
/// Binary metadata (…-bin): base64; decoding takes it with or without padding. Nothing when it is not base64.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

/// "100m" and so on; at most 8 digits. Nothing when malformed.
std::optional<Duration> grpc_timeout_parse(std::string_view text);
std::string grpc_timeout_text(Duration left);

/// gRPC's names: "snappy" is the framed format there. Only gzip, snappy, zstd and identity are spoken.
std::optional<Encoding> grpc_encoding_named(std::string_view name);
std::string_view grpc_encoding_name(Encoding encoding);

/// google.rpc.Status bytes with a google.rpc.RetryInfo detail, for grpc-status-details-bin and OTLP/HTTP
/// bodies.
std::string status_with_retry_info(std::uint32_t code, std::string_view message, Duration retry_after);

}  // namespace gleaner::net
