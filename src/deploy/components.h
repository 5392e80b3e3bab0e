#pragma once
// What the operator reads out of a collector's configuration: ports, probes, variables, defaults.
// Source: spec/operator.md 4, 5.5, 5.6.
#include <string>
#include <string_view>
#include <vector>

#include "deploy/collector.h"

namespace gleaner::deploy {

/// "kubelet_stats/2" -> "kubeletstats": the type in the spelling before 0.157, which the operator's tables
/// have.
std::string_view type_of(std::string_view id);

struct ServicePort {
  std::string name, protocol, app_protocol;
  std::int64_t port = 0;
  bool target = false;  ///< targetPort is written
};

/// Of the enabled components of the sections, sorted by name.
std::vector<ServicePort> ports_of(const Collector& collector,
                                  std::initializer_list<std::string_view> sections);
/// Of the own metrics: service.telemetry.metrics, else 8888.
std::int64_t metrics_port(const Collector& collector);
/// {httpGet: {path, port}} of the first enabled health_check; null without one.
Node probe_of(const Collector& collector);
bool reads_kubelet(const Collector& collector);
/// Fills in endpoints of receivers and extensions and the reader of the own metrics.
Result<> add_defaults(Collector& collector);

}  // namespace gleaner::deploy
