#pragma once
// What a server says about a request it answered: Export*ServiceResponse and google.rpc.Status.
// Source: spec/collector.md 4.3, 4.6, 5.4, 5.5.
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner::otlp {

/// partial_success of an Export*ServiceResponse; nothing rejected and no words when all was taken.
struct PartialSuccess {
  std::int64_t rejected = 0;  ///< spans, data points or log records
  std::string message;
  bool empty() const { return rejected == 0 && message.empty(); }
};
/// Fault::permanent when the bytes are no such message.
Result<PartialSuccess> read_response(std::string_view protobuf);
/// The same from OTLP JSON, with names in either spelling and numbers as text or number.
Result<PartialSuccess> read_response_json(std::string_view json);

/// google.rpc.Status without its details' content.
struct Status {
  std::uint32_t code = 0;
  std::string message;
  std::size_t details = 0;  ///< how many there were
};
Result<Status> read_status(std::string_view protobuf);
Result<Status> read_status_json(std::string_view json);

}  // namespace gleaner::otlp
