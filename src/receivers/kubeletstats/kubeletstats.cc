#include "k8s/client.h"
#include "k8s/node_proxy.h"
#include "pipeline/scraping.h"
#include "receivers/kubeletstats/cluster.h"
#include "receivers/kubeletstats/config.h"
#include "receivers/kubeletstats/emit.h"
#include "receivers/kubeletstats/machine.h"

namespace gleaner::receivers::kubeletstats {
namespace {

constexpr Duration kStopPatience = std::chrono::seconds(1);  // for a scrape in progress at a stop
constexpr std::string_view kScraper = "kubelet_stats";

class Receiver final : public gleaner::Receiver, public Scraper {
 public:
  Receiver(const Config& config, const Context& context, Consumer<Metrics>& next,
           std::unique_ptr<k8s::Client> kubelet, std::unique_ptr<k8s::Client> api)
      : context_(context),
        plan_(config),
        wants_pods_(config.wants_pods()),
        checks_account_(kubelet && config.auth_type == "serviceAccount"),
        pod_(PodIdentity::from_environment()),
        kubelet_(std::move(kubelet)),
        api_(std::move(api)),
        scraping_(config.scraping, context, std::string(kScraper), *this, next) {
    if (config.source == "proc") machine_.emplace(pod_, "");
    if (!kubelet_) return;
    if (api_ && plan_.volume && plan_.volume_type) claims_.emplace(*api_);
    if (api_ && config.wants_capacity()) capacity_.emplace(*api_, context.loop, config.node);
  }

  Task<Result<>> start() override {
    scraping_.start();
    started_ = true;
    if (checks_account_) account_.start(context_.loop, context_.logger, "gleaner/" + context_.version);
    co_return Result<>();
  }
  Task<Result<>> stop() override {
    Timer patience(context_.loop);
    Gate cutting;
    patience.start(context_.loop.now() + kStopPatience, [&](bool due) {
      if (due) cutting.spawn(disconnect());
    });
    if (started_) co_await scraping_.stop();
    patience.cancel();
    co_await disconnect();
    co_await cutting.join();
    co_await account_.stop();
    co_return Result<>();
  }

  Task<Result<Scraped>> scrape(TimePoint deadline) override {
    Arena arena;
    Documents documents;
    documents.created = created_;
    if (!kubelet_) {
      auto summary = co_await look(arena, deadline);
      if (!summary) co_return fail(std::move(summary.error()));
      documents.summary = *summary;
      co_return emitted(documents, arena);
    }
    auto body = co_await kubelet_->get("/stats/summary", deadline);
    Result<k8s::Summary> summary = fail(Fault::retryable, "");
    if (body)
      summary = k8s::read_summary(body->view(), arena);
    else
      summary = fail(std::move(body.error()));
    if (!summary) co_return fail(std::move(summary.error()).in("call to /stats/summary endpoint failed"));
    documents.summary = *summary;
    body = Bytes();  // before the next one comes: both can be large

    Arena scratch;  // /pods is needed for this scrape only
    k8s::PodList pods;
    if (wants_pods_) {
      auto answer = co_await read_pods(scratch, deadline);
      if (!answer) co_return fail(std::move(answer.error()).in("call to /pods endpoint failed"));
      pods = *answer;
      documents.pods = &pods;
    }
    if (claims_ && documents.pods) {
      co_await claims_->refresh(documents.summary, pods, deadline);
      documents.claim = [this](const k8s::PodStats& pod, const k8s::Volume& volume) {
        return claims_->find(pod, volume);
      };
    }
    if (capacity_) {
      if (auto ok = co_await capacity_->refresh(deadline); !ok)
        context_.logger.warn("Asking for the node's capacity failed", {{"error", ok.error().what}});
      documents.capacity = capacity_->get();
    }
    co_return emitted(documents, arena);
  }

