#include "processors/k8sattributes/watching.h"

#include <fmt/format.h>

#include <cstdlib>

#include "k8s/node_proxy.h"
#include "net/url.h"
#include "processors/k8sattributes/facts.h"

namespace gleaner::processors::k8sattributes {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(10);  // while a start waits

/// "a=b,c!=d,e,!f", as the API server takes it.
std::string selector(const std::vector<SelectorConfig>& list) {
  std::string out;
  for (const auto& one : list) {
    if (!out.empty()) out += ',';
    if (one.op == "exists")
      out += one.key;
    else if (one.op == "does-not-exist")
      out += "!" + one.key;
    else
      out += one.key + (one.op == "not-equals" ? "!=" : "=") + one.value;
  }
  return out;
}
void add(std::string& query, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  if (!query.empty()) query += '&';
  query += fmt::format("{}={}", name, net::query_escape(value));
}
std::string by_name(const std::string& name) { return name.empty() ? "" : "metadata.name=" + name; }

}  // namespace

std::vector<std::pair<Kind, k8s::Watch::Source>> sources_for(const Rules& rules, const FilterConfig& filter,
                                                             const std::string& node) {
  std::vector<std::pair<Kind, k8s::Watch::Source>> out;
  const auto in_namespace = [&](std::string_view group, std::string_view plural) {
    if (filter.name_space.empty()) return fmt::format("/{}/{}", group, plural);
    return fmt::format("/{}/namespaces/{}/{}", group, net::query_escape(filter.name_space), plural);
  };
  const auto want = [&](Kind kind, std::string path, const std::string& fields = {},
                        const std::string& labels = {}) {
    std::string query;
    add(query, "fieldSelector", fields);
    add(query, "labelSelector", labels);
    out.push_back({kind, {std::move(path), std::move(query)}});
  };
  if (rules.wants(Kind::replica_set)) want(Kind::replica_set, in_namespace("apis/apps/v1", "replicasets"));
  if (rules.wants(Kind::deployment)) want(Kind::deployment, in_namespace("apis/apps/v1", "deployments"));
  if (rules.wants(Kind::stateful_set)) want(Kind::stateful_set, in_namespace("apis/apps/v1", "statefulsets"));
  if (rules.wants(Kind::daemon_set)) want(Kind::daemon_set, in_namespace("apis/apps/v1", "daemonsets"));
  if (rules.wants(Kind::job)) want(Kind::job, in_namespace("apis/batch/v1", "jobs"));
  if (rules.wants(Kind::name_space)) {
    want(Kind::name_space, "/api/v1/namespaces", by_name(filter.name_space));
  }
  // The cluster is called by the uid of this namespace.
  if (rules.has(Meta::cluster_uid) && (!rules.wants(Kind::name_space) || !filter.name_space.empty()))
    want(Kind::name_space, "/api/v1/namespaces", by_name("kube-system"));
  if (rules.wants(Kind::node)) want(Kind::node, "/api/v1/nodes", by_name(node));
  std::string fields = node.empty() ? "" : "spec.nodeName=" + node;
  if (const auto more = selector(filter.fields_); !more.empty()) fields += (fields.empty() ? "" : ",") + more;
  want(Kind::pod, in_namespace("api/v1", "pods"), fields, selector(filter.labels));
  return out;
}

/// One kind on its way into the cache.
class Watching::Feed final : public k8s::WatchSink {
 public:
  Feed(Watching& all, Kind kind, k8s::Watch::Source source)
      : watch(*all.api_, all.context_.loop, all.context_.logger, std::move(source), *this),
        all_(all),
        kind_(kind) {}

  // Two sources of one kind would end each other's lists.
  bool alone = true;
  k8s::Watch watch;

