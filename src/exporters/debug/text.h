#pragma once
// The text forms of the debug exporter. Source: spec/collector.md 5.6; upstream calls them unstable.
#include <string>

#include "pdata/signal.h"

namespace gleaner::exporters::debug {

/// `normal`: one line per resource, scope and item (per data point for metrics).
std::string normal_text(const Records<Logs>& records);
std::string normal_text(const Records<Metrics>& records);
std::string normal_text(const Records<Traces>& records);

/// `detailed`: every field of everything, labelled.
std::string detailed_text(const Records<Logs>& records);
std::string detailed_text(const Records<Metrics>& records);
std::string detailed_text(const Records<Traces>& records);

/// The same of profiles, from a request that otlp::scan() accepted.
std::string normal_text(std::string_view profiles_request);
std::string detailed_text(std::string_view profiles_request);

/// " k=v k=v"
std::string pairs(const pdata::Map& map);
/// " [URL]", or nothing
std::string schema(std::string_view url);
/// " name@version", as much as there is
std::string scope_name(const pdata::Scope& scope);
/// "Str(x)", "Int(1)", ...
std::string typed(const pdata::Value& value);
/// The lines on a resource's entities; nothing when it names none.
/// @param refs  as in pdata::Resource::entity_refs
std::string entity_text(std::string_view refs);

/// A double as Go's %v prints it: shortest digits, exponent below 1e-4 and from 1e21.
std::string go_double(double value);
/// "2024-07-03 09:46:40.5 +0000 UTC"
std::string go_time(std::uint64_t nanos);

/// The bound of an exponential histogram's bucket: base^index for a scale.
double bucket_bound(std::int32_t scale, std::int64_t index);

}  // namespace gleaner::exporters::debug
