#include "k8s/node_proxy.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>

#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

constexpr Duration kAsk = std::chrono::seconds(10);
std::atomic<bool> asked = false;

bool in_cluster() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  return host && *host;
}

}  // namespace

Task<> check_node_proxy(Client& api, Loop& loop, log::Logger logger) {
  std::string verbs;
  for (const char* verb : {"get", "create"}) {
    auto answer = co_await api.post(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        fmt::format(R"({{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":)"
                    R"({{"resourceAttributes":{{"verb":"{}","resource":"nodes","subresource":"proxy"}}}}}})",
                    verb),
        loop.now() + kAsk);
    if (!answer || answer->status / 100 != 2) co_return;
    const auto allowed = read_allowed(answer->body.view());
    if (!allowed) co_return;
    if (*allowed) verbs += (verbs.empty() ? "" : ", ") + std::string(verb);
  }
  if (verbs.empty()) co_return;
  logger.warn(
      "this service account may use nodes/proxy: whoever has its token can run commands in every pod of "
      "every node",
      {{"verbs", verbs},
       {"instead",
        "kubelet_stats with source: proc (on Fargate) or metrics_api needs no right on nodes; gleaner relay "
        "asks kubelets for all pods; a kubelet asked directly needs nodes/stats and, for its pods, "
        "nodes/pods; "
        "k8s_pod_logs needs pods/log in its namespace"}});
}

Result<bool> read_allowed(std::string_view document) {
  Arena arena;
  JsonCursor json(document, arena);
  bool allowed = false, found = false;
  const bool ok = json.object([&](std::string_view part) {
    if (part != "status") return json.skip();
    return json.object([&](std::string_view key) {
      if (key != "allowed") return json.skip();
      found = true;
      return json.boolean(allowed);
    });
  });
  if (!ok || !json.finish()) return json.error();
  if (!found) return fail(Fault::permanent, "status.allowed is missing");
  return allowed;
}

Task<> warn_of_node_proxy(Client& api, Loop& loop, log::Logger logger) {
  if (!asked.exchange(true)) co_await check_node_proxy(api, loop, std::move(logger));
}

void AccountCheck::start(Loop& loop, log::Logger logger, std::string user_agent) {
  if (!in_cluster() || asked.exchange(true)) return;
  ClientOptions options;
  options.auth = AuthType::service_account;
  options.user_agent = std::move(user_agent);
  auto api = Client::api_server(loop, std::move(options));
  if (!api) return;
  api_ = std::move(*api);
  gate_.spawn(ask(api_, loop, std::move(logger)));
}

/// One question in the life of the process: its connection and its TLS are not kept for another.
Task<> AccountCheck::ask(std::shared_ptr<Client> api, Loop& loop, log::Logger logger) {
  co_await check_node_proxy(*api, loop, std::move(logger));
  co_await api->stop();
  api_ = nullptr;
}

Task<> AccountCheck::stop() {
  const auto asked_now = api_;
  if (asked_now) co_await asked_now->stop();
  co_await gate_.join();
}

}  // namespace gleaner::k8s
