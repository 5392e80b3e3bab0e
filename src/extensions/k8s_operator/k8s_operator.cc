#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>

#include "config/yaml.h"
#include "deploy/tree.h"
#include "extensions/k8s_operator/config.h"
#include "extensions/k8s_operator/reconcile.h"
#include "extensions/k8s_operator/serving.h"
#include "k8s/token_file.h"
#include "net/server.h"

namespace gleaner::extensions::k8s_operator {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kLargestReview = 7u << 20;  // bytes: what controller-runtime takes
constexpr Duration kStopPatience = 2s;
constexpr std::string_view kMutate = "/mutate-v1-pod";

net::HttpResponse say(int status, std::string_view text, std::string_view type = "text/plain") {
  net::HttpResponse response;
  response.status = status;
  response.headers.add("content-type", type);
  response.body = Chain(Bytes::copy(text));
  return response;
}

std::string own_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "gleaner";
}
std::string own_namespace() {
  const std::string name = k8s::own_namespace();
  return name.empty() ? "default" : name;
}

class Operator final : public Extension, public net::HttpHandler {
 public:
  Operator(const Config& config, const Context& context, std::unique_ptr<k8s::Client> api)
      : config_(config),
        context_(context),
        api_(std::move(api)),
        name_space_(config.name_space.empty() ? own_namespace() : config.name_space),
        who_(own_name()),
        serving_(std::make_shared<Serving>(config_, context_, *api_, name_space_)),
        events_(context.loop, *api_, context.logger, who_),
        lease_(context.loop, *api_, context.logger, config.name, name_space_,
               fmt::format("{}_{:x}", who_, unix_nanos())),
        collectors_(options_.cluster, config.take_over, [this](const auto& key) { reconciler_.wake(key); }),
        owned_([this](const auto& key) { reconciler_.wake(key); }),
        reconciler_(context_, {*api_, options_.cluster, collectors_, owned_, events_, lease_,
                               [this] { return watches_[0].synced(); }}),
        timer_(context.loop),
        injected_(counter("injected")),
        untouched_(counter("untouched")),
        missed_(counter("missed")),
        refused_(counter("refused")) {
    deploy::Cluster& cluster = options_.cluster;
    cluster.image = config.image.empty() ? "gleaner:" + context.version : config.image;
    cluster.network_policy = config.network_policy;
    cluster.rbac = config.rbac;
    using Placement = deploy::InjectOptions::Placement;
    options_.placement = config.placement == "native"      ? Placement::native
                         : config.placement == "container" ? Placement::container
                                                           : Placement::by_version;
    watch(fmt::format("{}/opentelemetrycollectors", kCollectors), "", collectors_);
    watch("/api/v1/namespaces", "", namespaces_);
    for (const KindRow& row : kinds())
      if (!row.rights || config.rbac)
        watch(fmt::format("{}/{}", row.group, row.plural),
              fmt::format("labelSelector={}%3D{}", "gleaner%2Fmade-by", kMadeByValue), owned_.sink(row));
  }

  Task<Result<>> start() override {
    if (config_.tls)
      if (auto ok = serving_->use_files(); !ok) co_return fail(std::move(ok.error()));
    net::HttpServerOptions options;
    options.listen = {"tcp", config_.endpoint};
    options.read_header_timeout = 10s;
    options.read_timeout = 30s;
    options.idle_timeout = 3min;
    options.max_body = kLargestReview;
    options.budget = &context_.memory;
    options.tls = serving_;
    auto server = net::Server::http(context_.loop, std::move(options), *this);
    if (!server) co_return fail(std::move(server.error()));
    server_ = std::move(*server);
    server_->start();
    context_.logger.info(
        "Starting the operator",
        {{"endpoint", server_->address().text()}, {"namespace", name_space_}, {"webhook", config_.name}});
    for (auto& one : watches_) gate_.spawn(one.run());
    gate_.spawn(serving_->run());
    gate_.spawn(learn_version());
    gate_.spawn(reconciler_.run());
    leading_.spawn(lease_.run());
    co_return Result<>();
  }

