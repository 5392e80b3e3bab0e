#include "receivers/kubeletstats/cluster.h"

#include <fmt/format.h>

namespace gleaner::receivers::kubeletstats {

std::string Claims::key(std::string_view uid, std::string_view volume) {
  return fmt::format("{}/{}", uid, volume);
}

Task<> Claims::refresh(const k8s::Summary& summary, const k8s::PodList& pods, TimePoint deadline) {
  std::set<std::string, std::less<>> seen;
  for (const auto& stats : summary.pods) {
    const k8s::Pod* pod = pods.find(stats.uid);
    if (!pod) continue;
    for (const auto& one : stats.volumes) {
      const k8s::Volume* volume = pod->volume(one.name);
      if (!volume || volume->source.type != "persistentVolumeClaim") continue;
      const std::string name = key(stats.uid, one.name);
      seen.insert(name);
      auto& entry = known_[name];
      if (entry.source) continue;
      entry.arena = Arena();
      entry.source = co_await look_up(std::string(stats.name_space), std::string(volume->source.claim),
                                      deadline, entry.arena);
    }
  }
  std::erase_if(known_, [&](const auto& entry) { return !seen.contains(entry.first); });
}

Task<Result<k8s::VolumeSource>> Claims::look_up(std::string name_space, std::string claim, TimePoint deadline,
                                                Arena& arena) {
  const std::string claim_path =
      fmt::format("/api/v1/namespaces/{}/persistentvolumeclaims/{}", name_space, claim);
  auto document = co_await api_.get(claim_path, deadline);
  if (!document) co_return fail(std::move(document.error()));
  auto name = k8s::read_claim_volume(document->view(), arena);
  if (!name) co_return fail(std::move(name.error()));
  if (name->empty())
    co_return fail(Fault::retryable,
                   fmt::format("PersistentVolumeClaim {} does not have a volume name", claim));
  document = co_await api_.get(fmt::format("/api/v1/persistentvolumes/{}", *name), deadline);
  if (!document) co_return fail(std::move(document.error()));
  co_return k8s::read_persistent_volume(document->view(), arena);
}

Result<k8s::VolumeSource> Claims::find(const k8s::PodStats& pod, const k8s::Volume& volume) const {
  const auto found = known_.find(key(pod.uid, volume.name));
  if (found == known_.end()) return fail(Fault::permanent, "claim was not looked up");
  return found->second.source;
}

Task<Result<>> Capacity::refresh(TimePoint deadline) {
  if (known_ && loop_.now() < asked_ + kPeriod) co_return Result<>();
  auto document = co_await api_.get("/api/v1/nodes/" + node_, deadline);
  if (!document) co_return fail(std::move(document.error()));
  Arena arena;
  auto read = k8s::read_node_capacity(document->view(), arena);
  if (!read) co_return fail(std::move(read.error()));
  known_ = *read;
  asked_ = loop_.now();
  co_return Result<>();
}

}  // namespace gleaner::receivers::kubeletstats
