#pragma once
// An OpenTelemetryCollector object as the operator sees it after conversion, defaulting and validation.
#include <string>
#include <vector>

#include "base/result.h"
#include "config/node.h"

namespace gleaner::deploy {

using config::Node;

/// What the operator asks the cluster or its own flags. Source: spec/operator.md 5.9.
struct Cluster {
  std::string image = "gleaner";       ///< of collectors whose CR names none
  std::string name_space = "default";  ///< of objects that name none
  unsigned minor = 30;                 ///< of Kubernetes: native sidecars from 29 on
  bool defaulting = true;      ///< endpoints and the own metrics' reader are filled in (0.110 and later)
  bool network_policy = true;  ///< made unless the CR says no (0.158 and later)
  bool rbac = true;            ///< ClusterRole and binding are made
};

struct Collector {
  std::string name, name_space, mode, image;
  bool anywhere = false;     ///< it names no namespace: pods of any can have it
  Node labels, annotations;  ///< of the CR
  Node spec;                 ///< in v1beta1's words
  Node config;               ///< canonical: the operator's order of keys, which is what is hashed
  std::string hash;          ///< SHA-256 of it, hexadecimal
  std::vector<std::string> warnings;

  bool is_sidecar() const { return mode == "sidecar"; }
  /// The names in all pipelines (or service.extensions) of one section: "receivers", "exporters", ...;
  /// sorted.
  std::vector<std::string> enabled(std::string_view section) const;
  /// The settings of a component; a null node when it has none.
  Node settings(std::string_view section, std::string_view id) const;
};

bool is_collector(const Node& object);
/// @param source  for errors in the configuration of a v1alpha1 object
Result<Collector> read_collector(const Node& object, const Cluster& cluster, const std::string& source);
/// A sidecar for those who have a configuration and no CR.
Result<Collector> sidecar_of(Node config, const Cluster& cluster, const std::string& source);

}  // namespace gleaner::deploy
