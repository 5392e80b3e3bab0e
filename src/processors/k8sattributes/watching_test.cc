#include "processors/k8sattributes/watching.h"

#include "processors/k8sattributes/testing.h"

namespace gleaner::processors::k8sattributes {
namespace {
using namespace testing_support;

struct Case {
  std::string config;
  std::vector<std::string> want;
};
class SourceTable : public testing::TestWithParam<Case> {};
TEST_P(SourceTable, AsksForNoMoreThanIsNeeded) {
  const Config config = config_of(GetParam().config);
  const auto rules = Rules::compile(config);
  ASSERT_TRUE(rules);
  std::vector<std::string> got;
  for (const auto& [kind, source] : sources_for(*rules, config.filter, config.filter.node))
    got.push_back(source.path + (source.query.empty() ? "" : "?" + source.query));
  EXPECT_EQ(got, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    Spec67, SourceTable,
    testing::ValuesIn<Case>({
        {"{}", {"/api/v1/pods"}},
        {"extract: {metadata: [k8s.deployment.uid]}", {"/apis/apps/v1/replicasets", "/api/v1/pods"}},
        {"extract: {deployment_name_from_replicaset: false}", {"/apis/apps/v1/replicasets", "/api/v1/pods"}},
        {"extract: {labels: [{key: a, from: deployment}]}",
         {"/apis/apps/v1/replicasets", "/apis/apps/v1/deployments", "/api/v1/pods"}},
        {"extract: {metadata: [k8s.cronjob.uid, k8s.node.uid], labels: [{key: a, from: statefulset}, {key: "
         "a, from: "
         "daemonset}]}",
         {"/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets", "/apis/batch/v1/jobs", "/api/v1/nodes",
          "/api/v1/pods"}},
        {"extract: {metadata: [k8s.cluster.uid]}",
         {"/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system", "/api/v1/pods"}},
        {"{extract: {metadata: [k8s.cluster.uid], labels: [{key: a, from: namespace}]}}",
         {"/api/v1/namespaces", "/api/v1/pods"}},
        {"{extract: {metadata: [k8s.deployment.uid]}, filter: {namespace: shop, node: n1}}",
         {"/apis/apps/v1/namespaces/shop/replicasets",
          "/api/v1/namespaces/shop/pods?fieldSelector=spec.nodeName%3Dn1"}},
        {"filter: {node: n1, fields: [{key: status.phase, value: Failed, op: not-equals}], labels: [{key: a, "
         "value: b}, "
         "{key: c, op: exists}, {key: d, op: does-not-exist}]}",
         {"/api/v1/"
          "pods?fieldSelector=spec.nodeName%3Dn1%2Cstatus.phase%21%3DFailed&labelSelector=a%3Db%2Cc%2C%21d"}},
    }));

}  // namespace
}  // namespace gleaner::processors::k8sattributes
