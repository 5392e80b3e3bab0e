#pragma once
// The few API objects the operator writes by itself, as JSON. Source: Kubernetes API v1, coordination/v1,
// admissionregistration/v1.
#include <cstdint>
#include <string>
#include <string_view>

#include "config/node.h"

namespace gleaner::extensions::k8s_operator {

using config::Node;

/// Of whom an Event speaks.
struct Regarding {
  std::string api_version, kind, name, name_space;
  std::string uid;  ///< may be unknown
};

/// "2026-12-01T01:02:03Z", or with ".000000" before the Z as MicroTime has it.
std::string timestamp(std::int64_t unix_seconds, bool micro = false);

/// A v1 Event; a warning unless `normal`. The message is cut at the API's 1,024 bytes.
std::string event(const Regarding& about, std::string_view reason, std::string_view message, bool normal,
                  std::int64_t now, const std::string& reporter);

/// An apply patch: the authority of every webhook of a configuration, and nothing else.
/// @param configuration  as the API server has it
/// @return "" when they all have it already, or when there are no webhooks
std::string authority_patch(const Node& configuration, std::string_view ca_pem);

/// A Lease for `holder`, made or taken.
/// @param version  resourceVersion of the one that is replaced, "" for a new one
std::string lease(const std::string& name, const std::string& name_space, const std::string& holder,
                  std::int64_t seconds, std::int64_t now, std::string_view version);

}  // namespace gleaner::extensions::k8s_operator
