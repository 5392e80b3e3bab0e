#include "k8s/client.h"

#include <gtest/gtest.h>

#include <thread>

#include <deque>

#include "k8s/testing.h"
#include "net/compress.h"
#include "net/server.h"
#include "net/test_certs.h"

namespace gleaner::k8s {
namespace {
using namespace std::chrono_literals;

TEST(Endpoints, BecomeBaseUrls) {
  struct Case {
    AuthType auth;
    std::string_view endpoint, want;
  };
  const Case cases[] = {{AuthType::tls, "", "https://host:10250"},
                        {AuthType::service_account, "", "https://host:10250"},
                        {AuthType::none, "", "http://host:10255"},
                        {AuthType::tls, "10.0.0.5:10250", "https://10.0.0.5:10250"},
                        {AuthType::none, "10.0.0.5:10255", "http://10.0.0.5:10255"},
                        {AuthType::tls, "http://a/b", "http://a/b"},
                        {AuthType::none, "https://a/b", "https://a/b"}};
  for (const auto& [auth, endpoint, want] : cases) EXPECT_EQ(base_url(auth, endpoint, "host"), want);
}

TEST(Endpoints, AreJoinedWithPaths) {
  struct Case {
    std::string_view base, path, want;
  };
  const Case cases[] = {
      {"https://k:443/api/v1/nodes/n/proxy", "/stats/summary",
       "https://k:443/api/v1/nodes/n/proxy/stats/summary"},
      {"https://k:443/api/v1/nodes/n/proxy/", "/pods", "https://k:443/api/v1/nodes/n/proxy/pods"},
      {"https://k", "/pods", "https://k/pods"},
      {"https://k//a/../b/./", "/pods", "https://k/b/pods"},
      {"https://k/a?x=1", "/pods", "https://k/a/pods?x=1"},
      {"https://k?x=1", "/pods?y=2", "https://k/pods?x=1&y=2"}};
  for (const auto& [base, path, want] : cases) EXPECT_EQ(join_url(base, path), want);
}

TEST(AuthTypes, AreCaseSensitive) {
  EXPECT_EQ(auth_type_named("serviceAccount"), AuthType::service_account);
  EXPECT_FALSE(auth_type_named("serviceaccount"));
}

/// Answers by a script and remembers what it was asked.
class Kubelet final : public net::HttpHandler {
 public:
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    seen.push_back(request.path + " " + std::string(request.headers.get("authorization")));
    net::HttpResponse response;
    if (!wanted.empty() && request.headers.get("authorization") != wanted) {
      response.status = 401;
      response.body = Chain(Bytes::copy("who \"are\" you"));
      co_return response;
    }
    response.status = status;
    if (gzip) {
      response.headers.add("content-encoding", "gzip");
      response.body = net::compress(net::Encoding::gzip, net::kDefaultLevel, Chain(Bytes::copy(body)));
    } else {
      response.body = Chain(Bytes::copy(body));
    }
    co_return response;
  }
  std::vector<std::string> seen;
  std::string wanted, body = "{}";
  int status = 200;
  bool gzip = false;
};

class ClientTest : public testing::Test {
 protected:
  void serve(bool tls) {
    net::HttpServerOptions server_options;
    server_options.listen.endpoint = "127.0.0.1:0";
    if (tls) {
      net::TlsServerOptions so;
      so.cert_pem = id.pem(false);
      so.key_pem = id.pem(true);
      server_options.tls = *net::TlsServer::make(so);
    }
    server = std::move(*net::Server::http(loop, server_options, kubelet));
    server->start();
    options.endpoint = server->address().text();
  }
  Result<> connect() {
    std::string warning;
    auto made = Client::kubelet(loop, options, warning);
    if (!made) return fail(std::move(made.error()));
    client = std::move(*made);
    return {};
  }
  Result<Bytes> get(std::string_view path) {
    return loop.run_until_done(client->get(path, loop.now() + 20s));
  }
  void service_account() {
    folder.write("ca.crt", ca.pem(false));
    folder.write("token", "t1");
    options.auth = AuthType::service_account;
    options.service_account = folder.path();
  }
  void TearDown() override {
    if (client) loop.run_until_done(client->stop());
    if (server) loop.run_until_done(server->stop(loop.now() + 5s));
  }

