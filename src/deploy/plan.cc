#include "deploy/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/write.h"
#include "deploy/container.h"
#include "deploy/go_json.h"
#include "deploy/naming.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {
using Kind = Change::Kind;

constexpr std::string_view kTools = "gleaner-tools", kLogs = "gleaner-logs";
/// Not /gleaner: the init container is the collector's image, which has its program there.
constexpr std::string_view kToolsFolder = "/gleaner-tools";
/// Linux's limit of one environment string; a larger one fails at exec.
constexpr std::size_t kMostEnvironment = 128 << 10;

/// Collects changes, keeps a tree up to date for the next one, and writes down how to undo each.
class Planner {
 public:
  explicit Planner(const Workload& workload) : tree_(*workload.object), workload_(workload) {}

  const Node* find(std::string_view at) const { return node_at(tree_, workload_.path(at)); }

  /// Sets a new key of the map at `at`, which is made if it is not there.
  void set(const std::string& at, const std::string& key, Node value) {
    const Node* map = find(at);
    if (map && map->is_map()) return change({Kind::add_entry, at, key, std::move(value)}, {"d", at, key});
    Node made = Node::map({});
    made[key] = std::move(value);
    make(at, std::move(made));
  }
  /// Appends to the list at `at`, which is made if it is not there.
  void add(const std::string& at, std::vector<Node> items) {
    const Node* there = find(at);
    if (!there || !there->is_list()) return make(at, list(std::move(items)));
    for (Node& item : items) {
      const std::string name = "=" + text_at(item, "name");
      change({Kind::add_item, at, "", std::move(item)}, {"i", at, name});
    }
  }
  void prepend(const std::string& at, Node items) {
    const std::string count = std::to_string(items.items().size());
    change({Kind::add_front, at, "", std::move(items)}, {"f", at, count});
  }

  /// The changes with the record among them.
  std::vector<Change> finish(const Collector& sidecar) {
    set("metadata/annotations", std::string(kRecord), text("-"));
    Node record = Node::map({});
    record["v"] = number(1);
    record["from"] = text(sidecar.name_space + "/" + sidecar.name);
    record["config"] = text(sidecar.hash.substr(0, 16));
    record["undo"] = list(undo_);
    fill_in(changes_.back().value, go_json(record));
    for (Change& change : changes_) change.path = Workload::join(workload_.place, change.path);
    return std::move(changes_);
  }

 private:
  static void fill_in(Node& value, const std::string& record) {
    if (value.is_scalar()) return value.set_text(record, false);
    for (auto& entry : value.entries()) fill_in(entry.value, record);
  }

  void make(const std::string& at, Node value) {
    if (const Node* null = find(at)) {
      // Written as "key:" or "key: ~": that comes back.
      const std::string was = null->is_scalar() ? null->text() : "";
      return change({Kind::fill, at, "", std::move(value)}, {"e", at, was});
    }
    const auto slash = at.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : at.substr(0, slash);
    set(parent, at.substr(slash + 1), std::move(value));  // npos + 1 is 0
  }
  /// @param undo  what, where, which; what a new map or list had in it follows: if the user puts something
  ///              of his own beside it, that stays
  void change(Change change, std::initializer_list<std::string_view> undo) {
    Node line = list({});
    for (const auto word : undo) line.items().push_back(text(word));
    if (change.kind == Kind::add_entry || change.kind == Kind::fill) {
      for (const auto& entry : change.value.entries()) line.items().push_back(text(entry.key));
      for (const auto& item : change.value.items()) line.items().push_back(text("=" + text_at(item, "name")));
    }
    undo_.push_back(std::move(line));
    change.path = workload_.path(change.path);
    apply(tree_, change);
    changes_.push_back(std::move(change));
  }

  Node tree_;
  const Workload& workload_;
  std::vector<Change> changes_;
  std::vector<Node> undo_;
};

