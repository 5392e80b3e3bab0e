// What is asked of an API server, against one that answers over TLS.
#include "receivers/kubeletstats/cluster.h"

#include <gtest/gtest.h>

#include <map>

#include "k8s/testing.h"
#include "net/server.h"
#include "net/test_certs.h"

namespace gleaner::receivers::kubeletstats {
namespace {
using namespace std::chrono_literals;

class ApiServer final : public net::HttpHandler {
 public:
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    ++asked[request.path];
    net::HttpResponse response;
    const auto found = objects.find(request.path);
    response.status = found == objects.end() ? 404 : 200;
    if (found != objects.end()) response.body = Chain(Bytes::copy(found->second));
    co_return response;
  }
  std::map<std::string, std::string> objects;
  std::map<std::string, int> asked;
};

class Cluster : public testing::Test {
 protected:
  Cluster() {
    const auto id = net::test::make_identity("api", "IP:127.0.0.1", nullptr);
    net::TlsServerOptions tls;
    tls.cert_pem = id.pem(false);
    tls.key_pem = id.pem(true);
    net::HttpServerOptions options;
    options.listen.endpoint = "127.0.0.1:0";
    options.tls = *net::TlsServer::make(tls);
    server = std::move(*net::Server::http(loop, options, api));
    server->start();
    const auto address = server->address().text();
    ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", address.substr(address.rfind(':') + 1).c_str(), 1);
    folder.write("token", "t");
    folder.write("ca.crt", id.pem(false));
    k8s::ClientOptions to_api;
    to_api.auth = k8s::AuthType::service_account;
    to_api.service_account = folder.path();
    client = std::move(*k8s::Client::api_server(loop, to_api));
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }
  ~Cluster() override {
    loop.run_until_done(client->stop());
    loop.run_until_done(server->stop(loop.now() + 5s));
  }
  void refresh(Claims& claims) {
    auto summary = k8s::read_summary(
        R"({"pods":[{"podRef":{"uid":"u","namespace":"ns"},"volume":[{"name":"a"},{"name":"b"},{"name":"c"}]}]})",
        arena);
    auto list = k8s::read_pod_list(
        R"({"items":[{"metadata":{"uid":"u"},"spec":{"volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"ca"}},
            {"name":"b","persistentVolumeClaim":{"claimName":"cb"}},{"name":"c","emptyDir":{}}]}}]})",
        arena);
    pod = summary->pods[0];
    pods = *list;
    loop.run_until_done(claims.refresh(*summary, pods, loop.now() + 10s));
  }

  Loop loop;
  Arena arena;
  k8s::testing_support::Folder folder;
  ApiServer api;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<k8s::Client> client;
  k8s::PodStats pod;
  k8s::PodList pods;
};

TEST_F(Cluster, FollowsClaimsToVolumesOnce) {
  api.objects = {{"/api/v1/namespaces/ns/persistentvolumeclaims/ca", R"({"spec":{"volumeName":"pv"}})"},
                 {"/api/v1/namespaces/ns/persistentvolumeclaims/cb", R"({"spec":{}})"},
                 {"/api/v1/persistentvolumes/pv", R"({"spec":{"gcePersistentDisk":{"pdName":"disk"}}})"}};
  Claims claims(*client);
  refresh(claims);
  refresh(claims);
  const auto found = claims.find(pod, *pods.pods[0].volume("a"));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->pd_name, "disk");
  const auto unbound = claims.find(pod, *pods.pods[0].volume("b"));
  ASSERT_FALSE(unbound);
  EXPECT_NE(unbound.error().what.find("does not have a volume name"), std::string::npos);
  EXPECT_EQ(api.asked["/api/v1/persistentvolumes/pv"], 1) << "known from then on";
  EXPECT_EQ(api.asked["/api/v1/namespaces/ns/persistentvolumeclaims/cb"], 2) << "may be bound by now";
  loop.run_until_done(claims.refresh({}, {}, loop.now() + 1s));
  EXPECT_FALSE(claims.find(pod, *pods.pods[0].volume("a"))) << "forgotten with its pod";
}

TEST_F(Cluster, KnowsTheNodesCapacity) {
  Capacity capacity(*client, loop, "n1");
  EXPECT_FALSE(loop.run_until_done(capacity.refresh(loop.now() + 10s)));
  EXPECT_EQ(capacity.get(), nullptr);
  api.objects["/api/v1/nodes/n1"] = k8s::testing_support::recorded("node.json");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(loop.run_until_done(capacity.refresh(loop.now() + 10s)));
  ASSERT_TRUE(capacity.get());
  EXPECT_EQ(capacity.get()->cores, 2);
  EXPECT_EQ(capacity.get()->memory, std::int64_t{24684084} * 1024);
  EXPECT_EQ(api.asked["/api/v1/nodes/n1"], 2);
}

}  // namespace
}  // namespace gleaner::receivers::kubeletstats