  Loop loop;
  testing_support::Folder folder;
  net::test::Identity ca = net::test::make_identity("ca", "", nullptr);
  net::test::Identity id = net::test::make_identity("kubelet", "IP:127.0.0.1", &ca);
  Kubelet kubelet;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<Client> client;
  ClientOptions options;
};

TEST_F(ClientTest, ReadsPlainAndGzippedBodiesOverOneConnection) {
  options.auth = AuthType::none;
  serve(false);
  ASSERT_TRUE(connect());
  kubelet.body = std::string(100'000, 'x');
  for (const bool gzip : {false, true, true}) {
    kubelet.gzip = gzip;
    const auto got = get("/stats/summary");
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(got->view(), kubelet.body);
  }
  EXPECT_EQ(server->stats().accepted, 1u);
  EXPECT_EQ(kubelet.seen[0], "/stats/summary ");
}

TEST_F(ClientTest, FollowsARotatingToken) {
  serve(true);
  service_account();
  ASSERT_TRUE(connect());
  kubelet.wanted = "Bearer t1";
  ASSERT_TRUE(get("/pods"));
  folder.write("token", "t2\n");  // the old one ends at once
  kubelet.wanted = "Bearer t2";
  const auto got = get("/pods");
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(kubelet.seen, (std::vector<std::string>{"/pods Bearer t1", "/pods Bearer t2"}));
}

TEST_F(ClientTest, WordsRefusalsAsTheReference) {
  serve(true);
  service_account();
  ASSERT_TRUE(connect());
  kubelet.wanted = "Bearer other";
  auto got = get("/stats/summary");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what,
            "kubelet request GET https://" + options.endpoint +
                "/stats/summary failed - \"401 Unauthorized\", response: \"who \\\"are\\\" you\"");
  EXPECT_EQ(kubelet.seen.size(), 2u) << "one more try, not a loop";
  kubelet.wanted.clear();
  kubelet.status = 403;
  got = get("/pods");
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().what.find("\"403 Forbidden\""), std::string::npos);
}

TEST_F(ClientTest, BoundsBodies) {
  options.auth = AuthType::none;
  options.max_response = 1000;
  serve(false);
  ASSERT_TRUE(connect());
  kubelet.body = std::string(1001, 'x');
  EXPECT_FALSE(get("/pods"));
  kubelet.body = std::string(1 << 20, 'x');
  kubelet.gzip = true;  // small on the wire, large unpacked
  const auto got = get("/pods");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().sys, EMSGSIZE) << got.error().what;
  kubelet.body = std::string(1000, 'x');
  EXPECT_TRUE(get("/pods"));
}

TEST_F(ClientTest, TrustsTheSystemsAuthoritiesToo) {
  const auto other = net::test::make_identity("other", "", nullptr);
  serve(true);
  service_account();
  folder.write("ca.crt", other.pem(false));
  ASSERT_TRUE(connect());
  const auto refused = get("/pods");
  ASSERT_FALSE(refused) << "signed by nobody known";
  EXPECT_NE(refused.error().what.find("certificate signed by unknown authority"), std::string::npos);
  loop.run_until_done(client->stop());

  const auto bundle = folder.write("system.pem", ca.pem(false));
  ::setenv("SSL_CERT_FILE", bundle.c_str(), 1);
  ASSERT_TRUE(connect());
  const auto got = get("/pods");
  ::unsetenv("SSL_CERT_FILE");
  EXPECT_TRUE(got) << got.error().what;
}

TEST_F(ClientTest, SkipsVerificationWhenTold) {
  serve(true);
  service_account();
  folder.write("ca.crt", net::test::make_identity("other", "", nullptr).pem(false));
  options.tls.insecure_skip_verify = true;
  ASSERT_TRUE(connect());
  EXPECT_TRUE(get("/pods"));
}

TEST_F(ClientTest, NeedsItsFilesAtStart) {
  options.endpoint = "127.0.0.1:1";
  auto ok = connect();  // tls without anything
  ASSERT_FALSE(ok);
  EXPECT_EQ(ok.error().what, "cert path  could not be read: open : no such file or directory");
  options.auth = AuthType::service_account;
  options.service_account = folder.path();
  ok = connect();
  ASSERT_FALSE(ok);
  EXPECT_NE(ok.error().what.find("unable to read token file"), std::string::npos) << ok.error().what;
  folder.write("token", "t");
  folder.write("ca.crt", "no certificate");
  ok = connect();
  ASSERT_FALSE(ok);
  EXPECT_NE(ok.error().what.find("failed to parse cert"), std::string::npos) << ok.error().what;
}

TEST_F(ClientTest, WaitsForFilesThatAreBeingWritten) {
  serve(true);
  service_account();
  folder.write("token", "");
  std::thread writer([&] {
    std::this_thread::sleep_for(10ms);  // well before the last look; earlier or later looks decide nothing
    folder.write("token", "t1");
  });
  const auto ok = connect();
  writer.join();
  EXPECT_TRUE(ok) << ok.error().what;
}

TEST_F(ClientTest, GoesThroughTheNodeProxyOfAKubeconfig) {
  serve(true);
  const auto file = folder.write(
      "config",
      "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
      "clusters: [{name: k, cluster: {server: 'https://" +
          options.endpoint + "', certificate-authority: ca.crt}}]\nusers: [{name: u, user: {token: kt}}]\n");
  folder.write("ca.crt", ca.pem(false));
  ::setenv("KUBECONFIG", file.c_str(), 1);
  options.auth = AuthType::kube_config;
  options.endpoint = "node-1";
  const auto ok = connect();
  ::unsetenv("KUBECONFIG");
  ASSERT_TRUE(ok) << ok.error().what;
  ASSERT_TRUE(get("/stats/summary"));
  EXPECT_EQ(kubelet.seen[0], "/api/v1/nodes/node-1/proxy/stats/summary Bearer kt");
}

}  // namespace
}  // namespace gleaner::k8s