  Task<Result<>> stop() override {
    stopping_ = true;
    const TimePoint until = context_.loop.now() + kStopPatience;
    if (server_) co_await server_->stop(until);
    reconciler_.cancel();
    serving_->cancel();
    for (auto& one : watches_) one.cancel();
    timer_.cancel();
    lease_.cancel();
    // The lease is given back, so that the next one need not wait; not at any price.
    Timer patience(context_.loop);
    Gate cutting;
    patience.start(until, [&](bool due) {
      if (due) cutting.spawn(api_->stop());
    });
    co_await leading_.join();
    patience.cancel();
    co_await cutting.join();
    co_await api_->stop();
    co_await gate_.join();
    co_await events_.join();
    co_return Result<>();
  }

  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    if (request.path == "/healthz") co_return say(200, "ok");
    if (request.path == "/readyz") {
      const std::string why = unready();
      co_return why.empty() ? say(200, "ok") : say(503, why + "\n");
    }
    if (request.path != kMutate) co_return turn_away(404, fmt::format("only {} is served", kMutate));
    if (request.method != "POST") co_return turn_away(405, "an AdmissionReview is posted");
    if (request.body_error)
      co_return turn_away(request.body_error->sys == EMSGSIZE ? 413 : 400, request.body_error->what);
    if (!request.headers.get("content-type").starts_with("application/json"))
      co_return turn_away(415, "an AdmissionReview is application/json");
    const Bytes body = request.body.flat();
    auto review = read_review(body.view());
    if (!review) co_return turn_away(400, review.error().what);
    co_return say(200, answer(review->uid, decide(*review)), "application/json");
  }

 private:
  void watch(std::string path, std::string query, k8s::WatchSink& sink) {
    watches_.emplace_back(*api_, context_.loop, context_.logger,
                          k8s::Watch::Source{std::move(path), std::move(query)}, sink);
  }
  metrics::Counter& counter(const char* outcome) const {
    return context_.metrics.counter("k8s_operator_admissions", {{"outcome", outcome}},
                                    "Pods that came by the webhook.");
  }
  net::HttpResponse turn_away(int status, std::string_view why) {
    refused_.add(1);
    return say(status, std::string(why) + "\n");
  }

  /// What is missing before a pod can be judged; "" when nothing is.
  std::string unready() const {
    for (std::size_t i = 0; i < 2; ++i)  // collectors and namespaces
      if (!watches_[i].synced())
        return fmt::format("{} is not read yet{}{}", watches_[i].path(),
                           watches_[i].trouble().empty() ? "" : ": ", watches_[i].trouble());
    return serving_->trouble();
  }

  Verdict decide(const Review& review) {
    Verdict verdict;
    Knowledge knowledge;
    collectors_.tell(knowledge);
    knowledge.by_namespace = namespaces_.asks(review.name_space);
    knowledge.options = &options_;
    verdict = judge(review, knowledge);
    using Kind = Verdict::Kind;
    if (verdict.kind == Kind::missed && !(watches_[0].synced() && watches_[1].synced())) {
      verdict.why = "the operator has just started: " + unready();
      verdict.warnings = {"no sidecar: " + verdict.why};
    }
    (verdict.kind == Kind::injected ? injected_ : verdict.kind == Kind::missed ? missed_ : untouched_).add(1);
    if (verdict.kind == Kind::missed && !review.dry_run)
      events_.tell(regarding(review), "NoSidecar", "no sidecar: " + verdict.why);
    return verdict;
  }

  /// Which version it is says where sidecars go.
  Task<> learn_version() {
    while (!stopping_) {
      auto said = co_await api_->ask_for("/version", context_.loop.now() + 10s);
      if (said && said->status == 200)
        if (const auto version = config::parse_yaml(said->body.view(), "version")) {
          const std::string minor = deploy::text_at(*version, "minor");  // "31", or "31+"
          std::from_chars(minor.data(), minor.data() + minor.size(), options_.cluster.minor);
          context_.logger.info("Kubernetes", {{"version", deploy::text_at(*version, "gitVersion")}});
          co_return;
        }
      if (!stopping_) (void)co_await timer_.sleep(5s);
    }
  }

  const Config config_;
  const Context context_;
  std::unique_ptr<k8s::Client> api_;
  const std::string name_space_, who_;
  deploy::InjectOptions options_;
  std::shared_ptr<Serving> serving_;
  Events events_;
  Lease lease_;
  Collectors collectors_;
  Namespaces namespaces_;
  Owned owned_;
  Reconciler reconciler_;
  std::deque<k8s::Watch> watches_;  ///< the first two: collectors and namespaces
  std::unique_ptr<net::Server> server_;
  Timer timer_;
  Gate gate_, leading_;
  bool stopping_ = false;
  metrics::Counter &injected_, &untouched_, &missed_, &refused_;
};

}  // namespace

void Config::validate(config::Check& check) const {
  if (auth_type != "serviceAccount" && auth_type != "kubeConfig")
    check.error("auth_type", "serviceAccount or kubeConfig");
  if (placement != "auto" && placement != "native" && placement != "container")
    check.error("placement", "auto, native or container");
  if (name.empty()) check.error("name", "must not be empty");
  // Renewal waits for the API server to know a new authority; the shortest are for tests.
  if (certificate_lifetime < 10s) check.error("certificate_lifetime", "must be 10s or more");
  if (certificate_lifetime > 24h * 365) check.error("certificate_lifetime", "must be a year or less");
}

Result<std::unique_ptr<Extension>> make(const Config& config, const Context& context) {
  k8s::ClientOptions options;
  options.auth = *k8s::auth_type_named(config.auth_type);  // validate() looked
  options.context = config.context;
  options.user_agent = "gleaner/" + context.version;
  auto api = k8s::Client::api_server(context.loop, std::move(options));
  if (!api) return fail(std::move(api.error()));
  return std::make_unique<Operator>(config, context, std::move(*api));
}

}  // namespace gleaner::extensions::k8s_operator
