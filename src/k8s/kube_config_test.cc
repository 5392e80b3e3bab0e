#include "k8s/kube_config.h"

#include <gtest/gtest.h>

namespace gleaner::k8s {
namespace {

constexpr std::string_view kFile = R"(
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: c1, user: token}}
- {name: cert, context: {cluster: c2, user: cert}}
- {name: plugin, context: {cluster: c1, user: plugin}}
- {name: lost, context: {cluster: gone, user: token}}
clusters:
- name: c1
  cluster: {server: https://10.0.0.1:6443, certificate-authority: pki/ca.crt}
- name: c2
  cluster: {server: https://c2, insecure-skip-tls-verify: true, certificate-authority-data: UEVN, tls-server-name: api, proxy-url: http://p:1}
users:
- {name: token, user: {token: t0}}
- {name: cert, user: {client-certificate-data: Q0VSVA==, client-key: /abs/key, username: u, password: p}}
- {name: plugin, user: {exec: {command: aws}}}
)";

TEST(KubeConfig, TakesTheCurrentContext) {
  const auto got = KubeConfig::parse(kFile, "/home/u/.kube/config", "");
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->server, "https://10.0.0.1:6443");
  EXPECT_EQ(got->ca_file, "/home/u/.kube/pki/ca.crt");
  EXPECT_EQ(got->token, "t0");
}

TEST(KubeConfig, TakesTheContextAskedFor) {
  const auto got = KubeConfig::parse(kFile, "config", "cert");
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->ca_pem, "PEM");
  EXPECT_EQ(got->cert_pem, "CERT");
  EXPECT_EQ(got->key_file, "/abs/key");
  EXPECT_EQ(got->server_name, "api");
  EXPECT_EQ(got->proxy_url, "http://p:1");
  EXPECT_EQ(got->username, "u");
  EXPECT_TRUE(got->insecure_skip_verify);
}

TEST(KubeConfig, SaysWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"plugin", "users with exec are not supported"},
      {"lost", "cluster \"gone\" does not exist"},
      {"nowhere", "context \"nowhere\" does not exist"}};
  for (const auto& [context, want] : cases) {
    const auto got = KubeConfig::parse(kFile, "config", context);
    ASSERT_FALSE(got) << context;
    EXPECT_NE(got.error().what.find(want), std::string::npos) << got.error().what;
  }
  EXPECT_FALSE(KubeConfig::parse("a: [", "config", ""));
  EXPECT_FALSE(KubeConfig::parse("", "config", ""));
}

}  // namespace
}  // namespace gleaner::k8s
