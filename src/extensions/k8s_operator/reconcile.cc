#include "extensions/k8s_operator/reconcile.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/same.h"
#include "config/yaml.h"
#include "deploy/go_json.h"
#include "deploy/render.h"
#include "deploy/rights.h"
#include "deploy/tree.h"

namespace gleaner::extensions::k8s_operator {
namespace {
using namespace std::chrono_literals;
using deploy::at;
using deploy::text;
using deploy::text_at;

constexpr Duration kPatience = 30s;
constexpr Duration kGather = 100ms;  // changes come in swarms
constexpr Duration kIdle = 1s;       // until the lease is looked at again
constexpr Duration kFirstRetry = 2s, kLastRetry = 5min;
constexpr std::size_t kVersions = 3;  // ConfigMaps that are kept: spec.configVersions

/// What the API server says when it refuses, for people.
std::string words(const k8s::Client::Answer& answer) {
  const auto said = k8s::read_status(answer.body.view()).message;
  return said.empty() ? fmt::format("{} {}", answer.status, answer.body.view().substr(0, 512)) : said;
}

/// "field is immutable", and of StatefulSets "updates to statefulset spec for fields other than ... are
/// forbidden".
bool is_immutable(const std::string& said) {
  return said.find("immutable") != std::string::npos || said.find("are forbidden") != std::string::npos;
}

std::int64_t number_at(const Node& node, std::string_view path) {
  const Node* found = at(node, path);
  return found ? found->integer().value_or(0) : 0;
}

}  // namespace

Node as_owned(Node object, const KindRow& row, const deploy::Collector& collector, const std::string& uid) {
  Node& metadata = object["metadata"];
  metadata["labels"][std::string(kMadeBy)] = text(kMadeByValue);
  if (row.cluster_wide) {
    metadata["annotations"][std::string(kMadeFor)] = text(key_of(collector.name_space, collector.name));
  } else {
    Node owner = deploy::doc(
        "{apiVersion: opentelemetry.io/v1beta1, kind: OpenTelemetryCollector, controller: true, "
        "blockOwnerDeletion: true}");
    owner["name"] = text(collector.name);
    owner["uid"] = text(uid);
    metadata["ownerReferences"] = deploy::list({std::move(owner)});
  }
  if (row.workload && !deploy::is_empty(collector.spec.find("autoscaler"))) object["spec"].remove("replicas");
  return object;
}

Node status_of(const deploy::Collector& collector, const Node& workload) {
  Node status = Node::map({});
  status["image"] = text(collector.image);
  Node& scale = status["scale"];
  scale = Node::map({});
  const bool daemons = collector.mode == "daemonset";
  const std::int64_t all = number_at(workload, daemons ? "status.desiredNumberScheduled" : "status.replicas");
  const std::int64_t ready = number_at(workload, daemons ? "status.numberReady" : "status.readyReplicas");
  std::string selector;
  if (const Node* labels = at(workload, "spec.selector.matchLabels")) {
    const Node in_order = deploy::sorted(*labels);
    for (const auto& label : in_order.entries())
      selector += fmt::format("{}{}={}", selector.empty() ? "" : ",", label.key, label.value.text());
  }
  scale["replicas"] = deploy::number(all);
  scale["selector"] = text(selector);
  scale["statusReplicas"] = text(fmt::format("{}/{}", ready, all));
  return status;
}

Reconciler::Reconciler(const Context& context, Parts parts)
    : context_(context),
      parts_(std::move(parts)),
      timer_(context.loop),
      done_(context.metrics.counter("k8s_operator_reconciles", {{"outcome", "done"}},
                                    "Collectors made into objects.")),
      failed_(context.metrics.counter("k8s_operator_reconciles", {{"outcome", "failed"}},
                                      "Collectors made into objects.")) {}

void Reconciler::wake(const std::string& key) {
  dirty_.insert(key);
  if (idle_) timer_.cancel();
}

void Reconciler::cancel() {
  stopping_ = true;
  timer_.cancel();
}

Task<> Reconciler::run() {
  while (!stopping_) {
    const TimePoint now = context_.loop.now();
    TimePoint next = now + kIdle;
    for (auto one = later_.begin(); one != later_.end();) {
      if (one->second > now) {
        next = std::min(next, one->second);
        ++one;
        continue;
      }
      dirty_.insert(one->first);
      one = later_.erase(one);
    }
    if (dirty_.empty() || !parts_.lease.held() || !parts_.ready()) {
      idle_ = dirty_.empty();
      (void)co_await timer_.sleep_until(next);
      idle_ = false;
      if (!stopping_) (void)co_await timer_.sleep(kGather);  // and out of whoever woke us
      continue;
    }
    const std::string key = *dirty_.begin();
    dirty_.erase(dirty_.begin());
    co_await reconcile(key);
  }
}

void Reconciler::again(const std::string& key) {
  const int times = std::min(failures_[key]++, 10);
  later_[key] = context_.loop.now() + std::min<Duration>(kFirstRetry * (1 << times), kLastRetry);
}

Task<> Reconciler::reconcile(std::string key) {
  const Collectors::Entry* const entry = parts_.collectors.find(key);
  if (!entry) {  // its namespaced objects go by their owner reference; the others, and all of them here
    auto gone = co_await prune(key, {}, 0);
    if (!gone) again(key);
    co_return;
  }
  const Regarding about = Collectors::regarding(key, *entry);
  if (entry->unmanaged) co_return;
  if (entry->foreign) {
    parts_.events.tell(about, "OtherOperator",
                       "left alone: another operator works on it (its finalizer or status.version is set); "
                       "remove that operator and set take_over");
    co_return;
  }
  if (!entry->collector) {
    failed_.add(1);
    parts_.events.tell(about, "InvalidCollector", entry->trouble);
    co_return;
  }
  // Copies: the entry may be another one after the first wait.
  const deploy::Collector collector = *entry->collector;
  const std::string uid = entry->uid;
  for (const auto& warning : collector.warnings) parts_.events.tell(about, "NotActedOn", warning);
  if (!parts_.cluster.rbac && !collector.is_sidecar() && !deploy::rules_of(collector).items().empty())
    parts_.events.tell(about, "RightsNeeded",
                       "the configuration needs rights that this operator does not grant (rbac: false); "
                       "gleaner render writes them down",
                       true);
  std::set<std::string> kept;
  Node workload;
  auto ok = co_await make(key, collector, uid, kept, workload);
  if (ok) {
    const Node* versions = collector.spec.find("configVersions");
    const std::int64_t count = versions ? versions->integer().value_or(kVersions) : kVersions;
    ok = co_await prune(key, kept, static_cast<std::size_t>(std::max<std::int64_t>(count, 1)));
  }
  if (ok) ok = co_await write_status(key, status_of(collector, workload));
  if (!ok) {
    failed_.add(1);
    // Down or away: that is told by the watches, and passes.
    if (ok.error().fault == Fault::permanent) parts_.events.tell(about, "ReconcileFailed", ok.error().what);
    again(key);
    co_return;
  }
  done_.add(1);
  failures_.erase(key);
}

Task<Result<>> Reconciler::make(const std::string& key, const deploy::Collector& collector,
                                const std::string& uid, std::set<std::string>& kept, Node& workload) {
  // Of a sidecar nothing is made: its configuration travels in the pods.
  std::vector<Node> objects;
  if (!collector.is_sidecar()) objects = deploy::render(collector, parts_.cluster);
  for (Node& object : objects) {
    if (!parts_.lease.held()) co_return fail(Fault::retryable, "another replica works now");
    const std::string kind = text_at(object, "kind"), name = text_at(object, "metadata.name");
    const KindRow* const row = kind_named(kind);
    if (!row) co_return fail(Fault::permanent, "no way to make a " + kind);
    const std::string path = path_of(*row, collector.name_space, name);
    object = as_owned(std::move(object), *row, collector, uid);
    auto made = co_await apply(path, *row, object);
    if (!made) co_return fail(std::move(made.error()).in(fmt::format("{} {}", kind, name)));
    parts_.owned.applied(
        path, {row, key, text_at(*made, "metadata.uid"), text_at(*made, "metadata.resourceVersion"),
               text_at(*made, "metadata.creationTimestamp"), true});
    kept.insert(path);
    if (row->workload) workload = std::move(*made);
  }
  co_return Result<>();
}

/// Server-side apply. A workload whose fields cannot be changed is deleted and made anew.
Task<Result<Node>> Reconciler::apply(std::string path, const KindRow& row, const Node& object) {
  const std::string where = path + "?fieldManager=gleaner-operator&force=true";
  auto answer = co_await send("PATCH", where, "application/apply-patch+yaml", object);
  if (answer && answer->status == 422 && row.workload) {
    auto live = co_await parts_.api.ask_for(path, context_.loop.now() + kPatience);
    const auto old = live && live->status == 200 ? config::parse_yaml(live->body.view(), path)
                                                 : Result<Node>(fail(Fault::permanent, ""));
    if (old && is_immutable(words(*answer))) {
      context_.logger.info("A workload is made anew", {{"path", path}, {"because", words(*answer)}});
      auto gone = co_await remove(path, text_at(*old, "metadata.uid"));
      if (!gone) co_return fail(std::move(gone.error()));
      answer = co_await send("PATCH", where, "application/apply-patch+yaml", object);
    }
  }
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->status != 200 && answer->status != 201)
    co_return fail(answer->status == 429 || answer->status >= 500 ? Fault::retryable : Fault::permanent,
                   words(*answer));
  auto made = config::parse_yaml(answer->body.view(), path);
  if (!made) co_return fail(Fault::permanent, std::move(made.error().what));
  co_return std::move(*made);
}

