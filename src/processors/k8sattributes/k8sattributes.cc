#include "pipeline/change_resources.h"
#include "processors/k8sattributes/label.h"
#include "processors/k8sattributes/self.h"
#include "processors/k8sattributes/watching.h"

namespace gleaner::processors::k8sattributes {
namespace {

constexpr Duration kLookAgain = std::chrono::seconds(5);  // at the labels of this pod

/// What is the same for every signal.
class Core {
 public:
  Core(const Config& config, const Context& context, Rules rules)
      : config_(config),
        context_(context),
        rules_(std::move(rules)),
        labels_(rules_, *config_.cache),
        missed_(context_.metrics.counter("otelsvc_k8s_ip_lookup_miss", {},
                                         "Number of times pod by IP lookup failed.")) {}

  Result<> find_self() {
    if (config_.passthrough || config_.self == "never") return {};
    if (config_.self != "always" && !Self::injected()) return {};
    read_self();
    for (std::size_t kind = 1; kind < std::size(kFrom); ++kind)
      if (rules_.wants_texts_of(static_cast<Kind>(kind)))
        context_.logger.warn("self: labels and annotations are known of this pod alone",
                             {{"from", kFrom[kind]}});
    if (self_->facts().name.empty() && self_->facts().uid.empty())
      return fail(
          Fault::config,
          "self: this pod is not told its name: set POD_NAME, POD_NAMESPACE, POD_UID, POD_IP and NODE_NAME "
          "by the Downward API (fieldRef metadata.name, metadata.namespace, metadata.uid, status.podIP, "
          "spec.nodeName)");
    return {};
  }

  Task<Result<>> start() {
    if (config_.passthrough) co_return Result<>();
    if (self_) {
      context_.logger.info("Data gets the attributes of this pod; the API server is not asked",
                           {{"pod", self_->facts().name}, {"namespace", self_->facts().name_space}});
      co_return Result<>();
    }
    if (!config_.cache->take_charge()) co_return Result<>();  // another pipeline or lane watches for all
    k8s::ClientOptions options;
    options.auth = *k8s::auth_type_named(config_.auth_type);
    options.context = config_.context;
    options.user_agent = "gleaner/" + context_.version;
    auto api = k8s::Client::api_server(context_.loop, std::move(options));
    if (!api) {
      config_.cache->leave_charge();
      co_return fail(std::move(api.error()));
    }
    watching_.emplace(config_, rules_, context_, std::move(*api));
    watching_->start();
    if (config_.wait_for_metadata) co_return co_await watching_->wait();
    co_return Result<>();
  }
  Task<Result<>> stop() {
    if (watching_) {
      co_await watching_->stop();
      watching_.reset();
      config_.cache->leave_charge();
    }
    co_return Result<>();
  }

  bool change(Arena& arena, pdata::Map& resource, const Client* client) {
    if (config_.passthrough)
      return set_if_absent(arena, resource, name_of(Meta::pod_ip),
                           wanted_pod(rules_, resource, client).address);
    if (self_ && context_.loop.now() >= look_again_) {
      // What was set is copied: nothing of the old one is in use.
      if (pod_info_state(config_.pod_info) != self_state_) read_self();
      look_again_ = context_.loop.now() + kLookAgain;
    }
    if (self_) return self_->is_mine(resource) && labels_.apply(arena, resource, self_->facts());
    std::uint64_t missed = 0;
    const bool changed = labels_.apply(arena, resource, client, missed);
    missed_.add(missed);
    return changed;
  }

 private:
  void read_self() {
    self_state_ = pod_info_state(config_.pod_info);
    self_.emplace(rules_, config_.pod_info);
  }

  const Config config_;
  const Context context_;
  const Rules rules_;
  const Labels labels_;
  metrics::Counter& missed_;
  std::optional<Self> self_;
  std::string self_state_;
  TimePoint look_again_{};
  std::optional<Watching> watching_;
};

template <class S>
class K8sAttributes final : public Processor<S> {
 public:
  K8sAttributes(std::unique_ptr<Core> core, Consumer<S>& next) : Processor<S>(next), core_(std::move(core)) {}
  bool mutates() const override { return true; }
  Task<Result<>> start() override { return core_->start(); }
  Task<Result<>> stop() override { return core_->stop(); }
  Task<Result<>> consume(Batch<S>& batch) override {
    const Client* client = batch.client.get();
    change_resources(batch.data, [&](Arena& arena, pdata::Map& attributes) {
      return core_->change(arena, attributes, client);
    });
    return this->next_.consume(batch);
  }

 private:
  const std::unique_ptr<Core> core_;
};

Result<std::unique_ptr<Core>> make_core(const Config& config, const Context& context) {
  auto rules = Rules::compile(config);
  if (!rules) return fail(std::move(rules.error()));
  auto core = std::make_unique<Core>(config, context, std::move(*rules));
  if (auto ok = core->find_self(); !ok) return fail(std::move(ok.error()));
  return core;
}

}  // namespace

template <class S>
Result<std::unique_ptr<Processor<S>>> Make::make(const Config& config, const Context& context,
                                                 Consumer<S>& next) {
  auto core = make_core(config, context);
  if (!core) return fail(std::move(core.error()));
  return std::make_unique<K8sAttributes<S>>(std::move(*core), next);
}
template Result<std::unique_ptr<Processor<Logs>>> Make::make(const Config&, const Context&, Consumer<Logs>&);
template Result<std::unique_ptr<Processor<Metrics>>> Make::make(const Config&, const Context&,
                                                                Consumer<Metrics>&);
template Result<std::unique_ptr<Processor<Traces>>> Make::make(const Config&, const Context&,
                                                               Consumer<Traces>&);

}  // namespace gleaner::processors::k8sattributes
