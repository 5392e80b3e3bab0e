// Against what the operator itself made of the same CRs (release 0.140.0, recorded in tests/data/operator).
#include "deploy/render.h"

#include <algorithm>
#include <map>

#include "config/write.h"
#include "deploy/go_json.h"
#include "deploy/testing.h"

namespace gleaner::deploy {
namespace {

std::string as_text(const Node& node) { return config::to_yaml(node); }

/// What releases after 0.140 do differently, and what gleaner does on purpose; each with its reason.
void meet(Node& object) {
  const std::string kind = text_at(object, "kind");
  if (kind ==
      "PodDisruptionBudget")  // later releases select by the selector labels alone, as the workload does
    for (const std::string_view extra : {"app.kubernetes.io/name", "app.kubernetes.io/version", "team"})
      object["spec"]["selector"]["matchLabels"].remove(extra);
  if (kind == "HorizontalPodAutoscaler") object["spec"].remove("scaleTargetRef");  // no CR to scale
  if (kind == "ClusterRole") {
    // The operator's order is that of Go's maps, another one each time. nodes/proxy: see kubelet_rules().
    auto& rules = object["rules"].items();
    if (text_at(object, "metadata.name") == "fargate-shop-cluster-role")
      std::erase_if(rules,
                    [](const Node& rule) { return as_text(rule).find("nodes/proxy") != std::string::npos; });
    std::sort(rules.begin(), rules.end(),
              [](const Node& a, const Node& b) { return as_text(a) < as_text(b); });
  }
  if (kind == "ConfigMap") {  // the same configuration; quotes and folding are the writer's own
    auto config = parse(object["data"]["collector.yaml"].text(), "config");
    ASSERT_TRUE(config) << config.error().what;
    object["data"]["collector.yaml"] = text(go_json(plain(std::move(config->tree))));
  }
  if (Node* pod = object.find("spec"); pod && pod->find("template")) {
    // 0.141 puts the collector in front of additional containers.
    auto& containers = (*pod)["template"]["spec"]["containers"].items();
    for (Node& container : containers) {  // 0.140 adds K8S_NODE_NAME once for each kubeletstats
      Node once = list({});
      for (const Node& variable : container["env"].items())
        if (!item_with(&once, "name", text_at(variable, "name"))) once.items().push_back(variable);
      container["env"] = std::move(once);
    }
    std::stable_sort(containers.begin(), containers.end(), [](const Node& a, const Node& b) {
      return text_at(a, "name") == "otc-container" && text_at(b, "name") != "otc-container";
    });
  }
}

std::map<std::string, Node> by_name(std::vector<Node> objects) {
  std::map<std::string, Node> out;
  for (Node& object : objects) {
    Node made = plain(std::move(object));
    meet(made);
    std::string name = text_at(made, "kind") + "/" + text_at(made, "metadata.name");
    out[name] = std::move(made);
  }
  return out;
}

class Upstream : public testing::TestWithParam<std::string> {};
TEST_P(Upstream, MakesTheSameObjects) {
  Cluster cluster{.image = "gleaner:test", .network_policy = false};
  const Collector collector = collector_of(data("operator/" + GetParam() + ".yaml"), cluster);
  auto wanted = by_name(read_all(data("operator/" + GetParam() + ".upstream.yaml")));
  if (collector.is_sidecar())  // until 0.152 with Services that select nothing
    std::erase_if(wanted, [](const auto& one) { return one.first.starts_with("Service/"); });
  auto made = by_name(render(collector, cluster));
  for (const auto& [name, object] : made) {
    ASSERT_TRUE(wanted.count(name)) << name;
    EXPECT_EQ(as_text(object), as_text(wanted[name])) << name;
  }
  EXPECT_EQ(made.size(), wanted.size());
}
INSTANTIATE_TEST_SUITE_P(Recorded, Upstream,
                         testing::Values("daemonset-v1alpha1", "deployment", "numbers", "rights",
                                         "sidecar-v1alpha1", "statefulset"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Render, IsItsOwnGolden) {
  // Byte for byte: what is in deploy/ and in people's repositories must not move without a reason.
  for (const std::string name : {"deployment", "statefulset", "daemonset-v1alpha1", "sidecar-v1alpha1"}) {
    const Cluster cluster;
    std::string text;
    for (const Node& object : render(collector_of(data("operator/" + name + ".yaml")), cluster))
      text += "---\n" + config::to_yaml(object, config::kManifestStyle);
    EXPECT_EQ(text, data("operator/rendered/" + name + ".yaml")) << name;
  }
}

TEST(Render, FargatesNodeProxyIsAskedFor) {
  const Collector collector = collector_of(data("operator/sidecar-v1alpha1.yaml"));
  for (const Node& object : render(collector, {}))
    if (text_at(object, "kind") == "ClusterRole")
      EXPECT_NE(as_text(object).find("nodes/proxy"), std::string::npos);
}

TEST(Render, NetworkPolicyKeepsUdp) {
  const Collector collector = collector_of(data("operator/statefulset.yaml"));
  std::string policy;
  for (const Node& object : render(collector, {}))
    if (text_at(object, "kind") == "NetworkPolicy") policy = as_text(object);
  EXPECT_NE(policy.find("- port: 8125\n              protocol: UDP"), std::string::npos) << policy;
}

}  // namespace
}  // namespace gleaner::deploy
