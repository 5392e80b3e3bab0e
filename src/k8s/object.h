#pragma once
// What an API server says of an object, as far as telemetry is told by it: names, labels, owners, and of pods
// where they run and of which containers. Source: Kubernetes API v1, apps/v1, batch/v1.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::k8s {

struct KeyText {
  std::string_view key, value;
};
struct OwnerRef {
  std::string_view kind, name, uid;
};
struct ObjectContainer {
  std::string_view name, image;
};
struct ObjectStatus {
  std::string_view name, id, image_id;  ///< ids with the runtime's scheme
  std::uint64_t restarts = 0;
};

struct Object {
  std::string_view uid, name, name_space, resource_version;
  std::string_view created;  ///< RFC 3339, as it was written
  std::string_view json;     ///< from a Watch: the whole document
  List<KeyText> labels, annotations;
  List<OwnerRef> owners;

  // Pods.
  std::string_view node, host_name, ip;
  bool host_network = false;
  std::uint64_t started = 0;         ///< status.startTime, ns since 1970; 0: not yet
  List<ObjectContainer> containers;  ///< ordinary ones, then init containers
  List<ObjectStatus> statuses;       ///< likewise

  // Nodes.
  std::string_view provider_id;

  std::string_view label(std::string_view key) const;
};

/// Reads any object; what its kind does not have stays empty. Texts live in `arena`.
/// @return Fault::permanent with the byte or key at which the trouble is
Result<Object> read_object(std::string_view json, Arena& arena);

/// Repository and tag of an image as a container names it: "r.io:5000/a/b:1@sha256:..". The tag is "latest"
/// when none is written; both are empty when the text is no image name.
struct Image {
  std::string_view repository, tag, digest;
  bool tagged = false;  ///< the tag was written
};
Image read_image(std::string_view name);
/// The repository with its digest of an image id: "docker.io/library/nginx@sha256:..", empty when the id
/// names no repository.
std::string repository_digest(std::string_view image_id);

}  // namespace gleaner::k8s
