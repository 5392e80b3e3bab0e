#include "processors/k8sattributes/label.h"

#include <charconv>
#include <optional>

#include "config/compat.h"

namespace gleaner::processors::k8sattributes {
namespace {

std::string_view text_of(const pdata::Map& map, std::string_view key) {
  const pdata::Value* value = map.find(key);
  return value && value->is_string() ? value->text() : std::string_view();
}
bool is_address(std::string_view text) {
  if (text.empty() || text.size() > 45) return false;
  if (text.find(':') != std::string_view::npos)
    return text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
  int parts = 0;
  while (true) {
    const auto part = text.substr(0, text.find('.'));
    int value = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
    if (read.ec != std::errc() || read.ptr != part.data() + part.size() || part.size() > 3 || value > 255)
      return false;
    ++parts;
    if (part.size() == text.size()) return parts == 4;
    text.remove_prefix(part.size() + 1);
  }
}

/// Sets attributes one after another and remembers whether any was.
class Setter {
 public:
  Setter(const Rules& rules, Arena& arena, pdata::Map& map) : rules_(rules), arena_(arena), map_(map) {}
  void set(std::string_view key, std::string_view value) {
    changed_ |= set_if_absent(arena_, map_, key, value);
  }
  void set(Meta meta, std::string_view value) {
    if (rules_.has(meta)) set(name_of(meta), value);
  }
  /// A list of one text, unless the attribute is there.
  void set_list(Meta meta, std::string_view value) {
    if (!rules_.has(meta) || value.empty() || map_.find(name_of(meta))) return;
    pdata::Value list = pdata::Value::new_array(arena_);
    list.as_array().push_back(arena_, pdata::Value::string(arena_.copy(value)));
    map_.set(arena_, name_of(meta), list);
    changed_ = true;
  }
  bool changed() const { return changed_; }

