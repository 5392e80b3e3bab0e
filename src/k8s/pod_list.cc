#include "k8s/pod_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "k8s/json_cursor.h"
#include "k8s/quantity.h"

namespace gleaner::k8s {
namespace {

template <class T>
const T* named(const List<T>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& one) { return one.name == name; });
  return found == list.end() ? nullptr : found;
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

/// The kinds the reference names, in the order it tests them.
constexpr std::string_view kPodSources[] = {
    "configMap", "downwardAPI",          "emptyDir",          "secret",   "persistentVolumeClaim",
    "hostPath",  "awsElasticBlockStore", "gcePersistentDisk", "glusterfs"};
constexpr std::string_view kPersistentSources[] = {"local", "awsElasticBlockStore", "gcePersistentDisk",
                                                   "glusterfs"};

class Reader {
 public:
  Reader(std::string_view json, Arena& arena) : json_(json, arena), arena_(arena) {}

  Result<PodList> read() {
    PodList out;
    const bool ok = json_.object([&](std::string_view key) {
      if (key != "items") return json_.skip();
      out.pods.clear();
      return json_.array([&] {
        Pod one;
        if (!pod(one)) return false;
        out.pods.push_back(arena_, one);
        return true;
      });
    });
    if (!ok || !json_.finish()) return json_.error();
    return out;
  }

 private:
  template <class T, class F>
  bool list(List<T>& out, F&& item) {
    out.clear();  // a repeated key: the last one counts
    return json_.array(std::forward<F>(item));
  }
  bool pod(Pod& out) {
    List<ContainerStatus> init;
    const bool ok = json_.object([&](std::string_view part) {
      if (part == "metadata")
        return json_.object(
            [&](std::string_view key) { return key == "uid" ? json_.text(out.uid) : json_.skip(); });
      if (part == "spec")
        return json_.object([&](std::string_view key) {
          if (key == "containers") return list(out.containers, [&] { return container(out); });
          if (key == "volumes") return list(out.volumes, [&] { return volume(out); });
          return json_.skip();
        });
      if (part == "status")
        return json_.object([&](std::string_view key) {
          if (key == "containerStatuses") return list(out.statuses, [&] { return status(out.statuses); });
          if (key == "initContainerStatuses") return list(init, [&] { return status(init); });
          return json_.skip();
        });
      return json_.skip();
    });
    for (const auto& one : init) out.statuses.push_back(arena_, one);
    return ok;
  }
  bool container(Pod& out) {
    ContainerResources one;
    const bool ok = json_.object([&](std::string_view key) {
      if (key == "name") return json_.text(one.name);
      if (key != "resources") return json_.skip();
      return json_.object([&](std::string_view kind) {
        if (kind == "requests") return amounts(one.cpu_request, one.memory_request);
        if (kind == "limits") return amounts(one.cpu_limit, one.memory_limit);
        return json_.skip();
      });
    });
    if (ok) out.containers.push_back(arena_, one);
    return ok;
  }
  bool amounts(double& cores, std::int64_t& bytes) {
    if (json_.is_null()) cores = 0, bytes = 0;
    return json_.object([&](std::string_view key) {
      const bool cpu = key == "cpu";
      if (!cpu && key != "memory") return json_.skip();
      std::string_view text = "0";  // which null means
      if (!json_.text_or_number(text)) return false;
      const auto amount = Quantity::parse(without_blanks(text));
      if (!amount) return json_.refuse(amount.error().what);
      if (cpu)
        cores = amount->real();
      else
        bytes = amount->whole();
      return true;
    });
  }
  bool status(List<ContainerStatus>& to) {
    ContainerStatus one;
    const bool ok = json_.object([&](std::string_view key) {
      if (key == "name") return json_.text(one.name);
      if (key == "containerID") return json_.text(one.id);
      return json_.skip();
    });
    if (ok) to.push_back(arena_, one);
    return ok;
  }
  bool volume(Pod& out) {
    Volume one;
    VolumeSourceReader source(json_, arena_, false);
    const bool ok = json_.object(
        [&](std::string_view key) { return key == "name" ? json_.text(one.name) : source.member(key); });
    one.source = source.result();
    if (ok) out.volumes.push_back(arena_, one);
    return ok;
  }

  JsonCursor json_;
  Arena& arena_;
};

}  // namespace

bool VolumeSourceReader::member(std::string_view key) {
  const std::span<const std::string_view> kinds =
      persistent_ ? std::span<const std::string_view>(kPersistentSources) : kPodSources;
  const auto kind = std::find(kinds.begin(), kinds.end(), key);
  if (kind == kinds.end()) return json_.skip();
  if (json_.is_null()) return json_.skip();  // `emptyDir: null` is no source, `emptyDir: {}` is one
  VolumeSource read;
  std::optional<std::uint64_t> partition;
  const bool ok = json_.object([&](std::string_view inner) {
    if (inner == "claimName") return json_.text(read.claim);
    if (inner == "volumeID") return json_.text(read.volume_id);
    if (inner == "fsType") return json_.text(read.fs_type);
    if (inner == "pdName") return json_.text(read.pd_name);
    if (inner == "endpoints") return json_.text(read.endpoints);
    if (inner == "path") return json_.text(read.path);
    if (inner == "partition") return json_.number(partition);
    return json_.skip();
  });
  if (!ok) return false;
  const int rank = static_cast<int>(kind - kinds.begin());
  if (rank >= rank_) return true;
  rank_ = rank;
  best_ = read;
  best_.type = *kind;
  best_.partition = arena_.copy(std::to_string(partition.value_or(0)));
  return true;
}

Result<PodList> read_pod_list(std::string_view json, Arena& arena) { return Reader(json, arena).read(); }

const ContainerResources* Pod::container(std::string_view name) const { return named(containers, name); }
const ContainerStatus* Pod::status(std::string_view name) const { return named(statuses, name); }
const Volume* Pod::volume(std::string_view name) const { return named(volumes, name); }

const Pod* PodList::find(std::string_view uid) const {
  const auto found = std::find_if(pods.begin(), pods.end(), [&](const Pod& one) { return one.uid == uid; });
  return found == pods.end() ? nullptr : found;
}

std::string_view strip_runtime(std::string_view id) {
  const auto mark = id.find("://");
  if (mark == std::string_view::npos || mark == 0) return id;
  const bool word = std::all_of(id.begin(), id.begin() + static_cast<std::ptrdiff_t>(mark),
                                [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
  return word ? id.substr(mark + 3) : id;
}

}  // namespace gleaner::k8s