 private:
  Scraped emitted(const Documents& documents, Arena& arena) const {
    Recorder recorder(plan_.switches, arena, unix_nanos(), context_.version);
    emit(plan_, documents, recorder, context_.logger);
    return recorder.take();
  }
  /// Without a kubelet.
  Task<Result<k8s::Summary>> look(Arena& arena, TimePoint deadline) {
    if (machine_)
      co_return machine_->read(arena,
                               static_cast<std::uint64_t>(context_.loop.now().time_since_epoch().count()));
    auto body = co_await api_->get(
        "/apis/metrics.k8s.io/v1beta1/namespaces/" + pod_.name_space + "/pods/" + pod_.name, deadline);
    if (!body) co_return fail(std::move(body.error()).in("call to metrics.k8s.io failed"));
    auto pod = read_pod_metrics(body->view(), arena);
    if (!pod) co_return fail(std::move(pod.error()).in("call to metrics.k8s.io failed"));
    pod->uid = arena.copy(pod_.uid);
    k8s::Summary out;
    out.pods.push_back(arena, *pod);
    co_return out;
  }
  Task<Result<k8s::PodList>> read_pods(Arena& arena, TimePoint deadline) {
    auto body = co_await kubelet_->get("/pods", deadline);
    if (!body) co_return fail(std::move(body.error()));
    co_return k8s::read_pod_list(body->view(), arena);
  }
  Task<> disconnect() {
    if (kubelet_) co_await kubelet_->stop();
    if (api_) co_await api_->stop();
  }

  const Context context_;
  const Plan plan_;
  const bool wants_pods_, checks_account_;
  const std::uint64_t created_ = unix_nanos();
  const PodIdentity pod_;
  std::unique_ptr<k8s::Client> kubelet_, api_;
  std::optional<Machine> machine_;
  std::optional<Claims> claims_;
  std::optional<Capacity> capacity_;
  Scraping scraping_;
  k8s::AccountCheck account_;
  bool started_ = false;
};

Result<std::unique_ptr<k8s::Client>> api_client(const ApiConfig& config, const Context& context) {
  k8s::ClientOptions options;
  options.auth = *k8s::auth_type_named(config.auth_type);
  options.context = config.context;
  options.user_agent = "gleaner/" + context.version;
  auto made = k8s::Client::api_server(context.loop, std::move(options));
  if (!made) return fail(std::move(made.error()).in("failed to create K8s API client"));
  return made;
}

Result<std::unique_ptr<gleaner::Receiver>> make_without_kubelet(const Config& config, const Context& context,
                                                                const Consumers& next) {
  const auto pod = PodIdentity::from_environment();
  if (pod.name_space.empty() || pod.uid.empty())
    return fail(Fault::config,
                "source " + config.source +
                    ": this pod is not told who it is: set POD_NAME, POD_NAMESPACE, POD_UID and "
                    "NODE_NAME by the Downward API");
  std::unique_ptr<k8s::Client> api;
  if (config.source == "metrics_api") {
    auto made = api_client(config.k8s_api_config.value_or(ApiConfig{"serviceAccount", ""}), context);
    if (!made) return fail(std::move(made.error()));
    api = std::move(*made);
  }
  return std::make_unique<Receiver>(config, context, *next.metrics, nullptr, std::move(api));
}

}  // namespace

Result<std::unique_ptr<gleaner::Receiver>> make(const Config& config, const Context& context,
                                                const Consumers& next) {
  if (config.source != "kubelet") return make_without_kubelet(config, context, next);
  k8s::ClientOptions options;
  options.auth = *k8s::auth_type_named(config.auth_type);  // validate() looked
  options.context = config.context;
  options.endpoint = config.endpoint;
  options.user_agent = "gleaner/" + context.version;
  config.tls.apply(options.tls);
  if (config.auth_type != "tls") {
    const auto given = std::exchange(options.tls, {});
    options.tls.min_version = given.min_version;
    options.tls.max_version = given.max_version;
    options.tls.cipher_suites = given.cipher_suites;
    if (config.auth_type == "serviceAccount") {
      options.tls.ca_file = given.ca_file;
      options.tls.ca_pem = given.ca_pem;
    }
  }
  options.tls.insecure_skip_verify = config.insecure_skip_verify;
  std::string warning;
  auto kubelet = k8s::Client::kubelet(context.loop, std::move(options), warning);
  if (!kubelet) return fail(std::move(kubelet.error()));
  if (!warning.empty()) context.logger.warn(warning);

  std::unique_ptr<k8s::Client> api;
  if (config.k8s_api_config) {
    auto made = api_client(*config.k8s_api_config, context);
    if (!made) return fail(std::move(made.error()));
    api = std::move(*made);
  }
  return std::make_unique<Receiver>(config, context, *next.metrics, std::move(*kubelet), std::move(api));
}

}  // namespace gleaner::receivers::kubeletstats
