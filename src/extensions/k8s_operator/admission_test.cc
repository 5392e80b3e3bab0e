#include "extensions/k8s_operator/admission.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "config/same.h"
#include "config/yaml.h"
#include "deploy/plan.h"
#include "deploy/tree.h"
#include "extensions/k8s_operator/testing.h"
#include "net/grpc.h"

namespace gleaner::extensions::k8s_operator {
namespace {
using deploy::at;
using deploy::text_at;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Verdict::Kind;

deploy::Collector sidecar(const std::string& name, const std::string& name_space = "shop",
                          const std::string& more = "") {
  auto made = deploy::read_collector(
      deploy::doc(
          "{apiVersion: opentelemetry.io/v1beta1, kind: OpenTelemetryCollector, metadata: {name: " + name +
          ", namespace: " + name_space + "}, spec: {mode: sidecar, image: 'gleaner:1'," + more +
          " config: {receivers: {otlp: {protocols: {grpc: {}}}}, exporters: {debug: {}}, service: "
          "{pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}}}}"),
      {}, "cr");
  EXPECT_TRUE(made) << made.error().what;
  return std::move(*made);
}

constexpr std::string_view kOwner =
    R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"app-5d9c","uid":"u-rs","controller":true}],"labels":{"pod-template-hash":"5d9c"},"generateName":"app-5d9c-")";

struct AdmissionTest : testing::Test {
  std::vector<deploy::Collector> sidecars;
  deploy::InjectOptions options;
  Knowledge knowledge;

  static std::string review(const std::string& inject, std::string_view metadata = "",
                            std::string_view containers = R"({"name":"a","image":"app:1"})") {
    return fmt::format(
        R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"r-1","kind":{{"group":"","version":"v1","kind":"Pod"}},"namespace":"shop","operation":"CREATE","dryRun":false,"object":{{"apiVersion":"v1","kind":"Pod","metadata":{{"creationTimestamp":null{}{}}},"spec":{{"containers":[{}],"frob":{{"new":1}}}},"status":{{}}}}}}}})",
        inject.empty() ? "" : R"(,"annotations":{"sidecar.opentelemetry.io/inject":")" + inject + "\"}",
        metadata, containers);
  }
  Verdict judged(const std::string& json) {
    knowledge.sidecars.clear();
    for (const auto& one : sidecars) knowledge.sidecars.push_back(&one);
    knowledge.options = &options;
    auto read = read_review(json);
    EXPECT_TRUE(read) << read.error().what;
    last = std::move(*read);
    return judge(last, knowledge);
  }
  Review last;
};

TEST_F(AdmissionTest, PutsTheSidecarIn) {
  sidecars.push_back(sidecar("s"));
  const Verdict verdict = judged(review("true", kOwner));
  EXPECT_EQ(verdict.kind, Kind::injected) << verdict.why;
  const Node pod = patched(last.pod, verdict.patch);
  const Node& box = pod.find("spec")->find("initContainers")->items()[0];
  EXPECT_EQ(text_at(box, "name"), "otc-container");
  EXPECT_EQ(text_at(box, "restartPolicy"), "Always");
  EXPECT_EQ(at(pod, "metadata.labels")->find(deploy::kInjectedLabel)->text(), "shop.s");
  EXPECT_EQ(text_at(pod, "spec.frob.new"), "1") << "what gleaner does not know stays";
  std::string attributes;
  for (const Node& variable : box.find("env")->items())
    if (text_at(variable, "name") == "OTEL_RESOURCE_ATTRIBUTES") attributes = text_at(variable, "value");
  EXPECT_THAT(attributes, HasSubstr("k8s.deployment.name=app,"));
  EXPECT_THAT(attributes, HasSubstr("k8s.namespace.name=shop,"));
  const Node out = tree_of(answer(last.uid, verdict));
  EXPECT_EQ(text_at(out, "response.uid"), "r-1");
  EXPECT_TRUE(deploy::truth_at(out, "response.allowed"));
  EXPECT_EQ(text_at(out, "response.patchType"), "JSONPatch");
  EXPECT_EQ(net::base64_decode(text_at(out, "response.patch")), verdict.patch);
}

TEST_F(AdmissionTest, NeverTwoInOnePod) {
  sidecars.push_back(sidecar("s"));
  for (const bool native : {true, false}) {
    options.placement =
        native ? deploy::InjectOptions::Placement::native : deploy::InjectOptions::Placement::container;
    const Verdict once = judged(review("true"));
    ASSERT_EQ(once.kind, Kind::injected);
    Review again = last;
    again.pod = patched(last.pod, once.patch);
    const Verdict twice = judge(again, knowledge);
    EXPECT_EQ(twice.kind, Kind::untouched);
    EXPECT_TRUE(twice.patch.empty() && twice.warnings.empty());
  }
  for (const std::string image :
       {"reg:5000/x/gleaner:2", "otel/opentelemetry-collector-contrib@sha256:00", "otelcol"}) {
    const Verdict other = judged(
        review("true", "", R"({"name":"a","image":"app:1"},{"name":"mine","image":")" + image + "\"}"));
    EXPECT_EQ(other.kind, Kind::untouched) << image;
    EXPECT_THAT(other.warnings, ElementsAre(HasSubstr("\"mine\" is a collector already"))) << image;
  }
}