Node field(std::string_view name, std::string_view path) {
  Node out = doc("{name: '', valueFrom: {fieldRef: {fieldPath: ''}}}");
  out["name"] = text(name);
  out["valueFrom"]["fieldRef"]["fieldPath"] = text(path);
  return out;
}
Node variable(std::string_view name, std::string_view value) {
  Node out = Node::map({});
  out["name"] = text(name);
  out["value"] = text(value);
  return out;
}
Node mount(std::string_view name, std::string_view path) {
  Node out = Node::map({});
  out["name"] = text(name);
  out["mountPath"] = text(path);
  return out;
}
Node empty_dir(std::string_view name) {
  Node out = doc("{name: '', emptyDir: {}}");
  out["name"] = text(name);
  return out;
}

/// What the pod is, for env detectors. Offline there are no UIDs of owners, but their names are known.
void add_identity(Node& env, const Workload& workload) {
  if (item_with(&env, "name", "OTEL_RESOURCE_ATTRIBUTES")) return;
  constexpr std::string_view kFront = "OTEL_RESOURCE_ATTRIBUTES_";
  const auto add = [&](std::string_view name, std::string_view path) {
    env.items().push_back(field(fmt::format("{}{}", kFront, name), path));
  };
  std::vector<std::string> attributes;
  add("POD_NAME", "metadata.name");
  add("POD_UID", "metadata.uid");
  add("NODE_NAME", "spec.nodeName");
  std::string kind = workload.kind;
  std::transform(kind.begin(), kind.end(), kind.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  if (workload.kind != "Pod" && workload.kind != "ReplicationController" && !workload.name.empty())
    attributes.push_back(fmt::format("k8s.{}.name={}", kind, workload.name));
  if (workload.name_space.empty()) add("NAMESPACE", "metadata.namespace");
  attributes.push_back("k8s.namespace.name=" + (workload.name_space.empty()
                                                    ? fmt::format("$({}NAMESPACE)", kFront)
                                                    : workload.name_space));
  for (const auto& [key, name] :
       {std::pair{"k8s.node.name", "NODE_NAME"}, {"k8s.pod.name", "POD_NAME"}, {"k8s.pod.uid", "POD_UID"}})
    attributes.push_back(fmt::format("{}=$({}{})", key, kFront, name));
  if (workload.kind == "Deployment") {
    add("TEMPLATE", "metadata.labels['pod-template-hash']");
    attributes.push_back(fmt::format("k8s.replicaset.name={}-$({}TEMPLATE)", workload.name, kFront));
  }
  std::sort(attributes.begin(), attributes.end());
  env.items().push_back(variable("OTEL_RESOURCE_ATTRIBUTES", fmt::format("{}", fmt::join(attributes, ","))));
}

/// An ordinary sidecar gets SIGTERM together with the application, which may have more to say: it stays open
/// while data comes, and is done before the pod's time is up. A native one ends after the application anyway.
/// Flags of the CR stay, and images of other collectors, which do not know these, get none.
void add_ending(Node& container, const Collector& sidecar, const Node* pod_spec) {
  constexpr std::int64_t kUsual = 30;    // Kubernetes' terminationGracePeriodSeconds, which gleaner knows
  constexpr std::int64_t kToDrain = 10;  // seconds of it that are kept for sending what lingering brought
  constexpr std::int64_t kToDie = 2;     // and for the kubelet to see the end
  if (sidecar.image.find("gleaner") == std::string::npos) return;
  const Node* given = pod_spec ? pod_spec->find("terminationGracePeriodSeconds") : nullptr;
  const std::int64_t grace = given ? given->integer().value_or(kUsual) : kUsual;
  const Node* own = sidecar.spec.find("args");
  const auto add = [&](std::string_view flag, std::int64_t seconds) {
    if (!own || !own->find(flag))
      container["args"].items().push_back(text(fmt::format("--{}={}s", flag, seconds)));
  };
  if (grace > kToDrain) add("linger", grace - kToDrain);
  if (grace > 0 && grace != kUsual) add("shutdown-timeout", std::max<std::int64_t>(grace - kToDie, 1));
}

/// The programs of the pod that can be wrapped run under gleaner-exec. @return their names
std::vector<std::string> wrap(Planner& planner, const InjectOptions& options,
                              std::vector<std::string>& notes) {
  std::vector<std::string> wrapped;
  const Node containers = *planner.find("spec/containers");
  for (const Node& container : containers.items()) {
    const std::string name = text_at(container, "name");
    const Node* command = container.find("command");
    if (is_empty(command) || !command->is_list()) {
      notes.push_back(
          fmt::format("container {}: not wrapped, it has no command (what its image starts is not known "
                      "here): write the command down",
                      name));
      continue;
    }
    for (const Node* words : {command, container.find("args")})
      if (words && words->is_list())
        for (const Node& word : words->items())
          if (word.text().find("| tee") != std::string::npos)
            notes.push_back(
                fmt::format("container {}: it still pipes into tee; its output is kept without", name));
    const std::string at = "spec/containers/=" + name;
    Node front = list({text(fmt::format("{}/gleaner-exec", kToolsFolder)), text("--dir"),
                       text(options.exec_folder + "/" + name), text("--")});
    planner.prepend(at + "/command", std::move(front));
    planner.add(at + "/volumeMounts", {mount(kLogs, options.exec_folder), mount(kTools, kToolsFolder)});
    wrapped.push_back(name);
  }
  return wrapped;
}

Result<Node> collector_container(const Collector& sidecar, const Workload& workload,
                                 const InjectOptions& options, bool native, bool reads_files) {
  Node container = sidecar_container(sidecar, options.container);
  Node env = *container.find("env");
  const auto need = [&](std::string_view name, std::string_view path) {
    if (!item_with(&env, "name", name)) env.items().push_back(field(name, path));
  };
  if (options.pod_logs) {
    need("POD_NAMESPACE", "metadata.namespace");
    need("POD_UID", "metadata.uid");
    if (!item_with(&env, "name", "GLEANER_CONTAINER"))
      env.items().push_back(variable("GLEANER_CONTAINER", options.container));
  }
  const std::string carried = kept_from_kubelet(config_text(sidecar));
  if (carried.size() >= kMostEnvironment)
    return fail(Fault::config,
                fmt::format("the configuration has {} bytes and a variable may have {}: mount it as a "
                            "ConfigMap",
                            carried.size(), kMostEnvironment - 1));
  env.items().push_back(variable("OTEL_CONFIG", carried));
  add_identity(env, workload);
  container["env"] = std::move(env);
  if (reads_files) {
    Node mounts = container.find("volumeMounts") ? *container.find("volumeMounts") : list({});
    mounts.items().push_back(mount(kLogs, options.exec_folder));
    container["volumeMounts"] = std::move(mounts);
  }
  if (native) {
    container["restartPolicy"] = text("Always");
    if (!container.find("startupProbe")) put(container, "startupProbe", container.find("readinessProbe"));
  } else {
    add_ending(container, sidecar, node_at(*workload.object, workload.path("spec")));
  }
  return container;
}

}  // namespace

