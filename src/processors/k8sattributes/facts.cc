#include "processors/k8sattributes/facts.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "k8s/pod_list.h"
#include "otlp/wire.h"

namespace gleaner::processors::k8sattributes {
namespace {

// A pod may be made some time after its CronJob's minute; as the reference.
constexpr std::int64_t kSkew = 24 * 60;  // minutes

constexpr std::string_view kOwners[] = {"ReplicaSet", "StatefulSet", "DaemonSet",
                                        "Job",        "Deployment",  "CronJob"};

void put(std::string& out, std::uint64_t number) {
  char bytes[10];
  out.append(bytes, static_cast<std::size_t>(otlp::write_varint(bytes, number) - bytes));
}
void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out += text;
}

/// Reads what put() wrote; nobody else makes such texts.
class Taker {
 public:
  explicit Taker(std::string_view from) : at_(from.data()), end_(from.data() + from.size()) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    const char* const after = otlp::read_varint(at_, end_, value);
    at_ = after ? after : end_;
    return value;
  }
  std::string_view text() {
    const auto size = std::min<std::uint64_t>(number(), static_cast<std::uint64_t>(end_ - at_));
    const std::string_view out(at_, size);
    at_ += size;
    return out;
  }

 private:
  const char* at_;
  const char* end_;
};

/// The texts of a Facts in the order in which they are kept.
template <class F>
void each_text(Facts& facts, F&& take) {
  for (auto* text :
       {&facts.uid, &facts.name, &facts.name_space, &facts.node, &facts.host_name, &facts.ip, &facts.created,
        &facts.owner_kind, &facts.owner_name, &facts.owner_uid, &facts.service_name, &facts.service_version})
    take(*text);
}

void find_owner(const k8s::Object& object, Facts& out) {
  for (const auto& owner : object.owners) {
    if (std::find(std::begin(kOwners), std::end(kOwners), owner.kind) == std::end(kOwners)) continue;
    out.owner_kind = owner.kind;
    out.owner_name = owner.name;
    out.owner_uid = owner.uid;
    return;
  }
}

void find_containers(const Rules& rules, const k8s::Object& pod, Arena& arena, Facts& out) {
  const bool images = rules.has(Meta::image_name) || rules.has(Meta::image_tag) ||
                      rules.has(Meta::image_tags) || rules.has(Meta::service_version);
  for (const auto& one : pod.containers) {
    ContainerFacts& made = out.containers.push_back(arena, {});
    made.name = one.name;
    if (images) made.image = one.image;
  }
  for (const auto& status : pod.statuses) {
    ContainerFacts* found = nullptr;
    for (auto& one : out.containers)
      if (one.name == status.name) found = &one;
    if (!found) found = &out.containers.push_back(arena, {});
    found->name = status.name;
    found->started = true;
    found->restarts = status.restarts;
    found->id = k8s::strip_runtime(status.id);
    if (rules.has(Meta::repo_digests)) found->image_id = status.image_id;
  }
}

/// What a source of an association says of the pod; nothing when it has no such value.
std::string_view value_of(const Association::Source& source, const Facts& pod) {
  if (source.connection) return pod.host_network ? std::string_view() : pod.ip;
  if (source.name == name_of(Meta::namespace_name)) return pod.name_space;
  if (source.name == name_of(Meta::pod_name)) return pod.name;
  if (source.name == name_of(Meta::pod_uid)) return pod.uid;
  if (source.name == name_of(Meta::pod_ip) || source.name == "host.name") return pod.ip;
  if (source.name == name_of(Meta::node_name)) return pod.node;
  if (source.name == name_of(Meta::pod_hostname)) return pod.host_name;
  const bool of_replica_set = pod.owner_kind == "ReplicaSet";
  if (source.name == name_of(Meta::replicaset_name) && of_replica_set) return pod.owner_name;
  if (source.name == name_of(Meta::replicaset_uid) && of_replica_set) return pod.owner_uid;
  if (source.name == name_of(Meta::deployment_name) && pod.hashed) return without_hash(pod.owner_name);
  if (source.name == name_of(Meta::statefulset_name) && pod.owner_kind == "StatefulSet")
    return pod.owner_name;
  if (source.name == name_of(Meta::daemonset_name) && pod.owner_kind == "DaemonSet") return pod.owner_name;
  if (source.name == name_of(Meta::job_name) && pod.owner_kind == "Job") return pod.owner_name;
  if (source.name == name_of(Meta::service_name)) return pod.service_name;
  if (const auto* value = pod.attributes.find(source.name)) return value->text();
  return {};
}

void find_ids(const Rules& rules, Arena& arena, Facts& out) {
  std::string id;
  const auto keep = [&] { out.ids.push_back(arena, arena.copy(id)); };
  if (rules.associations().empty()) {
    if (out.ip.empty() || out.host_network) return;
    start_id(id, kByAddress);
    add_to_id(id, out.ip);
    return keep();
  }
  for (std::size_t i = 0; i < rules.associations().size(); ++i) {
    const auto& sources = rules.associations()[i].sources;
    // A pod has several containers: one id for each.
    const bool by_container = std::any_of(sources.begin(), sources.end(), [](const auto& s) {
      return !s.connection && s.name == "container.id";
    });
    const std::size_t count = by_container ? out.containers.size() : 1;
    for (std::size_t c = 0; c < count; ++c) {
      bool whole = true;
      start_id(id, i);
      for (const auto& source : sources) {
        const bool container = by_container && !source.connection && source.name == "container.id";
        const auto value = container ? out.containers[c].id : value_of(source, out);
        whole = whole && !value.empty();
        add_to_id(id, value);
      }
      if (whole) keep();
    }
  }
}

}  // namespace