 private:
  const Rules& rules_;
  Arena& arena_;
  pdata::Map& map_;
  bool changed_ = false;
};

}  // namespace

bool set_if_absent(Arena& arena, pdata::Map& map, std::string_view key, std::string_view value) {
  if (value.empty()) return false;
  pdata::Value* there = map.find(key);
  using Kind = pdata::Value::Kind;
  if (there && !there->is_empty() &&
      ((there->kind() != Kind::string && there->kind() != Kind::bytes) || !there->text().empty()))
    return false;
  map.set(arena, arena.copy(key), pdata::Value::string(arena.copy(value)));
  return true;
}

std::string_view pod_address(std::string_view peer) {
  constexpr std::string_view kMapped = "::ffff:";
  return peer.starts_with(kMapped) && peer.find('.') != std::string_view::npos ? peer.substr(kMapped.size())
                                                                               : peer;
}

Wanted wanted_pod(const Rules& rules, const pdata::Map& resource, const Client* client) {
  const std::string_view peer = client ? pod_address(client->address) : std::string_view();
  Wanted out;
  if (rules.associations().empty()) {
    out.address = text_of(resource, name_of(Meta::pod_ip));
    if (out.address.empty()) out.address = text_of(resource, "ip");
    if (out.address.empty()) out.address = peer;
    if (const auto host = text_of(resource, "host.name"); out.address.empty() && is_address(host))
      out.address = host;
    if (out.address.empty()) return out;
    start_id(out.id, kByAddress);
    add_to_id(out.id, out.address);
    return out;
  }
  for (std::size_t i = 0; i < rules.associations().size(); ++i) {
    bool whole = true;
    out.address = {};
    start_id(out.id, i);
    for (const auto& source : rules.associations()[i].sources) {
      const auto value = source.connection ? peer : text_of(resource, source.name);
      whole = whole && !value.empty();
      if (source.connection) out.address = value;
      add_to_id(out.id, value);
    }
    if (whole) return out;
  }
  return {};
}

bool Labels::apply(Arena& arena, pdata::Map& resource, const Client* client, std::uint64_t& missed) const {
  const Wanted wanted = wanted_pod(rules_, resource, client);
  bool changed = false;
  if (rules_.has(Meta::pod_ip) || config::is_0_102())
    changed = set_if_absent(arena, resource, name_of(Meta::pod_ip), wanted.address);
  const Cache::Found found = wanted.id.empty() ? nullptr : cache_.pod(wanted.id);
  if (found) {
    const Facts pod = unpack(*found, arena);
    if (!pod.ignored) return apply(arena, resource, pod) || changed;
  }
  missed += !wanted.id.empty();
  return apply_around(arena, resource, nullptr) || changed;
}

bool Labels::apply(Arena& arena, pdata::Map& resource, const Facts& pod) const {
  const bool own = apply_pod(arena, resource, pod);
  const bool container = apply_container(arena, resource, pod);
  return apply_around(arena, resource, &pod) || own || container;
}

bool Labels::apply_pod(Arena& arena, pdata::Map& resource, const Facts& pod) const {
  Setter to(rules_, arena, resource);
  // The first one wins: labels and annotations are stronger than what the pod itself is.
  for (const auto& [key, value] : pod.attributes) to.set(key, value.text());
  to.set(Meta::service_name, pod.service_name);
  to.set(Meta::service_version, pod.service_version);
  to.set(Meta::namespace_name, pod.name_space);
  to.set(Meta::pod_name, pod.name);
  to.set(Meta::pod_uid, pod.uid);
  to.set(Meta::pod_ip, pod.ip);
  to.set(Meta::pod_hostname, pod.host_name);
  to.set(Meta::pod_start_time, pod.created);
  to.set(Meta::node_name, pod.node);
  const bool owner = apply_owner(arena, resource, pod);
  to.set(Meta::service_name, pod.name);
  if (rules_.has(Meta::cluster_uid))
    if (const auto system = cache_.find(Kind::name_space, "kube-system"))
      to.set(Meta::cluster_uid, unpack(*system, arena).uid);
  return to.changed() || owner;
}

bool Labels::apply_owner(Arena& arena, pdata::Map& resource, const Facts& pod) const {
  Setter to(rules_, arena, resource);
  const std::string_view name = pod.owner_name, uid = pod.owner_uid;
  if (pod.owner_kind == "ReplicaSet") {
    to.set(Meta::replicaset_name, name);
    to.set(Meta::replicaset_uid, uid);
    // The ReplicaSet itself knows best, when it is known; else its name tells.
    std::string_view deployment = pod.hashed ? without_hash(name) : std::string_view();
    const auto set = cache_.find(Kind::replica_set, uid);
    const Facts known = set ? unpack(*set, arena) : Facts();
    if (set) deployment = known.owner_kind == "Deployment" ? known.owner_name : std::string_view();
    if (known.owner_kind == "Deployment") to.set(Meta::deployment_uid, known.owner_uid);
    to.set(Meta::deployment_name, deployment);
    to.set(Meta::service_name, deployment);
  } else if (pod.owner_kind == "DaemonSet") {
    to.set(Meta::daemonset_name, name);
    to.set(Meta::daemonset_uid, uid);
  } else if (pod.owner_kind == "StatefulSet") {
    to.set(Meta::statefulset_name, name);
    to.set(Meta::statefulset_uid, uid);
  } else if (pod.owner_kind == "Job") {
    to.set(Meta::job_name, name);
    to.set(Meta::job_uid, uid);
    std::string_view cron_job;
    std::int64_t minute = 0;
    if (!pod.scheduled || !is_scheduled(name, cron_job, minute)) cron_job = {};
    const auto job = cache_.find(Kind::job, uid);
    const Facts known = job ? unpack(*job, arena) : Facts();
    if (job) cron_job = known.owner_kind == "CronJob" ? known.owner_name : std::string_view();
    if (known.owner_kind == "CronJob") to.set(Meta::cronjob_uid, known.owner_uid);
    to.set(Meta::cronjob_name, cron_job);
    to.set(Meta::service_name, cron_job);
  }
  to.set(Meta::service_name, name);
  return to.changed();
}

bool Labels::apply_container(Arena& arena, pdata::Map& resource, const Facts& pod) const {
  const auto name = text_of(resource, name_of(Meta::container_name));
  const auto id = text_of(resource, name_of(Meta::container_id));
  const ContainerFacts* found = nullptr;
  for (const auto& one : pod.containers)
    if (!name.empty() ? one.name == name : !id.empty() ? one.id == id : pod.containers.size() == 1) {
      found = &one;
      break;
    }
  if (!found) return false;
  Setter to(rules_, arena, resource);
  if (found->started) to.set(Meta::container_name, found->name);
  const k8s::Image image = k8s::read_image(found->image);
  to.set(Meta::image_name, image.repository);
  to.set(Meta::image_tag, image.tag);
  to.set_list(Meta::image_tags, image.tag);
  if (found->started && rules_.has(Meta::service_instance_id))
    to.set(Meta::service_instance_id,
           std::string(pod.name_space) + "." + std::string(pod.name) + "." + std::string(found->name));
  std::string version(image.tagged ? image.tag : std::string_view());
  if (!image.digest.empty()) version += (version.empty() ? "" : "@") + std::string(image.digest);
  to.set(Meta::service_version, version);

  // The id belongs to one life of the container.
  bool this_life = found->started;
  if (const pdata::Value* count = resource.find("k8s.container.restart_count")) {
    const std::string text = pdata::as_text(*count);
    this_life = this_life && text == std::to_string(found->restarts);
  }
  if (this_life) {
    if (!resource.find(name_of(Meta::container_id))) to.set(Meta::container_id, found->id);
    to.set_list(Meta::repo_digests, k8s::repository_digest(found->image_id));
  }
  return to.changed();
}

/// What labels and annotations of one object say.
bool Labels::apply_texts(Arena& arena, pdata::Map& resource, Kind kind, std::string_view key,
                         Meta uid) const {
  if (key.empty()) return false;
  const auto found = cache_.find(kind, key);
  if (!found) return false;
  const Facts facts = unpack(*found, arena);
  Setter to(rules_, arena, resource);
  for (const auto& [name, value] : facts.attributes) to.set(name, value.text());
  if (uid != Meta::count) to.set(uid, facts.uid);
  return to.changed();
}

/// Of what is around a pod, known by the pod or by what the resource says itself.
bool Labels::apply_around(Arena& arena, pdata::Map& resource, const Facts* pod) const {
  const auto known = [&](std::string_view by_pod, Meta meta) {
    return by_pod.empty() ? text_of(resource, name_of(meta)) : by_pod;
  };
  const auto owner = [&](std::string_view kind) {
    return pod && pod->owner_kind == kind ? pod->owner_uid : std::string_view();
  };
  bool changed = false;
  const auto name_space = known(pod ? pod->name_space : std::string_view(), Meta::namespace_name);
  if (rules_.wants(Kind::name_space))
    changed |= apply_texts(arena, resource, Kind::name_space, name_space, Meta::count);
  if (rules_.has(Meta::service_namespace))
    changed |= set_if_absent(arena, resource, name_of(Meta::service_namespace), name_space);
  if (rules_.wants(Kind::node))
    changed |= apply_texts(arena, resource, Kind::node,
                           known(pod ? pod->node : std::string_view(), Meta::node_name), Meta::node_uid);
  if (rules_.wants(Kind::deployment)) {
    std::string_view deployment;
    if (const auto set = cache_.find(Kind::replica_set, owner("ReplicaSet"))) {
      const Facts facts = unpack(*set, arena);
      deployment = arena.copy(facts.owner_uid);
    }
    changed |=
        apply_texts(arena, resource, Kind::deployment, known(deployment, Meta::deployment_uid), Meta::count);
  }
  if (rules_.wants(Kind::stateful_set))
    changed |= apply_texts(arena, resource, Kind::stateful_set,
                           known(owner("StatefulSet"), Meta::statefulset_uid), Meta::count);
  if (rules_.wants(Kind::daemon_set))
    changed |= apply_texts(arena, resource, Kind::daemon_set, known(owner("DaemonSet"), Meta::daemonset_uid),
                           Meta::count);
  if (rules_.wants(Kind::job))
    changed |= apply_texts(arena, resource, Kind::job, known(owner("Job"), Meta::job_uid), Meta::count);
  return changed;
}

}  // namespace gleaner::processors::k8sattributes