Result<std::vector<Change>> plan(const Workload& workload, const Collector& sidecar,
                                 const InjectOptions& options, std::vector<std::string>& notes) {
  Planner planner(workload);
  const auto refuse = [&](std::string what) {
    return fail(Fault::config,
                fmt::format("{}: {}: {}", workload.object->mark().text(), workload.title(), what));
  };
  const Node* containers = planner.find("spec/containers");
  if (is_empty(containers) || !containers->is_list()) return refuse("has no containers");

  const bool native =
      options.placement == InjectOptions::Placement::native ||
      (options.placement == InjectOptions::Placement::by_version && options.cluster.minor >= 29);
  if (!native && (workload.kind == "Job" || workload.kind == "CronJob"))
    notes.push_back("an ordinary sidecar never ends, so the Job never completes: --placement native");

  const bool wrapped = options.exec && !wrap(planner, options, notes).empty();
  std::vector<Node> init;
  if (wrapped) {
    Node install = doc("{name: gleaner-exec, image: '', args: []}");
    install["image"] = text(sidecar.image);
    install.remove("args");
    install["command"] = list({text("/gleaner-exec"), text("--install"), text(kToolsFolder)});
    install["volumeMounts"] = list({mount(kTools, kToolsFolder)});
    init.push_back(std::move(install));
  }
  if (const Node* more = sidecar.spec.find("initContainers"); more && more->is_list())
    for (const Node& one : more->items()) init.push_back(one);
  auto container = collector_container(sidecar, workload, options, native, wrapped);
  if (!container) return refuse(container.error().what);

  // Volumes are found by name: what the pod has is used, what the CR brings is added, what is missing is
  // said.
  const Node* own = planner.find("spec/volumes");
  std::vector<Node> volumes;
  const Node extra = extra_volumes(sidecar);
  for (const Node& volume : extra.items())
    if (!item_with(own, "name", text_at(volume, "name"))) volumes.push_back(volume);
  if (wrapped)
    for (const auto name : {kTools, kLogs}) volumes.push_back(empty_dir(name));
  if (const Node* mounts = container->find("volumeMounts"))
    for (const Node& one : mounts->items()) {
      const std::string name = text_at(one, "name");
      const bool added = std::any_of(volumes.begin(), volumes.end(),
                                     [&](const Node& v) { return text_at(v, "name") == name; });
      if (!added && !item_with(own, "name", name))
        return refuse(
            fmt::format("the sidecar mounts the volume \"{}\", and neither the pod nor the CR has it", name));
    }
  for (const std::string_view where : {"spec/initContainers", "spec/containers"})
    for (const Node& one : init)
      if (item_with(planner.find(where), "name", text_at(one, "name")))
        return refuse(fmt::format("there is a container \"{}\" already", text_at(one, "name")));

  if (native) init.push_back(std::move(*container));
  if (!init.empty()) planner.add("spec/initContainers", std::move(init));
  if (!native) planner.add("spec/containers", {std::move(*container)});
  if (!volumes.empty()) planner.add("spec/volumes", std::move(volumes));
  if (const Node* labels = planner.find("metadata/labels"); !labels || !labels->find(kInjectedLabel))
    planner.set("metadata/labels", std::string(kInjectedLabel),
                text(joined({sidecar.name_space, ".", sidecar.name})));
  return planner.finish(sidecar);
}

