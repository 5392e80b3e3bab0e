#pragma once
// Makes of each collector what it stands for, and takes away what it no longer makes.
#include <map>
#include <set>
#include <string>

#include "extensions/k8s_operator/collectors.h"
#include "extensions/k8s_operator/events.h"
#include "extensions/k8s_operator/lease.h"
#include "extensions/k8s_operator/owned.h"
#include "pipeline/component.h"

namespace gleaner::extensions::k8s_operator {

/// An object as it is applied: owned by the collector (cluster-wide ones by annotation), labelled as the
/// operator's. What an autoscaler moves is left to it.
Node as_owned(Node object, const KindRow& row, const deploy::Collector& collector, const std::string& uid);
/// status of a collector whose workload the API server has as `workload` (null: of a sidecar).
Node status_of(const deploy::Collector& collector, const Node& workload);

class Reconciler {
 public:
  struct Parts {
    k8s::Client& api;
    const deploy::Cluster& cluster;
    const Collectors& collectors;
    Owned& owned;
    Events& events;
    const Lease& lease;
    std::function<bool()> ready;  ///< all collectors are known
  };
  Reconciler(const Context& context, Parts parts);

  /// Something about this collector is not as it was.
  void wake(const std::string& key);
  /// Until cancel().
  Task<> run();
  void cancel();

 private:
  Task<> reconcile(std::string key);
  Task<Result<>> make(const std::string& key, const deploy::Collector& collector, const std::string& uid,
                      std::set<std::string>& kept, Node& workload);
  Task<Result<Node>> apply(std::string path, const KindRow& row, const Node& object);
  Task<Result<>> prune(const std::string& key, const std::set<std::string>& kept, std::size_t versions);
  Task<Result<>> remove(std::string path, const std::string& uid);
  Task<Result<>> write_status(const std::string& key, Node status);
  Task<Result<k8s::Client::Answer>> send(const char* method, std::string path, std::string_view kind,
                                         const Node& body);
  void again(const std::string& key);

  const Context& context_;
  Parts parts_;
  std::set<std::string> dirty_;
  std::map<std::string, int> failures_;  ///< in a row, by collector
  std::map<std::string, TimePoint> later_;
  Timer timer_;
  bool idle_ = false, stopping_ = false;
  metrics::Counter &done_, &failed_;
};

}  // namespace gleaner::extensions::k8s_operator