/// @param versions  ConfigMaps that stay besides what is kept, the newest
Task<Result<>> Reconciler::prune(const std::string& key, const std::set<std::string>& kept,
                                 std::size_t versions) {
  auto all = parts_.owned.of(key);
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.second.created > b.second.created; });
  std::size_t configurations = 1;
  for (const auto& [path, object] : all) {
    if (kept.count(path)) continue;
    if (object.row->kind == "ConfigMap" && configurations++ < versions) continue;
    auto gone = co_await remove(path, object.uid);
    if (!gone) co_return fail(std::move(gone.error()).in("removing " + path));
    parts_.owned.forget(path);
  }
  co_return Result<>();
}

Task<Result<>> Reconciler::remove(std::string path, const std::string& uid) {
  Node body = deploy::doc("{apiVersion: v1, kind: DeleteOptions, propagationPolicy: Background}");
  body["preconditions"]["uid"] = text(uid);
  auto answer = co_await send("DELETE", std::move(path), "application/json", body);
  if (!answer) co_return fail(std::move(answer.error()));
  // 404: gone already; 409: that is another one by now.
  if (answer->status < 300 || answer->status == 404 || answer->status == 409) co_return Result<>();
  co_return fail(answer->status >= 500 ? Fault::retryable : Fault::permanent, words(*answer));
}

