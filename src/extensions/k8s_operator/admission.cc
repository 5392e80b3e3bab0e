#include "extensions/k8s_operator/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/arena.h"
#include "config/yaml.h"
#include "deploy/choice.h"
#include "deploy/container.h"
#include "deploy/go_json.h"
#include "deploy/json_patch.h"
#include "deploy/plan.h"
#include "deploy/tree.h"
#include "k8s/json_cursor.h"
#include "k8s/object.h"
#include "net/grpc.h"

namespace gleaner::extensions::k8s_operator {
using deploy::at;
using deploy::text;
using deploy::text_at;

namespace {

/// Of a pod: each costs some 200 bytes while it is looked at, and real pods have hundreds.
constexpr std::ptrdiff_t kMostValues = 50'000;

const Node* controller_of(const Node& pod) {
  const Node* owners = at(pod, "metadata.ownerReferences");
  if (owners && owners->is_list())
    for (const Node& one : owners->items())
      if (deploy::truth_at(one, "controller")) return &one;
  return nullptr;
}

/// The pod as its workload's: names of owners become attributes. A ReplicaSet with the label that Deployments
/// give is one of a Deployment, whose name is the ReplicaSet's without it.
deploy::Workload workload_of(const Review& review) {
  deploy::Workload out{"Pod", review.name, review.name_space, "", "", &review.pod};
  if (out.name.empty()) out.name = text_at(review.pod, "metadata.generateName");
  const Node* owner = controller_of(review.pod);
  if (!owner) return out;
  const std::string kind = text_at(*owner, "kind");
  constexpr std::string_view kKnown[] = {"ReplicaSet", "StatefulSet", "DaemonSet", "Job"};
  if (std::find(std::begin(kKnown), std::end(kKnown), kind) == std::end(kKnown)) return out;
  out.name = text_at(*owner, "name");
  out.kind = kind;
  const Node* labels = at(review.pod, "metadata.labels");
  const Node* hash = labels ? labels->find("pod-template-hash") : nullptr;
  if (kind == "ReplicaSet" && hash && out.name.ends_with("-" + hash->text())) {
    out.kind = "Deployment";
    out.name.resize(out.name.size() - hash->text().size() - 1);
  }
  return out;
}

/// A collector under whatever name: two in one pod would fight for ports.
std::string collector_in(const Node& pod) {
  for (const std::string_view where : {"spec.containers", "spec.initContainers"}) {
    const Node* all = at(pod, where);
    if (!all || !all->is_list()) continue;
    for (const Node& one : all->items()) {
      const std::string name = text_at(one, "name"), image = text_at(one, "image");
      std::string_view program = k8s::read_image(image).repository;
      program.remove_prefix(program.rfind('/') + 1);  // npos + 1 is 0
      // gleaner-exec is installed by an init container of the same image, which ends.
      const bool installs = !deploy::is_empty(one.find("command")) && name == "gleaner-exec";
      const bool collects = program == "gleaner" || program.starts_with("opentelemetry-collector") ||
                            program.starts_with("otelcol");
      if (name == deploy::kContainer || (collects && !installs)) return name;
    }
  }
  return "";
}

Verdict missed(std::string why) {
  Verdict out;
  out.kind = Verdict::Kind::missed;
  out.warnings.push_back("no sidecar: " + why);
  out.why = std::move(why);
  return out;
}

/// A collector that cannot be used is a better answer than that there is none.
std::string with_broken(std::string why, const std::string& name_space, const Knowledge& knowledge) {
  const std::string said = why;
  const bool any = said.starts_with("namespace ");  // of this namespace; else one by name
  for (const auto& [key, trouble] : knowledge.broken)
    if (any ? key.starts_with(name_space + "/") : said.find(" " + key + " ") != std::string::npos)
      why += fmt::format("; {} cannot be used: {}", key, trouble);
  return why;
}

}  // namespace

Result<Review> read_review(std::string_view json) {
  Arena arena;
  k8s::JsonCursor cursor(json, arena);
  std::string_view version, kind, uid, name_space, name, object, group, resource_kind;
  Review out;
  bool asked = false;
  const auto read_kind = [&](std::string_view key) {
    if (key == "group") return cursor.text(group);
    if (key == "kind") return cursor.text(resource_kind);
    return cursor.skip();
  };
  const auto read_request = [&](std::string_view key) {
    if (key == "uid") return cursor.text(uid);
    if (key == "namespace") return cursor.text(name_space);
    if (key == "name") return cursor.text(name);
    if (key == "dryRun") return cursor.boolean(out.dry_run);
    if (key == "kind") return cursor.object(read_kind);
    if (key == "object") return cursor.raw(object);
    return cursor.skip();
  };
  const bool ok = cursor.object([&](std::string_view key) {
    if (key == "apiVersion") return cursor.text(version);
    if (key == "kind") return cursor.text(kind);
    if (key != "request") return cursor.skip();
    asked = !cursor.is_null();
    return cursor.object(read_request);
  });
  if (!ok || !cursor.finish()) return cursor.error();
  if (version != "admission.k8s.io/v1" || kind != "AdmissionReview")
    return fail(Fault::permanent,
                fmt::format("{} {} is no AdmissionReview of admission.k8s.io/v1", version, kind));
  if (!asked || uid.empty()) return fail(Fault::permanent, "the AdmissionReview has no request with a uid");
  out.uid = uid;
  out.name_space = name_space;
  out.name = name;
  if (!group.empty() || resource_kind != "Pod") return out;
  if (object.empty()) object = "null";
  if (std::count(object.begin(), object.end(), ',') > kMostValues) {
    out.trouble = fmt::format("the pod has more than {} values", kMostValues);
    return out;
  }
  auto pod = config::parse_yaml(object, "pod");  // JSON is YAML
  if (!pod)
    out.trouble = pod.error().what;
  else if (!pod->is_map())
    out.trouble = "the pod is no object";
  else
    out.pod = std::move(*pod);
  if (out.name.empty()) out.name = text_at(out.pod, "metadata.name");
  return out;
}

Verdict judge(const Review& review, const Knowledge& knowledge) {
  if (!review.trouble.empty()) return missed(review.trouble);
  if (!review.pod.is_map()) return {};
  const deploy::Workload workload = workload_of(review);
  const deploy::InjectOptions& options = *knowledge.options;
  using Kind = deploy::Choice::Kind;
  const auto choice = deploy::choose(
      workload, {knowledge.by_namespace, review.name_space, options.container, false}, knowledge.sidecars);
  const bool asks = choice.kind == Kind::missed || choice.kind == Kind::found;
  if (!asks) return {};
  if (const std::string other = collector_in(review.pod); !other.empty()) {
    Verdict out;
    if (other != deploy::kContainer)
      out.warnings.push_back(fmt::format("no sidecar: the container \"{}\" is a collector already", other));
    return out;
  }
  if (!choice.sidecar) return missed(with_broken(choice.why, review.name_space, knowledge));
  Verdict out;
  auto changes = deploy::plan(workload, *choice.sidecar, options, out.warnings);
  auto patch = changes ? deploy::json_patch(review.pod, *changes)
                       : Result<std::string>(fail(std::move(changes.error())));
  if (!patch) {
    std::string& what = patch.error().what;
    if (what.starts_with("pod:")) what.erase(0, what.find(": ") + 2);  // a place in the API server's bytes
    return missed(std::move(what));
  }
  out.kind = Verdict::Kind::injected;
  out.patch = std::move(*patch);
  return out;
}

Regarding regarding(const Review& review) {
  if (const Node* owner = controller_of(review.pod))
    return {text_at(*owner, "apiVersion"), text_at(*owner, "kind"), text_at(*owner, "name"),
            review.name_space, text_at(*owner, "uid")};
  std::string name = review.name;
  if (name.empty()) name = text_at(review.pod, "metadata.generateName");
  return {"v1", "Pod", name, review.name_space, text_at(review.pod, "metadata.uid")};
}

std::string answer(const std::string& uid, const Verdict& verdict) {
  Node out = deploy::doc("{apiVersion: admission.k8s.io/v1, kind: AdmissionReview}");
  Node& response = out["response"];
  response["uid"] = text(uid);
  response["allowed"] = deploy::doc("true");
  if (!verdict.patch.empty()) {
    response["patchType"] = text("JSONPatch");
    response["patch"] = text(net::base64_encode(verdict.patch));
  }
  if (!verdict.warnings.empty()) {
    Node all = deploy::list({});
    for (const auto& one : verdict.warnings) all.items().push_back(text("gleaner: " + one));
    response["warnings"] = std::move(all);
  }
  return deploy::go_json(out);
}

}  // namespace gleaner::extensions::k8s_operator
