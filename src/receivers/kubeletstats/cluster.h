#pragma once
// What the API server adds to the kubelet's documents: where claims lead to, and what the node can hold.
#include <map>
#include <memory>
#include <set>
#include <string>

#include "k8s/api_objects.h"
#include "k8s/client.h"
#include "k8s/summary.h"
#include "pipeline/component.h"

namespace gleaner::receivers::kubeletstats {

/// PersistentVolumes behind the claims of pods, kept as long as the pod's volume is seen. A failed look-up is
/// tried again at the next scrape.
class Claims {
 public:
  explicit Claims(k8s::Client& api) : api_(api) {}
  /// Looks up what `summary` names and is not known yet, and forgets what it does not name any more.
  Task<> refresh(const k8s::Summary& summary, const k8s::PodList& pods, TimePoint deadline);
  /// Valid until the next refresh().
  Result<k8s::VolumeSource> find(const k8s::PodStats& pod, const k8s::Volume& volume) const;

 private:
  struct Entry {
    Arena arena;  ///< holds the texts of `source`
    Result<k8s::VolumeSource> source = fail(Fault::retryable, "not looked up yet");
  };
  static std::string key(std::string_view uid, std::string_view volume);
  Task<Result<k8s::VolumeSource>> look_up(std::string name_space, std::string claim, TimePoint deadline,
                                          Arena& arena);
  k8s::Client& api_;
  std::map<std::string, Entry, std::less<>> known_;
};

/// The capacity of the node called by the configuration; asked for again every five minutes.
class Capacity {
 public:
  static constexpr Duration kPeriod = std::chrono::minutes(5);
  Capacity(k8s::Client& api, Loop& loop, std::string node) : api_(api), loop_(loop), node_(std::move(node)) {}
  /// An error leaves the last known capacity in place; asked again at the next scrape.
  Task<Result<>> refresh(TimePoint deadline);
  /// nullptr until it is known.
  const k8s::NodeCapacity* get() const { return known_ ? &*known_ : nullptr; }

 private:
  k8s::Client& api_;
  Loop& loop_;
  const std::string node_;
  std::optional<k8s::NodeCapacity> known_;
  TimePoint asked_{};
};

}  // namespace gleaner::receivers::kubeletstats