TEST_F(AdmissionTest, NamespaceAndPodAskTogether) {
  sidecars.push_back(sidecar("n"));
  const std::string other = "else/p";
  sidecars.push_back(sidecar("p", "else"));
  // spec/operator.md 6.1: columns pod absent, true, false, an instance
  const std::vector<std::pair<std::string, std::vector<std::string>>> table = {
      {"", {"", "shop.n", "", "else.p"}},
      {"true", {"shop.n", "shop.n", "", "else.p"}},
      {"False", {"", "shop.n", "", "else.p"}},
      {"n", {"shop.n", "shop.n", "", "else.p"}}};
  for (const auto& [by_namespace, wanted] : table) {
    knowledge.by_namespace = by_namespace;
    const std::string pods[] = {"", "TRUE", "false", other};
    for (std::size_t i = 0; i < 4; ++i) {
      const Verdict verdict = judged(review(pods[i]));
      const Node pod = verdict.patch.empty() ? last.pod : patched(last.pod, verdict.patch);
      const Node* labels = at(pod, "metadata.labels");
      EXPECT_EQ(labels ? labels->find(deploy::kInjectedLabel)->text() : "", wanted[i])
          << by_namespace << " and " << pods[i];
    }
  }
}

TEST_F(AdmissionTest, SaysWhyThereIsNone) {
  const auto why = [&](const std::string& asks) {
    const Verdict verdict = judged(review(asks, kOwner));
    EXPECT_EQ(verdict.kind, Kind::missed);
    EXPECT_TRUE(verdict.patch.empty());
    EXPECT_THAT(verdict.warnings, ElementsAre("no sidecar: " + verdict.why));
    return verdict.why;
  };
  EXPECT_EQ(why("true"), "namespace shop has no collector of mode sidecar");
  EXPECT_EQ(why("x"), "there is no collector shop/x of mode sidecar");
  EXPECT_EQ(why("else/x"), "there is no collector else/x of mode sidecar");
  knowledge.broken["shop/x"] = "spec.config is missing";
  EXPECT_EQ(why("true"),
            "namespace shop has no collector of mode sidecar; shop/x cannot be used: spec.config is missing");
  EXPECT_EQ(why("x"),
            "there is no collector shop/x of mode sidecar; shop/x cannot be used: spec.config is missing");
  EXPECT_EQ(why("else/y"), "there is no collector else/y of mode sidecar");
  sidecars.push_back(sidecar("a"));
  sidecars.push_back(sidecar("b"));
  EXPECT_THAT(why("true"), HasSubstr("namespace shop has more than one collector of mode sidecar: name one"));
  sidecars = {sidecar("s", "shop", "volumeMounts: [{name: logs, mountPath: /l}],")};
  EXPECT_EQ(why("s"),
            "Deployment/app: the sidecar mounts the volume \"logs\", and neither the pod nor the CR has it");
  const Regarding about = regarding(last);
  EXPECT_EQ(about.kind, "ReplicaSet");
  EXPECT_EQ(about.name, "app-5d9c");
  EXPECT_EQ(about.uid, "u-rs");
  judged(review("s", R"(,"name":"bare")"));
  EXPECT_EQ(regarding(last).kind, "Pod");
  EXPECT_EQ(regarding(last).name, "bare");
}

TEST_F(AdmissionTest, RefusesWhatIsNoReview) {
  for (const std::string text :
       {"", "{", "[]", "null", "{}",
        R"({"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}})",
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"})",
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null})",
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}})"}) {
    const auto read = read_review(text);
    ASSERT_FALSE(read) << text;
    EXPECT_FALSE(read.error().what.empty()) << text;
  }
  EXPECT_EQ(
      judged(
          R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"kind":"Pod"}}})")
          .why,
      "the pod is no object");
  std::string many =
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"kind":"Pod"},"object":[)";
  for (int i = 0; i < 50'001; ++i) many += "1,";
  EXPECT_EQ(judged(many + "1]}}").why, "the pod has more than 50000 values");
  // Other objects, and pods that cannot be read, pass.
  EXPECT_EQ(
      judged(
          R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"kind":"Node"},"object":{"a":1}}})")
          .kind,
      Kind::untouched);
  EXPECT_EQ(
      judged(
          R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"kind":"Pod"},"object":7}})")
          .kind,
      Kind::missed);
}

}  // namespace
}  // namespace gleaner::extensions::k8s_operator
