#include "k8s/object.h"

#include <algorithm>
#include <optional>

#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

class Reader {
 public:
  Reader(std::string_view document, Arena& arena) : json_(document, arena), arena_(arena) {}

  Result<Object> read() {
    const bool ok = json_.object([&](std::string_view part) {
      if (part == "metadata") return metadata();
      if (part == "spec") return spec();
      if (part == "status") return status();
      return json_.skip();
    });
    if (!ok || !json_.finish()) return json_.error();
    join();
    return out_;
  }

 private:
  bool metadata() {
    return json_.object([&](std::string_view key) {
      if (key == "uid") return json_.text(out_.uid);
      if (key == "name") return json_.text(out_.name);
      if (key == "namespace") return json_.text(out_.name_space);
      if (key == "resourceVersion") return json_.text(out_.resource_version);
      if (key == "creationTimestamp") return json_.text(out_.created);
      if (key == "labels") return pairs(out_.labels);
      if (key == "annotations") return pairs(out_.annotations);
      if (key == "ownerReferences") return json_.array([&] { return owner(); });
      return json_.skip();
    });
  }
  bool spec() {
    // In other kinds than pods and nodes these keys hold what is not asked for, maybe of another type.
    return json_.object([&](std::string_view key) {
      if (key == "nodeName") return json_.text(out_.node);
      if (key == "hostname") return json_.text(out_.host_name);
      if (key == "hostNetwork") return json_.boolean(out_.host_network);
      if (key == "providerID") return json_.text(out_.provider_id);
      if (key == "containers") return containers(out_.containers);
      if (key == "initContainers") return containers(init_);
      return json_.skip();
    });
  }
  bool status() {
    const bool ok = json_.object([&](std::string_view key) {
      if (key == "podIP") return json_.text(out_.ip);
      if (key == "startTime") return json_.time(out_.started);
      if (key == "containerStatuses") return statuses(out_.statuses);
      if (key == "initContainerStatuses") return statuses(init_statuses_);
      return json_.skip();
    });
    return ok;
  }
  bool pairs(List<KeyText>& to) {
    return json_.object([&](std::string_view key) {
      KeyText pair{key, {}};
      if (!json_.text(pair.value)) return false;
      to.push_back(arena_, {arena_.copy(key), pair.value});
      return true;
    });
  }
  bool owner() {
    OwnerRef one;
    const bool ok = json_.object([&](std::string_view key) {
      if (key == "kind") return json_.text(one.kind);
      if (key == "name") return json_.text(one.name);
      if (key == "uid") return json_.text(one.uid);
      return json_.skip();
    });
    out_.owners.push_back(arena_, one);
    return ok;
  }
  bool containers(List<ObjectContainer>& to) {
    return json_.array([&] {
      ObjectContainer one;
      const bool ok = json_.object([&](std::string_view key) {
        if (key == "name") return json_.text(one.name);
        if (key == "image") return json_.text(one.image);
        return json_.skip();
      });
      to.push_back(arena_, one);
      return ok;
    });
  }
  bool statuses(List<ObjectStatus>& to) {
    return json_.array([&] {
      ObjectStatus one;
      std::optional<std::uint64_t> restarts;
      const bool ok = json_.object([&](std::string_view key) {
        if (key == "name") return json_.text(one.name);
        if (key == "containerID") return json_.text(one.id);
        if (key == "imageID") return json_.text(one.image_id);
        if (key == "restartCount") return json_.number(restarts);
        return json_.skip();
      });
      one.restarts = restarts.value_or(0);
      to.push_back(arena_, one);
      return ok;
    });
  }

  /// Init containers stand behind the ordinary ones, in whatever order the document has them.
  void join() {
    for (const auto& one : init_) out_.containers.push_back(arena_, one);
    for (const auto& one : init_statuses_) out_.statuses.push_back(arena_, one);
  }

  JsonCursor json_;
  Arena& arena_;
  Object out_;
  List<ObjectContainer> init_;
  List<ObjectStatus> init_statuses_;
};

}  // namespace

std::string_view Object::label(std::string_view key) const {
  for (const auto& pair : labels)
    if (pair.key == key) return pair.value;
  return {};
}

Result<Object> read_object(std::string_view json, Arena& arena) { return Reader(json, arena).read(); }

Image read_image(std::string_view name) {
  Image out;
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    out.digest = name.substr(at + 1);
    name = name.substr(0, at);
  }
  const auto slash = name.rfind('/');
  const auto colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  out.repository = name.substr(0, colon);
  if (colon != std::string_view::npos) out.tag = name.substr(colon + 1);
  out.tagged = !out.tag.empty();
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  if (out.repository.empty() || out.repository.back() == '/' ||
      (colon != std::string_view::npos && out.tag.empty()) || std::any_of(name.begin(), name.end(), blank))
    return {};
  if (!out.tagged) out.tag = "latest";
  return out;
}

std::string repository_digest(std::string_view image_id) {
  const auto at = image_id.find('@');
  if (at == 0 || at == std::string_view::npos || image_id.find("://") != std::string_view::npos ||
      image_id.substr(at + 1).find(':') == std::string_view::npos)
    return {};
  // As container tools write names in full: a first part without '.' and ':' is no host.
  const auto first = image_id.substr(0, image_id.find('/'));
  const bool host =
      first.size() < at && (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  std::string out;
  if (!host) out = first.size() < at ? "docker.io/" : "docker.io/library/";
  out += image_id;
  return out;
}

}  // namespace gleaner::k8s