Task<Result<>> Reconciler::write_status(const std::string& key, Node status) {
  const Collectors::Entry* const entry = parts_.collectors.find(key);
  if (!entry) co_return Result<>();
  Node same = entry->status;
  for (const auto& one : status.entries()) same[one.key] = one.value;
  if (config::same(same, entry->status)) co_return Result<>();
  const auto slash = key.find('/');
  std::string path = fmt::format("{}/namespaces/{}/opentelemetrycollectors/{}/status", kCollectors,
                                 key.substr(0, slash), key.substr(slash + 1));
  Node body = Node::map({});
  body["status"] = std::move(status);
  auto answer = co_await send("PATCH", std::move(path), "application/merge-patch+json", body);
  if (!answer) co_return fail(std::move(answer.error()));
  // 404: the collector is gone, or its definition has no status.
  if (answer->status < 300 || answer->status == 404 || answer->status == 409) co_return Result<>();
  co_return fail(answer->status >= 500 ? Fault::retryable : Fault::permanent, "status: " + words(*answer));
}

Task<Result<k8s::Client::Answer>> Reconciler::send(const char* method, std::string path,
                                                   std::string_view kind, const Node& body) {
  return parts_.api.send(method, std::move(path), kind, deploy::go_json(body),
                         context_.loop.now() + kPatience);
}

}  // namespace gleaner::extensions::k8s_operator
