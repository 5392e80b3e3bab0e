#include "deploy/workload.h"

#include "deploy/editor.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {

constexpr std::string_view kWithTemplate[] = {"Deployment", "StatefulSet", "DaemonSet",
                                              "ReplicaSet", "Job",         "ReplicationController"};

void collect(const Node& object, const std::string& path, std::vector<Workload>& out) {
  const std::string kind = text_at(object, "kind");
  const Node* items = object.find("items");
  if (kind.ends_with("List") && items && items->is_list()) {
    // A list of one kind, as `kubectl get` never prints it and clients do, leaves the kind of its items out.
    for (std::size_t i = 0; i < items->items().size(); ++i)
      collect(items->items()[i], Workload::join(path, "items/" + std::to_string(i)), out);
    return;
  }
  Workload found{kind,   text_at(object, "metadata.name"), text_at(object, "metadata.namespace"), path, "",
                 &object};
  if (found.name.empty()) found.name = text_at(object, "metadata.generateName");
  const std::string version = text_at(object, "apiVersion");
  if (kind == "Pod" && version == "v1") {
    found.pod = "";
  } else if (kind == "CronJob" && version.starts_with("batch/")) {
    found.pod = "spec/jobTemplate/spec/template";
  } else {
    bool known = false;
    for (const auto one : kWithTemplate) known = known || kind == one;
    if (!known || !(version == "v1" || version.starts_with("apps/") || version.starts_with("batch/"))) return;
    found.pod = "spec/template";
  }
  out.push_back(std::move(found));
}

}  // namespace

std::vector<Workload> workloads(const Node& document) {
  std::vector<Workload> out;
  if (document.is_map()) collect(document, "", out);
  return out;
}

}  // namespace gleaner::deploy
