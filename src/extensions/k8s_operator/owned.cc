#include "extensions/k8s_operator/owned.h"

#include <fmt/format.h>

#include "extensions/k8s_operator/collectors.h"

namespace gleaner::extensions::k8s_operator {
namespace {

constexpr KindRow kKinds[] = {
    {"/api/v1", "ServiceAccount", "serviceaccounts"},
    {"/api/v1", "ConfigMap", "configmaps"},
    {"/api/v1", "Service", "services"},
    {"/apis/apps/v1", "Deployment", "deployments", false, true},
    {"/apis/apps/v1", "DaemonSet", "daemonsets", false, true},
    {"/apis/apps/v1", "StatefulSet", "statefulsets", false, true},
    {"/apis/policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"},
    {"/apis/autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"},
    {"/apis/networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"},
    {"/apis/rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", true, false, true},
    {"/apis/rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", true, false, true},
};

std::string_view annotation(const k8s::Object& object, std::string_view wanted) {
  for (const auto& [key, value] : object.annotations)
    if (key == wanted) return value;
  return {};
}

}  // namespace

std::span<const KindRow> kinds() { return kKinds; }

const KindRow* kind_named(std::string_view kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return &row;
  return nullptr;
}

std::string path_of(const KindRow& row, std::string_view name_space, std::string_view name) {
  return row.cluster_wide ? fmt::format("{}/{}/{}", row.group, row.plural, name)
                          : fmt::format("{}/namespaces/{}/{}/{}", row.group, name_space, row.plural, name);
}

std::vector<std::pair<std::string, Owned::Object>> Owned::of(const std::string& owner) const {
  std::vector<std::pair<std::string, Object>> out;
  for (const auto& [path, object] : objects_)
    if (object.owner == owner) out.emplace_back(path, object);
  return out;
}

class Owned::Sink final : public k8s::WatchSink {
 public:
  Sink(Owned& all, const KindRow& row) : all_(all), row_(row) {}

  void listing() override {
    for (auto& [path, object] : all_.objects_)
      if (object.row == &row_) object.seen = false;
  }
  void listed() override {
    std::vector<std::string> owners;
    std::erase_if(all_.objects_, [&](const auto& one) {
      const bool lost = one.second.row == &row_ && !one.second.seen;
      if (lost) owners.push_back(one.second.owner);
      return lost;
    });
    for (const auto& owner : owners) all_.changed_(owner);
  }
  void there(const k8s::Object& object) override {
    std::string owner = owner_of(object);
    const std::string path = path_of(row_, object.name_space, object.name);
    if (owner.empty()) {  // somebody took it off our hands: kubectl delete --cascade=orphan
      all_.objects_.erase(path);
      return;
    }
    Object& known = all_.objects_[path];
    const bool news = known.version != object.resource_version || known.owner != owner;
    known = {&row_,
             std::move(owner),
             std::string(object.uid),
             std::string(object.resource_version),
             std::string(object.created),
             true};
    if (news) all_.changed_(known.owner);
  }
  void gone(const k8s::Object& object) override {
    const auto found = all_.objects_.find(path_of(row_, object.name_space, object.name));
    // One that was deleted and made anew has another uid.
    if (found == all_.objects_.end() || found->second.uid != object.uid) return;
    const std::string owner = found->second.owner;
    all_.objects_.erase(found);
    all_.changed_(owner);
  }

 private:
  /// Cluster-wide objects cannot have an owner in a namespace: an annotation says whose they are.
  std::string owner_of(const k8s::Object& object) const {
    if (object.label(kMadeBy) != kMadeByValue) return "";
    if (row_.cluster_wide) return std::string(annotation(object, kMadeFor));
    for (const auto& owner : object.owners)
      if (owner.kind == "OpenTelemetryCollector") return key_of(object.name_space, owner.name);
    return "";
  }

  Owned& all_;
  const KindRow& row_;
};

k8s::WatchSink& Owned::sink(const KindRow& row) {
  return *sinks_.emplace_back(std::make_unique<Sink>(*this, row));
}

}  // namespace gleaner::extensions::k8s_operator
