#include "extensions/k8s_operator/documents.h"

#include <gtest/gtest.h>

#include "config/yaml.h"
#include "deploy/tree.h"

namespace gleaner::extensions::k8s_operator {
namespace {
using deploy::text_at;

Node read(const std::string& json) {
  auto parsed = config::parse_yaml(json, "test");
  EXPECT_TRUE(parsed) << json;
  return parsed ? std::move(*parsed) : Node();
}

TEST(Documents, AnEventNamesItsObjectAndIsCutBetweenCharacters) {
  std::string message = std::string(1023, 'a') + "é";
  const Node made = read(event({"apps/v1", "ReplicaSet", "app-1", "shop", "u-1"}, "NoSidecar", message, false,
                               1'700'000'000, "me"));
  EXPECT_EQ(text_at(made, "involvedObject.kind"), "ReplicaSet");
  EXPECT_EQ(text_at(made, "involvedObject.uid"), "u-1");
  EXPECT_EQ(text_at(made, "metadata.namespace"), "shop");
  EXPECT_EQ(text_at(made, "type"), "Warning");
  EXPECT_EQ(text_at(made, "reason"), "NoSidecar");
  EXPECT_EQ(text_at(made, "lastTimestamp"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(text_at(made, "message"), std::string(1023, 'a'));
  EXPECT_EQ(made.find("involvedObject")->find("apiVersion")->text(), "apps/v1");
  EXPECT_EQ(
      read(event({"v1", "Pod", "p", "s", ""}, "r", "m", true, 0, "me")).find("involvedObject")->find("uid"),
      nullptr);
}

TEST(Documents, TheAuthorityGoesToEveryWebhookAndOnlyWhereItDiffers) {
  const Node two = read(
      "{metadata: {name: c}, webhooks: [{name: a.b.c, clientConfig: {caBundle: eA==}}, {name: d.e.f, "
      "clientConfig: {service: {name: s}}}]}");
  const std::string patch = authority_patch(two, "x");
  EXPECT_EQ(patch, R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration",)"
                   R"("webhooks":[{"name":"a.b.c","clientConfig":{"caBundle":"eA=="}},)"
                   R"({"name":"d.e.f","clientConfig":{"caBundle":"eA=="}}],"metadata":{"name":"c"}})");
  EXPECT_EQ(authority_patch(read("{webhooks: [{name: a, clientConfig: {caBundle: eA==}}]}"), "x"), "");
  EXPECT_EQ(authority_patch(read("{metadata: {name: c}}"), "x"), "");
}

TEST(Documents, ALeaseSaysWhoAndSinceWhen) {
  const Node made = read(lease("l", "ns", "me", 15, 1'700'000'000, "7"));
  EXPECT_EQ(text_at(made, "spec.holderIdentity"), "me");
  EXPECT_EQ(text_at(made, "spec.renewTime"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(text_at(made, "metadata.resourceVersion"), "7");
}

}  // namespace
}  // namespace gleaner::extensions::k8s_operator