std::string log_rights(const Workload& workload, const Node& pod_spec, const std::string& name_space,
                       bool closes_line) {
  std::string account = text_at(pod_spec, "serviceAccountName");
  if (account.empty()) account = "default";
  const std::string name = dns_name({workload.name, "-gleaner-logs"});
  std::string out;
  for (const std::string_view yaml :
       {"{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: ''}, rules: [{apiGroups: "
        "[''], "
        "resources: [pods/log], verbs: [get]}]}",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: ''}, roleRef: "
        "{apiGroup: "
        "rbac.authorization.k8s.io, kind: Role, name: ''}, subjects: [{kind: ServiceAccount}]}"}) {
    Node made = doc(yaml);
    Node& meta = made["metadata"];
    meta["name"] = text(name);
    put_text(meta, "namespace", workload.name_space);
    meta["annotations"][std::string(kRecord)] =
        text(std::exchange(closes_line, false) ? "rights, after a line" : "rights");
    if (Node* role = made.find("roleRef")) {
      (*role)["name"] = text(name);
      Node& subject = made["subjects"].items()[0];
      subject["name"] = text(account);
      subject["namespace"] = text(workload.name_space.empty() ? name_space : workload.name_space);
    }
    out += "---\n" + config::to_yaml(made, config::kManifestStyle);
  }
  return out;
}

}  // namespace gleaner::deploy
