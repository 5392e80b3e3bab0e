#pragma once
// The collector's container and what of a pod belongs to it. Source: spec/operator.md 5.4, 6.3.
#include "deploy/collector.h"

namespace gleaner::deploy {

inline constexpr std::string_view kContainer = "otc-container";

/// The configuration as the operator writes it into the ConfigMap and into OTEL_CONFIG.
std::string config_text(const Collector& collector);

/// The container of a workload of its own: the configuration comes from /conf/collector.yaml.
Node workload_container(const Collector& collector);
/// The container of a sidecar but for OTEL_CONFIG and what follows it in env.
Node sidecar_container(const Collector& collector, std::string_view name);

/// {containerPort, name, protocol} of the configuration and spec.ports, sorted by name.
Node container_ports(const Collector& collector);
/// Of the base Service; an empty list when there is nothing to serve.
Node service_ports(const Collector& collector, const Node& spec_ports);
/// Of the extensions' Service.
Node extension_ports(const Collector& collector);

/// spec.volumes and one for each of spec.configmaps.
Node extra_volumes(const Collector& collector);
/// A text that the kubelet, which expands $(NAME) and turns $$ into $, gives to the container as it is.
std::string kept_from_kubelet(std::string_view text);

}  // namespace gleaner::deploy
