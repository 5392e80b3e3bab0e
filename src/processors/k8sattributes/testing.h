#pragma once
// Rules from YAML and pods from JSON, for tests.
#include <gtest/gtest.h>

#include "config/yaml.h"
#include "processors/k8sattributes/facts.h"

namespace gleaner::processors::k8sattributes::testing_support {

inline Config config_of(const std::string& yaml) {
  config::Problems problems;
  auto config = config::decode<Config>(*config::parse_yaml(yaml, "c"), "p", problems);
  EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
  return config;
}

inline constexpr std::string_view kPod = R"({
  "metadata": {"name": "shop-6c45f8d6f6-x2x4z", "namespace": "shop", "uid": "u-1",
    "creationTimestamp": "2026-05-01T10:00:00Z",
    "labels": {"app": "shop", "pod-template-hash": "6c45f8d6f6", "tier": "web", "app.kubernetes.io/name": "store", "app.kubernetes.io/version": "v7"},
    "annotations": {"resource.opentelemetry.io/team": "blue", "note": "n"},
    "ownerReferences": [{"kind": "ReplicaSet", "name": "shop-6c45f8d6f6", "uid": "rs-1"}]},
  "spec": {"nodeName": "n1", "hostname": "h1",
    "containers": [{"name": "app", "image": "r.io/shop:1.2@sha256:ab"}, {"name": "side", "image": "envoy"}]},
  "status": {"podIP": "10.0.0.7", "startTime": "2026-05-01T10:00:01Z",
    "containerStatuses": [{"name": "app", "containerID": "containerd://c1", "imageID": "r.io/shop@sha256:ab", "restartCount": 3},
      {"name": "side", "containerID": "containerd://c2", "imageID": "sha256:cd", "restartCount": 0}]}})";

}  // namespace gleaner::processors::k8sattributes::testing_support
