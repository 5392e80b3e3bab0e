#pragma once
#include <string>

#include "base/metrics.h"
#include "config/node.h"

namespace gleaner::service {

/// What gleaner's own telemetry says it is about: service.name, service.version, service.instance.id, changed
/// by service::telemetry::resource (a map of attributes, null removes one; or a list of {name, value} under
/// `attributes`). In the order of the names. Source: spec/collector.md 3.9.
metrics::Labels resource_of(const config::Node& written, const std::string& name, const std::string& version,
                            const std::string& instance);

/// A random UUID, version 4.
std::string random_uuid();

}  // namespace gleaner::service
