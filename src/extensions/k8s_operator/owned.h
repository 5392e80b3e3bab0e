#pragma once
// The objects that were made of collectors, as the cluster has them: what a collector no longer makes is
// found here, and what others changed or deleted.
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "k8s/watch.h"

namespace gleaner::extensions::k8s_operator {

inline constexpr std::string_view kMadeBy = "gleaner/made-by";     ///< label
inline constexpr std::string_view kMadeFor = "gleaner/collector";  ///< annotation: "ns/name"
inline constexpr std::string_view kMadeByValue = "operator";

struct KindRow {
  std::string_view group;  ///< "/api/v1", "/apis/apps/v1"
  std::string_view kind, plural;
  bool cluster_wide = false, workload = false;
  bool rights = false;  ///< only where the operator grants them
};
/// All that deploy::render makes.
std::span<const KindRow> kinds();
const KindRow* kind_named(std::string_view kind);
std::string path_of(const KindRow& row, std::string_view name_space, std::string_view name);

class Owned {
 public:
  struct Object {
    const KindRow* row = nullptr;
    std::string owner;  ///< the collector's key
    std::string uid, version, created;
    bool seen = false;
  };
  using Changed = std::function<void(const std::string& owner)>;
  explicit Owned(Changed changed) : changed_(std::move(changed)) {}

  /// What was just applied: the watch will say the same, which is no news.
  void applied(const std::string& path, Object object) { objects_[path] = std::move(object); }
  void forget(const std::string& path) { objects_.erase(path); }
  /// Paths and objects of one collector.
  std::vector<std::pair<std::string, Object>> of(const std::string& owner) const;

  /// For the watch of one kind; lives as long as this.
  k8s::WatchSink& sink(const KindRow& row);

 private:
  class Sink;
  const Changed changed_;
  std::map<std::string, Object> objects_;  ///< by path
  std::deque<std::unique_ptr<k8s::WatchSink>> sinks_;
};

}  // namespace gleaner::extensions::k8s_operator
