// Whatever a server answers, only 429, 502, 503 and 504 are tried again, after a wait within bounds; and a
// body that is refused as a response is not taken as an empty one.
#include <cstdlib>

#include "exporters/otlphttp/answer.h"

using namespace gleaner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  net::HttpReply reply;
  reply.status = 100 + (data[0] | data[1] << 8) % 500;
  reply.headers.add("content-type", data[2] & 1 ? "application/json" : "application/x-protobuf");
  reply.headers.add("retry-after", rest.substr(0, 40));
  reply.body = Chain(Bytes::copy(rest));
  const auto verdict = exporters::otlphttp::judge("http://h/v1/logs", reply, 1'700'000'000);
  if (verdict) return reply.status / 100 == 2 ? 0 : (std::abort(), 0);
  const bool again = verdict.error().fault == Fault::retryable;
  if (again != exporters::otlphttp::may_retry(reply.status)) std::abort();
  const auto wait = verdict.error().retry_after;
  if (wait < Duration{0} || wait > std::chrono::hours(24 * 365)) std::abort();
  return 0;
}