  void listing() override {
    if (alone) all_.cache_.begin_list(kind_);
  }
  void listed() override {
    if (alone) all_.cache_.end_list(kind_, until());
    if (kind_ == Kind::pod) all_.sweep();
  }
  void there(const k8s::Object& object) override {
    Arena arena;
    const Facts facts = gather(all_.rules_, kind_, object, arena);
    const bool known = all_.cache_.find(kind_, key(object)) != nullptr;
    if (!all_.cache_.put(kind_, key(object), pack(facts), facts.started)) {
      all_.context_.logger.warn("an object is left out: there are too many", {{"limit", Cache::kMost}});
      return;
    }
    if (kind_ == Kind::pod) (known ? all_.updated_ : all_.added_).add();
  }
  void gone(const k8s::Object& object) override {
    all_.cache_.remove(kind_, key(object), until());
    if (kind_ != Kind::pod) return;
    all_.deleted_.add();
    all_.sweep();
  }

 private:
  std::string_view key(const k8s::Object& object) const {
    return kind_ == Kind::name_space || kind_ == Kind::node ? object.name : object.uid;
  }
  TimePoint until() const { return all_.context_.loop.now() + all_.config_.pod_delete_grace_period; }

  Watching& all_;
  const Kind kind_;
};

Watching::Watching(const Config& config, const Rules& rules, const Context& context,
                   std::unique_ptr<k8s::Client> api)
    : config_(config),
      rules_(rules),
      context_(context),
      cache_(*config.cache),
      api_(std::move(api)),
      sweeper_(context.loop),
      added_(context.metrics.counter("otelsvc_k8s_pod_added", {}, "Number of pod add events received")),
      updated_(
          context.metrics.counter("otelsvc_k8s_pod_updated", {}, "Number of pod update events received")),
      deleted_(
          context.metrics.counter("otelsvc_k8s_pod_deleted", {}, "Number of pod delete events received")) {
  const char* variable = config.filter.node_from_env_var.empty()
                             ? nullptr
                             : std::getenv(config.filter.node_from_env_var.c_str());
  const std::string node = config.filter.node_from_env_var.empty() ? config.filter.node
                           : variable                              ? variable
                                                                   : "";
  for (auto& [kind, source] : sources_for(rules, config.filter, node)) {
    bool alone = true;
    for (auto& other : feeds_) alone = alone && other.watch.path() != source.path;
    feeds_.emplace_back(*this, kind, std::move(source)).alone = alone;
  }
  table_size_ = context.metrics.gauge("otelsvc_k8s_pod_table_size", {{"processor", context.id}},
                                      "Size of table containing pod info",
                                      [this] { return static_cast<double>(cache_.size(Kind::pod)); });
}

Watching::~Watching() { context_.metrics.remove(table_size_); }

void Watching::start() {
  for (auto& feed : feeds_) gate_.spawn(feed.watch.run());
  if (config_.auth_type == "serviceAccount")
    gate_.spawn(k8s::warn_of_node_proxy(*api_, context_.loop, context_.logger));
}

Task<Result<>> Watching::wait() {
  const TimePoint end = context_.loop.now() + config_.wait_for_metadata_timeout;
  Timer timer(context_.loop);
  for (;;) {
    const k8s::Watch* missing = nullptr;
    for (const auto& feed : feeds_)
      if (!feed.watch.synced()) missing = &feed.watch;
    if (!missing) co_return Result<>();
    if (context_.loop.now() >= end)
      co_return fail(
          Fault::retryable,
          fmt::format("wait_for_metadata: failed to wait for caches to sync: {}{}{}", missing->path(),
                      missing->trouble().empty() ? "" : ": ", missing->trouble()));
    (void)co_await timer.sleep(kLook);
  }
}

Task<> Watching::stop() {
  sweeper_.cancel();
  for (auto& feed : feeds_) feed.watch.cancel();
  co_await api_->stop();  // cuts what is being asked
  co_await gate_.join();
  co_await api_->stop();
}

void Watching::sweep() {
  if (const auto next = cache_.sweep(context_.loop.now())) sweep_at(*next);
}
void Watching::sweep_at(TimePoint when) {
  if (sweeper_.running()) return;  // comes earlier
  sweeper_.start(when, [this](bool due) {
    if (due) sweep();
  });
}

}  // namespace gleaner::processors::k8sattributes
