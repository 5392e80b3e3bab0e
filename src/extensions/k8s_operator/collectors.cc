#include "extensions/k8s_operator/collectors.h"

#include "config/yaml.h"
#include "deploy/plan.h"
#include "deploy/tree.h"

namespace gleaner::extensions::k8s_operator {
using deploy::at;
using deploy::text_at;

namespace {

constexpr std::string_view kFinalizer = "opentelemetrycollector.opentelemetry.io/finalizer";

/// The other operator's marks: its finalizer, and the version that it writes into each status.
bool worked_on(const Node& object) {
  if (!text_at(object, "status.version").empty()) return true;
  const Node* all = at(object, "metadata.finalizers");
  if (all && all->is_list())
    for (const Node& one : all->items())
      if (one.text() == kFinalizer) return true;
  return false;
}

}  // namespace

Collectors::Entry Collectors::read(std::string_view json, const std::string& key) const {
  Entry entry;
  auto object = config::parse_yaml(json, key);  // JSON is YAML
  if (!object) {
    entry.trouble = std::move(object.error().what);
    return entry;
  }
  entry.mode = text_at(*object, "spec.mode");
  entry.foreign = !take_over_ && worked_on(*object);
  entry.unmanaged = text_at(*object, "spec.managementState") == "unmanaged";
  if (const Node* status = object->find("status")) entry.status = *status;
  // Where nobody converts, as with the definition that gleaner ships, a v1alpha1 object is read with the
  // text that it was written with.
  const Node* config = at(*object, "spec.config");
  (*object)["apiVersion"] =
      deploy::text(config && config->is_scalar() ? "opentelemetry.io/v1alpha1" : "opentelemetry.io/v1beta1");
  auto made = deploy::read_collector(*object, cluster_, key);
  if (made) {
    entry.mode = made->mode;
    entry.collector = std::move(*made);
    return entry;
  }
  entry.trouble = std::move(made.error().what);
  // Places in what the API server sends help nobody.
  if (entry.trouble.starts_with(key + ":1:")) entry.trouble.erase(0, entry.trouble.find(": ") + 2);
  return entry;
}

const Collectors::Entry* Collectors::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

void Collectors::tell(Knowledge& knowledge) const {
  for (const auto& [key, entry] : entries_) {
    if (entry.mode != "sidecar") continue;
    if (entry.collector)
      knowledge.sidecars.push_back(&*entry.collector);
    else
      knowledge.broken[key] = entry.trouble;
  }
}

Regarding Collectors::regarding(const std::string& key, const Entry& entry) {
  const auto slash = key.find('/');
  return {"opentelemetry.io/v1beta1", "OpenTelemetryCollector", key.substr(slash + 1), key.substr(0, slash),
          entry.uid};
}

void Collectors::listing() {
  for (auto& [key, entry] : entries_) entry.seen = false;
}

void Collectors::listed() {
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->second.seen) {
      ++at;
      continue;
    }
    const std::string key = at->first;
    at = entries_.erase(at);
    changed_(key);
  }
}

void Collectors::there(const k8s::Object& object) {
  const std::string key = key_of(object.name_space, object.name);
  Entry& entry = entries_[key];
  if (!entry.version.empty() && entry.version == object.resource_version) {
    entry.seen = true;
    return;
  }
  entry = read(object.json, key);
  entry.uid = object.uid;
  entry.version = object.resource_version;
  entry.seen = true;
  changed_(key);
}

void Collectors::gone(const k8s::Object& object) {
  const std::string key = key_of(object.name_space, object.name);
  if (entries_.erase(key)) changed_(key);
}

void Namespaces::there(const k8s::Object& object) {
  auto& all = fresh_ ? *fresh_ : asks_;
  const std::string name(object.name);
  all.erase(name);
  for (const auto& [key, value] : object.annotations)
    if (key == deploy::kInjectKey) all[name] = value;
}

}  // namespace gleaner::extensions::k8s_operator
