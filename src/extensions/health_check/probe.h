#pragma once
// What the probes say beyond the reference's answer. Asked for by the query, which the reference ignores:
// ?live, ?startup, ?ready and ?verbose, in the form of the Kubernetes API server's own probes.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/trouble.h"

namespace gleaner::extensions::health_check {

enum class Probe : std::uint8_t { none, verbose, live, startup, ready };

/// @param query  behind '?', raw: "ready", "ready=1"
Probe probe_of(std::string_view query);

/// Where the process is in its life.
struct Life {
  bool up = false;       ///< the pipelines run
  bool started = false;  ///< they did once
};
struct Finding {
  bool well;
  std::string text;  ///< a line for each trouble or well pipeline, the verdict last
};
/// @param now  of the wall clock, nanoseconds: what "since" is counted back from
Finding find(Probe probe, const Life& life, const std::vector<Trouble>& troubles, std::uint64_t now);

/// "2006-01-02T15:04:05.999999999Z", without a fraction if it is 0
std::string rfc3339(std::uint64_t nanos);

}  // namespace gleaner::extensions::health_check
