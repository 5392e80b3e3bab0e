#include "processors/k8sattributes/self.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "processors/k8sattributes/label.h"
#include "processors/k8sattributes/testing.h"

namespace gleaner::processors::k8sattributes {
namespace {
using namespace testing_support;

std::map<std::string, std::string> variables;
std::string variable(const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string labelled(const std::string& extract, const std::string& pod_info = "") {
  const auto rules = Rules::compile(config_of("extract: " + extract));
  const Self self(*rules, pod_info, &variable);
  Cache cache;
  Arena arena;
  pdata::Map map;
  (void)Labels(*rules, cache).apply(arena, map, self.facts());
  return pdata::as_text(pdata::Value::map(&map));
}

TEST(Self, IsWhatTheDownwardApiSays) {
  variables = {{"POD_NAME", "shop-6c45f8d6f6-x2x4z"},
               {"POD_NAMESPACE", "shop"},
               {"POD_UID", "u-1"},
               {"POD_IP", "10.0.0.7"},
               {"NODE_NAME", "n1"}};
  EXPECT_EQ(
      labelled("{metadata: [k8s.namespace.name, k8s.pod.name, k8s.pod.uid, k8s.pod.ip, k8s.node.name, "
               "k8s.deployment.name, k8s.replicaset.name, k8s.pod.start_time, service.name]}"),
      R"({"k8s.deployment.name":"shop","k8s.namespace.name":"shop","k8s.node.name":"n1","k8s.pod.ip":"10.0.0.7","k8s.pod.name":"shop-6c45f8d6f6-x2x4z","k8s.pod.uid":"u-1","k8s.replicaset.name":"shop-6c45f8d6f6","service.name":"shop"})");
}

TEST(Self, KnowsOwnersByNamesThatKubernetesMakes) {
  struct Case {
    const char *name, *want;
  };
  constexpr std::string_view kAll =
      "{metadata: [k8s.deployment.name, k8s.statefulset.name, k8s.job.name, k8s.cronjob.name]}";
  for (const auto& [name, want] :
       {Case{"shop-6c45f8d6f6-x2x4z", R"({"k8s.deployment.name":"shop"})"},
        Case{"db-0", R"({"k8s.statefulset.name":"db"})"},
        Case{"backup-28446225-x2x4z", R"({"k8s.cronjob.name":"backup","k8s.job.name":"backup-28446225"})"},
        Case{"agent-x2x4z", "{}"}, Case{"my-shop-app", "{}"}, Case{"solo", "{}"}}) {
    variables = {{"POD_NAME", name}};
    EXPECT_EQ(labelled(std::string(kAll)), want) << name;
  }
}

TEST(Self, BelievesTheOperator) {
  variables = {
      {"OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "p-0"},
      {"OTEL_RESOURCE_ATTRIBUTES_POD_UID", "u-1"},
      {"OTEL_RESOURCE_ATTRIBUTES_NODE_NAME", "n1"},
      {"OTEL_RESOURCE_ATTRIBUTES",
       "k8s.deployment.name=shop,k8s.namespace.name=ns,k8s.pod.name=p-0,k8s.replicaset.uid=rs,broken,a=b"}};
  EXPECT_TRUE(Self::injected(&variable));
  EXPECT_EQ(
      labelled("{metadata: [k8s.namespace.name, k8s.pod.uid, k8s.deployment.name, k8s.replicaset.uid]}"),
      R"({"k8s.deployment.name":"shop","k8s.namespace.name":"ns","k8s.pod.uid":"u-1","k8s.replicaset.uid":"rs"})");
  variables.clear();
  EXPECT_FALSE(Self::injected(&variable));
}

TEST(Self, ReadsLabelsFromAVolume) {
  std::string made = (std::filesystem::temp_directory_path() / "podinfo-XXXXXX").string();
  const std::string folder = ::mkdtemp(made.data());
  std::ofstream(folder + "/labels") << "app=\"shop\"\ntier=\"a \\\"b\\\"\\n\"";
  std::ofstream(folder + "/annotations") << "resource.opentelemetry.io/team=\"blue\"\n";
  variables = {{"POD_NAME", "p"}};
  EXPECT_EQ(labelled("{metadata: [], labels: [{key: app}, {key: tier}], otel_annotations: true}", folder),
            "{\"k8s.pod.labels.app\":\"shop\",\"k8s.pod.labels.tier\":\"a \\\"b\\\"\\n\",\"team\":\"blue\"}");
  const auto before = pod_info_state(folder);
  EXPECT_EQ(pod_info_state(folder), before);
  std::ofstream(folder + "/labels") << "app=\"other\"";
  EXPECT_NE(pod_info_state(folder), before);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(pod_info_state(folder), "");
}

TEST(Self, LeavesOthersAlone) {
  variables = {{"POD_NAME", "p"}, {"POD_UID", "u-1"}};
  const auto rules = Rules::compile(config_of("{}"));
  const Self self(*rules, "", &variable);
  Arena arena;
  pdata::Map map;
  EXPECT_TRUE(self.is_mine(map));
  map.set(arena, "k8s.pod.uid", pdata::Value::string("u-1"));
  EXPECT_TRUE(self.is_mine(map));
  map.set(arena, "k8s.pod.uid", pdata::Value::string("u-2"));
  EXPECT_FALSE(self.is_mine(map));
}

}  // namespace
}  // namespace gleaner::processors::k8sattributes
