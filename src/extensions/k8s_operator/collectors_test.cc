#include "extensions/k8s_operator/collectors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/arena.h"
#include "config/yaml.h"
#include "deploy/tree.h"
#include "extensions/k8s_operator/reconcile.h"

namespace gleaner::extensions::k8s_operator {
namespace {

constexpr std::string_view kConfig =
    R"({"receivers":{"otlp":{"protocols":{"grpc":{}}}},"exporters":{"debug":{}},"service":{"pipelines":{"logs":{"receivers":["otlp"],"exporters":["debug"]}}}})";

std::string collector(std::string_view name, int version, std::string_view spec, std::string_view more = "") {
  return fmt::format(
      R"({{"apiVersion":"opentelemetry.io/v1beta1","kind":"OpenTelemetryCollector","metadata":{{"name":"{}","namespace":"shop","uid":"u-{}","resourceVersion":"{}"{}}},"spec":{{{}}}}})",
      name, name, version, more, spec);
}

struct CollectorsTest : testing::Test {
  deploy::Cluster cluster;
  std::string changed;
  Collectors all{cluster, false, [this](const auto& key) { changed += key + " "; }};

  void see(const std::string& json, bool there = true) {
    Arena arena;
    auto object = k8s::read_object(json, arena);
    ASSERT_TRUE(object) << object.error().what;
    object->json = json;
    there ? all.there(*object) : all.gone(*object);
  }
  std::string config(std::string_view mode = "sidecar") const {
    return fmt::format(R"("mode":"{}","config":{})", mode, kConfig);
  }
};

TEST_F(CollectorsTest, KeepsUpWithLists) {
  all.listing();
  see(collector("a", 1, config()));
  see(collector("b", 2, config("deployment")));
  all.listed();
  EXPECT_EQ(changed, "shop/a shop/b ");
  changed.clear();
  all.listing();
  see(collector("a", 1, config()));
  all.listed();
  EXPECT_EQ(changed, "shop/b ") << "a is the same, b is gone";
  EXPECT_EQ(all.find("shop/b"), nullptr);
  see(collector("a", 3, config()), false);
  EXPECT_EQ(all.size(), 0u);
}

TEST_F(CollectorsTest, SaysWhatCannotBeUsed) {
  see(collector("good", 1, config()));
  see(collector(
      "old", 2,
      R"("mode":"sidecar","config":"receivers: {otlp: {}}\nexporters: {debug: {}}\nservice: {pipelines: {}}\n")"));
  see(collector("bad", 3, R"("mode":"sidecar","config":{})"));
  see(collector(
      "ta", 4,
      R"("mode":"statefulset","targetAllocator":{"enabled":true},"config":)" + std::string(kConfig)));
  Knowledge knowledge;
  all.tell(knowledge);
  EXPECT_EQ(knowledge.sidecars.size(), 2u) << "a text is v1alpha1's way of writing it";
  EXPECT_EQ(knowledge.broken, (std::map<std::string, std::string>{{"shop/bad", "spec.config is missing"}}));
  EXPECT_EQ(all.find("shop/ta")->trouble,
            "spec.targetAllocator: its allocator hands targets out at run time; only the OpenTelemetry "
            "operator runs one");
}

TEST_F(CollectorsTest, LeavesAnotherOperatorsAlone) {
  see(collector("a", 1, config("deployment"),
                R"(,"finalizers":["opentelemetrycollector.opentelemetry.io/finalizer"])"));
  EXPECT_TRUE(all.find("shop/a")->foreign);
  std::string with_status = collector("b", 2, config("deployment"));
  with_status.insert(with_status.size() - 1, R"(,"status":{"version":"0.140.0"})");
  see(with_status);
  EXPECT_TRUE(all.find("shop/b")->foreign);
  see(collector("c", 3, config("deployment")));
  EXPECT_FALSE(all.find("shop/c")->foreign);
}

TEST(NamespacesTest, RemembersThoseThatAsk) {
  Namespaces all;
  Arena arena;
  const auto see = [&](const std::string& name, const std::string& notes) {
    const std::string json = R"({"metadata":{"name":")" + name + R"(","annotations":{)" + notes + "}}}";
    auto object = k8s::read_object(json, arena);
    ASSERT_TRUE(object);
    all.there(*object);
  };
  all.listing();
  see("a", R"("sidecar.opentelemetry.io/inject":"true")");
  see("b", "");
  all.listed();
  EXPECT_EQ(all.asks("a"), "true");
  EXPECT_EQ(all.asks("b"), "");
  see("a", "");
  EXPECT_EQ(all.asks("a"), "");
}

TEST(Reconcile, ObjectsAreOwned) {
  deploy::Collector collector;
  collector.name = "c";
  collector.name_space = "ns";
  collector.image = "i:1";
  collector.spec = deploy::doc("{autoscaler: {maxReplicas: 3}}");
  const Node made =
      as_owned(deploy::doc("{kind: Deployment, metadata: {name: d}, spec: {replicas: 2, x: 1}}"),
               *kind_named("Deployment"), collector, "u");
  EXPECT_EQ(deploy::text_at(made.find("metadata")->find("ownerReferences")->items()[0], "uid"), "u");
  EXPECT_EQ(deploy::at(made, "spec.replicas"), nullptr) << "the autoscaler's";
  EXPECT_NE(deploy::at(made, "spec.x"), nullptr);
  const Node role = as_owned(deploy::doc("{kind: ClusterRole, metadata: {name: r}}"),
                             *kind_named("ClusterRole"), collector, "u");
  EXPECT_EQ(deploy::at(role, "metadata.ownerReferences"), nullptr);
  EXPECT_EQ(role.find("metadata")->find("annotations")->find("gleaner/collector")->text(), "ns/c");
  collector.mode = "deployment";
  const Node status = status_of(
      collector, deploy::doc("{spec: {selector: {matchLabels: {b: '2', a: '1'}}}, status: {replicas: 3, "
                             "readyReplicas: 2}}"));
  EXPECT_EQ(deploy::text_at(status, "scale.statusReplicas"), "2/3");
  EXPECT_EQ(deploy::text_at(status, "scale.selector"), "a=1,b=2");
}

}  // namespace
}  // namespace gleaner::extensions::k8s_operator