void start_id(std::string& id, std::size_t association) { id.assign(1, static_cast<char>(association)); }
void add_to_id(std::string& id, std::string_view value) {
  id += '\0';
  id += value;
}

std::string_view without_hash(std::string_view replica_set) {
  const auto dash = replica_set.rfind('-');
  const auto word = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); };
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == replica_set.size()) return {};
  const auto hash = replica_set.substr(dash + 1);
  return std::all_of(hash.begin(), hash.end(), word) ? replica_set.substr(0, dash) : std::string_view();
}

bool is_scheduled(std::string_view job, std::string_view& cron_job, std::int64_t& minute) {
  const auto dash = job.rfind('-');
  if (dash == std::string_view::npos || job.size() - dash != 9) return false;
  const auto digits = job.substr(dash + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), minute);
  cron_job = job.substr(0, dash);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && digits.front() != '-';
}

std::optional<std::int64_t> minutes_of(std::string_view time) {
  int parts[5] = {};
  constexpr std::pair<std::size_t, std::size_t> kPlaces[] = {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}};
  if (time.size() < 20 || time.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < 5; ++i) {
    const char* const at = time.data() + kPlaces[i].first;
    const auto read = std::from_chars(at, at + kPlaces[i].second, parts[i]);
    if (read.ptr != at + kPlaces[i].second || parts[i] < 0) return std::nullopt;
  }
  using namespace std::chrono;
  const year_month_day day(year(parts[0]), month(static_cast<unsigned>(parts[1])),
                           std::chrono::day(static_cast<unsigned>(parts[2])));
  if (!day.ok()) return std::nullopt;
  return duration_cast<minutes>(sys_days(day).time_since_epoch()).count() + parts[3] * 60 + parts[4];
}

Facts gather(const Rules& rules, Kind kind, const k8s::Object& object, Arena& arena) {
  Facts out;
  out.uid = object.uid;
  out.name = object.name;
  find_owner(object, out);
  if (kind != Kind::pod) {
    rules.extract(kind, object.labels, object.annotations, arena, out.attributes);
    return out;
  }
  out.name_space = object.name_space;
  out.node = object.node;
  out.ip = object.ip;
  out.host_network = object.host_network;
  out.started = object.started;
  out.ignored = rules.excludes(object);
  const auto hash = object.label("pod-template-hash");
  out.hashed = out.owner_kind == "ReplicaSet" && !hash.empty() && out.owner_name.size() > hash.size() + 1 &&
               out.owner_name.ends_with(hash) &&
               out.owner_name[out.owner_name.size() - hash.size() - 1] == '-';
  std::string_view cron_job;
  std::int64_t minute = 0;
  if (out.owner_kind == "Job" && is_scheduled(out.owner_name, cron_job, minute))
    if (const auto made = minutes_of(object.created)) out.scheduled = std::abs(*made - minute) <= kSkew;
  if (rules.has(Meta::pod_hostname)) out.host_name = object.host_name;
  if (rules.has(Meta::pod_start_time)) out.created = object.created;
  if (rules.has(Meta::service_name)) {
    out.service_name = object.label("app.kubernetes.io/instance");
    if (out.service_name.empty()) out.service_name = object.label("app.kubernetes.io/name");
  }
  if (rules.has(Meta::service_version)) out.service_version = object.label("app.kubernetes.io/version");
  rules.extract(kind, object.labels, object.annotations, arena, out.attributes);
  if (rules.wants_containers()) find_containers(rules, object, arena, out);
  find_ids(rules, arena, out);
  return out;
}

std::string pack(const Facts& from) {
  Facts facts = from;
  std::string out;
  put(out, facts.ids.size());
  for (const auto id : facts.ids) put(out, id);
  each_text(facts, [&](std::string_view text) { put(out, text); });
  put(out, facts.started);
  put(out, static_cast<std::uint64_t>(facts.host_network) | static_cast<std::uint64_t>(facts.ignored) << 1 |
               static_cast<std::uint64_t>(facts.hashed) << 2 |
               static_cast<std::uint64_t>(facts.scheduled) << 3);
  put(out, facts.attributes.size());
  for (const auto& [key, value] : facts.attributes) {
    put(out, key);
    put(out, value.text());
  }
  put(out, facts.containers.size());
  for (const auto& one : facts.containers) {
    for (const auto text : {one.name, one.image, one.id, one.image_id}) put(out, text);
    put(out, one.restarts << 1 | static_cast<std::uint64_t>(one.started));
  }
  out.shrink_to_fit();
  return out;
}

Facts unpack(std::string_view packed, Arena& arena) {
  Taker take(packed);
  Facts out;
  for (std::uint64_t n = take.number(); n > 0; --n) out.ids.push_back(arena, take.text());
  each_text(out, [&](std::string_view& text) { text = take.text(); });
  out.started = take.number();
  const auto flags = take.number();
  out.host_network = flags & 1;
  out.ignored = flags & 2;
  out.hashed = flags & 4;
  out.scheduled = flags & 8;
  for (std::uint64_t n = take.number(); n > 0; --n) {
    const auto key = take.text();
    out.attributes.items.push_back(arena, {key, pdata::Value::string(take.text())});
  }
  for (std::uint64_t n = take.number(); n > 0; --n) {
    ContainerFacts& one = out.containers.push_back(arena, {});
    for (auto* text : {&one.name, &one.image, &one.id, &one.image_id}) *text = take.text();
    const auto restarts = take.number();
    one.restarts = restarts >> 1;
    one.started = restarts & 1;
  }
  return out;
}

std::vector<std::string_view> ids_of(std::string_view packed) {
  Taker take(packed);
  std::vector<std::string_view> out(take.number());
  for (auto& id : out) id = take.text();
  return out;
}

}  // namespace gleaner::processors::k8sattributes
