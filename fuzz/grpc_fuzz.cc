// gRPC's small encodings: what is written reads back, what is read is bounded, and frames survive any cut.
#include <cstdlib>

#include "net/grpc.h"

using namespace gleaner;
using namespace gleaner::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto check = [](bool good) {
    if (!good) std::abort();
  };
  check(grpc_percent_decode(grpc_percent_encode(text)) == text);
  check(grpc_percent_decode(text).size() <= text.size());
  check(base64_decode(base64_encode(text)) == std::string(text));
  if (const auto bytes = base64_decode(text)) check(base64_decode(base64_encode(*bytes)) == bytes);
  if (const auto timeout = grpc_timeout_parse(text)) {
    check(*timeout >= Duration{0} && text.size() <= 9);
    check(grpc_timeout_parse(grpc_timeout_text(*timeout)).has_value());
  }
  if (const auto encoding = grpc_encoding_named(text))
    check(grpc_encoding_named(grpc_encoding_name(*encoding)) == encoding);

  const Bytes frame = grpc_frame(Chain(Bytes::copy(text)), data[0] & 1).flat();
  check(frame.size() == text.size() + kGrpcPrefix && frame.view().substr(kGrpcPrefix) == text);
  const auto prefix = grpc_prefix(frame.data());
  check(prefix.length == text.size() && prefix.compressed == ((data[0] & 1) != 0));
  return 0;
}
