#include "processors/k8sattributes/self.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/small_file.h"
#include "k8s/token_file.h"

namespace gleaner::processors::k8sattributes {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// The first of several variables that is set.
std::string first_of(Variable variable, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (auto value = variable(name); !value.empty()) return value;
  return {};
}

/// Letters and digits of names that Kubernetes makes up: no vowels, nothing that looks like another.
bool made_up(std::string_view text) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  return !text.empty() && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}
bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Who made a pod, by its name: deployments add a hash of up to ten and five characters, CronJobs the minute
/// and five, StatefulSets a number. Names of DaemonSets and Jobs cannot be told apart.
void owner_by_name(Facts& facts) {
  const auto last = facts.name.rfind('-');
  if (last == std::string_view::npos) return;
  const auto end = facts.name.substr(last + 1), rest = facts.name.substr(0, last);
  const auto middle = rest.rfind('-');
  const auto hash = middle == std::string_view::npos ? std::string_view() : rest.substr(middle + 1);
  if (end.size() == 5 && made_up(end) && digits(hash) && hash.size() == 8) {
    facts.owner_kind = "Job";
    facts.owner_name = rest;
    facts.scheduled = true;
  } else if (end.size() == 5 && made_up(end) && made_up(hash) && hash.size() >= 8 && hash.size() <= 10) {
    facts.owner_kind = "ReplicaSet";
    facts.owner_name = rest;
    facts.hashed = true;
  } else if (digits(end) && end.size() < 6) {
    facts.owner_kind = "StatefulSet";
    facts.owner_name = rest;
  }
}

}  // namespace

List<k8s::KeyText> read_pod_info(std::string_view file, Arena& arena) {
  List<k8s::KeyText> out;
  while (!file.empty()) {
    const auto equals = file.find("=\"");
    if (equals == std::string_view::npos) break;
    const auto key = file.substr(0, equals);
    std::string value;
    std::size_t at = equals + 2;
    for (; at < file.size() && file[at] != '"'; ++at) {
      if (file[at] != '\\' || at + 1 == file.size()) {
        value += file[at];
        continue;
      }
      const char escaped = file[++at];  // as Go quotes texts
      value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped;
    }
    out.push_back(arena, {arena.copy(key), arena.copy(value)});
    file.remove_prefix(std::min(file.size(), at + 1));
    while (!file.empty() && file.front() == '\n') file.remove_prefix(1);
  }
  return out;
}

std::string pod_info_state(const std::string& pod_info) {
  std::string out;
  if (pod_info.empty()) return out;
  for (const char* name : {"/labels", "/annotations"}) {
    struct stat is {};
    if (::stat((pod_info + name).c_str(), &is) != 0) continue;
    out += fmt::format("{}:{}:{}.{};", is.st_ino, is.st_size, is.st_mtim.tv_sec, is.st_mtim.tv_nsec);
  }
  return out;
}

bool Self::injected(Variable variable) { return !variable("OTEL_RESOURCE_ATTRIBUTES_POD_NAME").empty(); }
bool Self::injected() { return injected(&environment); }

Self::Self(const Rules& rules, const std::string& pod_info) : Self(rules, pod_info, &environment) {}

Self::Self(const Rules& rules, const std::string& pod_info, Variable variable) {
  k8s::Object object;
  const auto take = [&](std::initializer_list<const char*> names) {
    return arena_.copy(first_of(variable, names));
  };
  facts_.name = take({"POD_NAME", "K8S_POD_NAME", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME"});
  facts_.uid = take({"POD_UID", "K8S_POD_UID", "OTEL_RESOURCE_ATTRIBUTES_POD_UID"});
  facts_.name_space = take({"POD_NAMESPACE", "K8S_POD_NAMESPACE", "K8S_NAMESPACE", "NAMESPACE"});
  facts_.ip = take({"POD_IP", "K8S_POD_IP", "MY_POD_IP"});
  facts_.node = take({"NODE_NAME", "K8S_NODE_NAME", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME"});
  if (rules.has(Meta::pod_hostname)) facts_.host_name = take({"HOSTNAME"});
  owner_by_name(facts_);

  const auto read = [&](const std::string& path) {
    auto text = read_small_file(path);
    return text ? arena_.copy(*text) : std::string_view();
  };
  if (!pod_info.empty()) {
    object.labels = read_pod_info(read(pod_info + "/labels"), arena_);
    object.annotations = read_pod_info(read(pod_info + "/annotations"), arena_);
  }
  rules.extract(Kind::pod, object.labels, object.annotations, arena_, facts_.attributes);
  if (rules.has(Meta::service_name)) {
    facts_.service_name = object.label("app.kubernetes.io/instance");
    if (facts_.service_name.empty()) facts_.service_name = object.label("app.kubernetes.io/name");
  }
  if (rules.has(Meta::service_version)) facts_.service_version = object.label("app.kubernetes.io/version");

  // What an operator wrote it knows better than a name tells. Variables in it are those of Kubernetes,
  // expanded.
  const std::string given = variable("OTEL_RESOURCE_ATTRIBUTES");
  std::string_view rest = given;
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = pair.substr(0, equals);
    const auto value = arena_.copy(pair.substr(equals + 1));
    if (key == name_of(Meta::namespace_name) && facts_.name_space.empty()) facts_.name_space = value;
    if (key == name_of(Meta::pod_name) && facts_.name.empty()) facts_.name = value;
    if (key == name_of(Meta::pod_uid) && facts_.uid.empty()) facts_.uid = value;
    if (key == name_of(Meta::node_name) && facts_.node.empty()) facts_.node = value;
    for (std::size_t i = 0; i < std::size(kMetadata); ++i)
      if (kMetadata[i] == key && key.starts_with("k8s.") && rules.has(static_cast<Meta>(i)) &&
          !facts_.attributes.find(key))
        facts_.attributes.set(arena_, kMetadata[i], pdata::Value::string(value));
  }
  if (facts_.name_space.empty()) facts_.name_space = read(std::string(k8s::kServiceAccount) + "/namespace");
  while (facts_.name_space.ends_with('\n')) facts_.name_space.remove_suffix(1);
}

bool Self::is_mine(const pdata::Map& resource) const {
  const auto differs = [&](Meta meta, std::string_view mine) {
    const pdata::Value* there = resource.find(name_of(meta));
    return there && there->is_string() && !mine.empty() && !there->text().empty() && there->text() != mine;
  };
  return !differs(Meta::pod_uid, facts_.uid) && !differs(Meta::pod_name, facts_.name) &&
         !differs(Meta::namespace_name, facts_.name_space) && !differs(Meta::pod_ip, facts_.ip);
}

}  // namespace gleaner::processors::k8sattributes
