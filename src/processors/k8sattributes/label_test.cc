#include "processors/k8sattributes/label.h"

#include "match/match.h"
#include "processors/k8sattributes/testing.h"

namespace gleaner::processors::k8sattributes {
namespace {
using namespace testing_support;

struct Case {
  std::string config, resource, peer, want;
};
class LabelTable : public testing::TestWithParam<Case> {};
TEST_P(LabelTable, SetsWhatIsNotThere) {
  const Config config = config_of(GetParam().config);
  const auto rules = Rules::compile(config);
  ASSERT_TRUE(rules);
  Arena arena;
  Cache cache;
  const auto put = [&](Kind kind, std::string_view json, bool by_name) {
    const auto object = k8s::read_object(json, arena);
    ASSERT_TRUE(object) << object.error().what;
    const Facts facts = gather(*rules, kind, *object, arena);
    EXPECT_TRUE(cache.put(kind, by_name ? object->name : object->uid, pack(facts), facts.started));
  };
  put(Kind::pod, kPod, false);
  put(Kind::name_space, R"({"metadata":{"name":"shop","uid":"ns-1","labels":{"env":"prod"}}})", true);
  put(Kind::name_space, R"({"metadata":{"name":"kube-system","uid":"cluster-1"}})", true);
  put(Kind::node, R"({"metadata":{"name":"n1","uid":"node-1","labels":{"zone":"z1"}}})", true);
  put(Kind::replica_set,
      R"({"metadata":{"name":"shop-6c45f8d6f6","uid":"rs-1","ownerReferences":[{"kind":"Deployment","name":"shop-d","uid":"d-1"}]}})",
      false);
  put(Kind::deployment, R"({"metadata":{"name":"shop-d","uid":"d-1","annotations":{"owner":"me"}}})", false);

  pdata::Value map = match::to_value(arena, *config::parse_yaml(GetParam().resource, "r"));
  const Client client{GetParam().peer, {}, {}};
  std::uint64_t missed = 0;
  const std::string before = pdata::as_text(map);
  const bool changed = Labels(*rules, cache).apply(arena, map.as_map(), &client, missed);
  EXPECT_EQ(pdata::as_text(map), GetParam().want);
  EXPECT_EQ(changed, before != GetParam().want);
}

constexpr std::string_view kByUid =
    "pod_association: [{sources: [{from: resource_attribute, name: k8s.pod.uid}]}]";
std::string by_uid(const std::string& extract) {
  return "{extract: {" + extract + "}, " + std::string(kByUid) + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Spec67, LabelTable,
    testing::ValuesIn<Case>({
        // The defaults, by the sender's address.
        {"{}", "{}", "10.0.0.7",
         R"({"k8s.deployment.name":"shop-d","k8s.namespace.name":"shop","k8s.node.name":"n1","k8s.pod.name":"shop-6c45f8d6f6-x2x4z","k8s.pod.start_time":"2026-05-01T10:00:00Z","k8s.pod.uid":"u-1"})"},
        {"{}", "{}", "::ffff:10.0.0.7",
         R"({"k8s.deployment.name":"shop-d","k8s.namespace.name":"shop","k8s.node.name":"n1","k8s.pod.name":"shop-6c45f8d6f6-x2x4z","k8s.pod.start_time":"2026-05-01T10:00:00Z","k8s.pod.uid":"u-1"})"},
        {"{}", "{}", "10.0.0.8", "{}"},
        {"{}", "{}", "", "{}"},
        // What stands for the address.
        {"extract: {metadata: [k8s.pod.uid]}", "{k8s.pod.ip: 10.0.0.7}", "1.1.1.1",
         R"({"k8s.pod.ip":"10.0.0.7","k8s.pod.uid":"u-1"})"},
        {"extract: {metadata: [k8s.pod.uid]}", "{ip: 10.0.0.7}", "1.1.1.1",
         R"({"ip":"10.0.0.7","k8s.pod.uid":"u-1"})"},
        {"extract: {metadata: [k8s.pod.uid]}", "{host.name: 10.0.0.7}", "",
         R"({"host.name":"10.0.0.7","k8s.pod.uid":"u-1"})"},
        {"extract: {metadata: [k8s.pod.uid]}", "{host.name: n1}", "", R"({"host.name":"n1"})"},
        // What is there stays, but for empty texts.
        {"extract: {metadata: [k8s.pod.name, k8s.pod.uid]}", "{k8s.pod.name: mine, k8s.pod.uid: ''}",
         "10.0.0.7", R"({"k8s.pod.name":"mine","k8s.pod.uid":"u-1"})"},
        {"extract: {metadata: [k8s.pod.ip]}", "{}", "10.0.0.9", R"({"k8s.pod.ip":"10.0.0.9"})"},
        // Associations: the first whose sources are there counts, found or not.
        {by_uid("metadata: [k8s.pod.name]"), "{k8s.pod.uid: u-1}", "9.9.9.9",
         R"({"k8s.pod.name":"shop-6c45f8d6f6-x2x4z","k8s.pod.uid":"u-1"})"},
        {"{extract: {metadata: [k8s.pod.uid]}, pod_association: [{sources: [{from: resource_attribute, name: "
         "k8s.pod.name}, {from: resource_attribute, name: k8s.namespace.name}]}, {sources: [{from: "
         "connection}]}]}",
         "{k8s.pod.name: other, k8s.namespace.name: shop}", "10.0.0.7",
         R"({"k8s.namespace.name":"shop","k8s.pod.name":"other"})"},
        {"{extract: {metadata: [k8s.pod.uid]}, pod_association: [{sources: [{from: resource_attribute, name: "
         "k8s.pod.name}, {from: resource_attribute, name: k8s.namespace.name}]}, {sources: [{from: "
         "connection}]}]}",
         "{k8s.pod.name: other}", "10.0.0.7", R"({"k8s.pod.name":"other","k8s.pod.uid":"u-1"})"},
        // Owners.
        {by_uid("metadata: [k8s.replicaset.name, k8s.replicaset.uid, k8s.deployment.uid]"),
         "{k8s.pod.uid: u-1}", "",
         R"({"k8s.deployment.uid":"d-1","k8s.pod.uid":"u-1","k8s.replicaset.name":"shop-6c45f8d6f6","k8s.replicaset.uid":"rs-1"})"},
        {by_uid("metadata: [k8s.deployment.name], deployment_name_from_replicaset: false"),
         "{k8s.pod.uid: u-1}", "", R"({"k8s.deployment.name":"shop-d","k8s.pod.uid":"u-1"})"},
        {by_uid("metadata: [], annotations: [{key: owner, from: deployment}]"), "{k8s.pod.uid: u-1}", "",
         R"({"k8s.deployment.annotation.owner":"me","k8s.pod.uid":"u-1"})"},
        // Around it.
        {by_uid("metadata: [k8s.node.uid, k8s.cluster.uid], labels: [{key: env, from: namespace}, {key: "
                "zone, from: "
                "node, tag_name: z}]"),
         "{k8s.pod.uid: u-1}", "",
         R"({"k8s.cluster.uid":"cluster-1","k8s.namespace.labels.env":"prod","k8s.node.uid":"node-1","k8s.pod.uid":"u-1","z":"z1"})"},
        {"extract: {metadata: [k8s.node.uid], labels: [{key: env, from: namespace}]}",
         "{k8s.namespace.name: shop, k8s.node.name: n1}", "",
         R"({"k8s.namespace.labels.env":"prod","k8s.namespace.name":"shop","k8s.node.name":"n1","k8s.node.uid":"node-1"})"},
        // Services.
        {by_uid("metadata: [service.name, service.namespace, service.version]"), "{k8s.pod.uid: u-1}", "",
         R"({"k8s.pod.uid":"u-1","service.name":"store","service.namespace":"shop","service.version":"v7"})"},
        // Containers.
        {by_uid("metadata: [container.id, container.image.name, container.image.tag, container.image.tags, "
                "container.image.repo_digests, service.instance.id]"),
         "{k8s.pod.uid: u-1, k8s.container.name: app}", "",
         R"({"container.id":"c1","container.image.name":"r.io/shop","container.image.repo_digests":["r.io/shop@sha256:ab"],"container.image.tag":"1.2","container.image.tags":["1.2"],"k8s.container.name":"app","k8s.pod.uid":"u-1","service.instance.id":"shop.shop-6c45f8d6f6-x2x4z.app"})"},
        {by_uid("metadata: [k8s.container.name, container.image.tag]"),
         "{k8s.pod.uid: u-1, container.id: c2}", "",
         R"({"container.id":"c2","container.image.tag":"latest","k8s.container.name":"side","k8s.pod.uid":"u-1"})"},
        {by_uid("metadata: [container.id]"),
         "{k8s.pod.uid: u-1, k8s.container.name: app, k8s.container.restart_count: 2}", "",
         R"({"k8s.container.name":"app","k8s.container.restart_count":2,"k8s.pod.uid":"u-1"})"},
        {by_uid("metadata: [container.id]"),
         "{k8s.pod.uid: u-1, k8s.container.name: app, k8s.container.restart_count: '3'}", "",
         R"({"container.id":"c1","k8s.container.name":"app","k8s.container.restart_count":"3","k8s.pod.uid":"u-1"})"},
        {by_uid("metadata: [container.image.name]"), "{k8s.pod.uid: u-1}", "", R"({"k8s.pod.uid":"u-1"})"},
        {by_uid("metadata: [container.image.name]"), "{k8s.pod.uid: u-1, k8s.container.name: no}", "",
         R"({"k8s.container.name":"no","k8s.pod.uid":"u-1"})"},
        {"{extract: {metadata: [k8s.container.name]}, pod_association: [{sources: [{from: "
         "resource_attribute, name: "
         "container.id}]}]}",
         "{container.id: c1}", "", R"({"container.id":"c1","k8s.container.name":"app"})"},
        // Excluded.
        {"{exclude: {pods: [{name: '^shop'}]}}", "{}", "10.0.0.7", "{}"},
    }));

TEST(PodAddress, IsPlain) {
  EXPECT_EQ(pod_address("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(pod_address("fe80::1"), "fe80::1");
  EXPECT_EQ(pod_address(""), "");
}

}  // namespace
}  // namespace gleaner::processors::k8sattributes
