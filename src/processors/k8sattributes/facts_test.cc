#include "processors/k8sattributes/facts.h"

#include "processors/k8sattributes/testing.h"

namespace gleaner::processors::k8sattributes {
namespace {
using namespace testing_support;

std::string attributes_text(const pdata::Map& map) {
  std::string out;
  for (const auto& [key, value] : map) out += std::string(key) + "=" + std::string(value.text()) + ";";
  return out;
}

struct Case {
  std::string extract, want;
};
class ExtractTable : public testing::TestWithParam<Case> {};
TEST_P(ExtractTable, TurnsLabelsAndAnnotationsIntoAttributes) {
  const auto rules = Rules::compile(config_of("extract: " + GetParam().extract));
  ASSERT_TRUE(rules);
  Arena arena;
  const auto object = k8s::read_object(kPod, arena);
  ASSERT_TRUE(object) << object.error().what;
  EXPECT_EQ(attributes_text(gather(*rules, Kind::pod, *object, arena).attributes), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    Spec67, ExtractTable,
    testing::ValuesIn<Case>({
        {"{labels: [{key: app}]}", "k8s.pod.labels.app=shop;"},
        {"{labels: [{key: app, tag_name: a}]}", "a=shop;"},
        {"{labels: [{key: none}]}", ""},
        {"{labels: [{key: app, from: node}]}", ""},
        {"{labels: [{key_regex: 't.*'}]}", "k8s.pod.labels.tier=web;"},
        {"{labels: [{key_regex: 't.*', tag_name: x}]}", "k8s.pod.labels.tier=web;"},
        {"{labels: [{key_regex: '(.)ier', tag_name: x.$1}]}", "x.t=web;"},
        {"{labels: [{key_regex: 'app.kubernetes.io/(.*)', tag_name: $1}]}", "name=store;version=v7;"},
        {"{labels: [{key_regex: '(a)pp'}]}", "k8s.pod.labels.app=shop;"},
        {"{labels: [{key_regex: 'ie'}]}", ""},
        {"{labels: [{key: app, tag_name: s, regex: '^(?P<value>..)'}]}", "s=sh;"},
        {"{annotations: [{key: note}]}", "k8s.pod.annotations.note=n;"},
        {"{otel_annotations: true}", "team=blue;"},
        {"{labels: [{key: app, tag_name: t}], annotations: [{key: note, tag_name: t}]}", "t=n;"},
    }));

TEST(Facts, SurvivePacking) {
  const auto rules = Rules::compile(config_of(
      "{extract: {metadata: [k8s.pod.start_time, k8s.pod.hostname, container.id, container.image.name, "
      "container.image.repo_digests, service.name, service.version], labels: [{key: app}]}, "
      "pod_association: [{sources: [{from: connection}]}, {sources: [{from: resource_attribute, name: "
      "k8s.pod.uid}]}, {sources: [{from: resource_attribute, name: container.id}]}]}"));
  ASSERT_TRUE(rules);
  Arena arena;
  const auto object = k8s::read_object(kPod, arena);
  const Facts facts = gather(*rules, Kind::pod, *object, arena);
  const std::string packed = pack(facts);
  const Facts again = unpack(packed, arena);
  EXPECT_EQ(pack(again), packed);
  EXPECT_EQ(again.uid, "u-1");
  EXPECT_EQ(again.node, "n1");
  EXPECT_EQ(again.host_name, "h1");
  EXPECT_EQ(again.created, "2026-05-01T10:00:00Z");
  EXPECT_EQ(again.owner_name, "shop-6c45f8d6f6");
  EXPECT_EQ(again.service_name, "store");
  EXPECT_EQ(again.service_version, "v7");
  EXPECT_EQ(again.started, 1777629601000000000u);
  ASSERT_EQ(again.containers.size(), 2u);
  EXPECT_EQ(again.containers[0].id, "c1");
  EXPECT_EQ(again.containers[0].restarts, 3u);
  ASSERT_EQ(again.ids.size(), 4u) << "one for each container";
  EXPECT_EQ(again.ids[0], std::string_view("\0\0"
                                           "10.0.0.7",
                                           10));
  EXPECT_EQ(ids_of(packed).size(), 4u);
}

TEST(Facts, KeepOnlyWhatIsAskedFor) {
  const auto rules = Rules::compile(config_of("extract: {metadata: [k8s.pod.name]}"));
  Arena arena;
  const auto object = k8s::read_object(kPod, arena);
  const Facts facts = gather(*rules, Kind::pod, *object, arena);
  EXPECT_TRUE(facts.created.empty());
  EXPECT_TRUE(facts.containers.empty());
  EXPECT_LT(pack(facts).size(), 150u);
}

TEST(Names, OfOwners) {
  EXPECT_EQ(without_hash("shop-6c45f8d6f6"), "shop");
  EXPECT_EQ(without_hash("a-b-c"), "a-b");
  EXPECT_EQ(without_hash("shop"), "");
  EXPECT_EQ(without_hash("-x"), "");
  std::string_view cron_job;
  std::int64_t minute = 0;
  EXPECT_TRUE(is_scheduled("backup-28401234", cron_job, minute));
  EXPECT_EQ(cron_job, "backup");
  EXPECT_EQ(minute, 28401234);
  for (const char* other : {"backup", "backup-1", "backup-2840123x", "backup-284012345", "backup--2840123"})
    EXPECT_FALSE(is_scheduled(other, cron_job, minute)) << other;
  EXPECT_EQ(minutes_of("1970-01-02T01:02:59Z"), 1440 + 62);
  EXPECT_EQ(minutes_of("2026-05-01T10:00:00Z"), 29627160);
  for (const char* other :
       {"", "2026-05-01", "2026-13-01T10:00:00Z", "2026-05-01T10:00:00+02:00", "2026-05-01T-1:00:00Z"})
    EXPECT_FALSE(minutes_of(other)) << other;
}

struct OwnerCase {
  std::string_view kind, name, label, created;
  bool hashed, scheduled;
};
TEST(Owners, AreDeploymentsByTheHashAndCronJobsByTheMinute) {
  const auto rules = Rules::compile(config_of("{}"));
  for (const auto& [kind, name, label, created, hashed, scheduled] :
       {OwnerCase{"ReplicaSet", "shop-6c4", "6c4", "2026-05-01T10:00:00Z", true, false},
        OwnerCase{"ReplicaSet", "shop-6c4", "", "2026-05-01T10:00:00Z", false, false},
        OwnerCase{"ReplicaSet", "shop-6c4", "other", "2026-05-01T10:00:00Z", false, false},
        OwnerCase{"Job", "backup-29627160", "", "2026-05-01T10:00:30Z", false, true},
        OwnerCase{"Job", "backup-29627160", "", "2026-05-03T10:20:30Z", false, false},
        OwnerCase{"Job", "backup-12345678", "", "2026-05-01T10:00:00Z", false, false}}) {
    Arena arena;
    k8s::Object object;
    object.created = created;
    object.owners.push_back(arena, {kind, name, "u"});
    if (!label.empty()) object.labels.push_back(arena, {"pod-template-hash", label});
    const Facts facts = gather(*rules, Kind::pod, object, arena);
    EXPECT_EQ(facts.hashed, hashed) << name << " " << label;
    EXPECT_EQ(facts.scheduled, scheduled) << name << " " << created;
  }
}

TEST(Config, SaysWhatIsWrong) {
  struct Bad {
    const char *yaml, *what;
  };
  for (const auto& [yaml, what] :
       {Bad{"extract: {metadata: [k8s.pod.nam]}", "not a supported metadata field"},
        Bad{"extract: {labels: [{key: a, key_regex: b}]}", "Out of Key or KeyRegex"},
        Bad{"extract: {labels: [{}]}", "key or key_regex is required"},
        Bad{"extract: {labels: [{key_regex: '('}]}", "missing"},
        Bad{"extract: {labels: [{key: a, from: x}]}", "x"},
        Bad{"filter: {fields: [{key: a, op: exists}]}", "not a valid field filter operation"},
        Bad{"pod_association: [{sources: [{from: resource_attribute}]}]", "needs the attribute's name"},
        Bad{"pod_association: [{sources: []}]", "at least one source"},
        Bad{"exclude: {pods: [{name: '['}]}", "missing"},
        Bad{"pod_delete_grace_period: -1s", "greater than or equal to 0"},
        Bad{"{passthrough: true, self: always}", "choose one"}}) {
    config::Problems problems;
    (void)config::decode<Config>(*config::parse_yaml(yaml, "c"), "p", problems);
    EXPECT_NE(problems.errors_text().find(what), std::string::npos) << yaml << ": " << problems.errors_text();
  }
}

}  // namespace
}  // namespace gleaner::processors::k8sattributes
