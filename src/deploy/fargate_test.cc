#include "deploy/fargate.h"

#include <gmock/gmock.h>

#include <optional>

#include "deploy/testing.h"

namespace gleaner::deploy {
namespace {
using testing::HasSubstr;

constexpr std::int64_t kMi = 1 << 20;

Node containers(const std::string& list) { return doc("{containers: " + list + "}"); }
std::string asking(const std::string& cpu, const std::string& memory, const std::string& more = "") {
  return "{name: a, resources: {requests: {cpu: " + cpu + ", memory: " + memory + "}}" + more + "}";
}

struct Row {
  std::int64_t cpu, mi;
  std::string size;
};
TEST(Fargate, Sizes) {
  // Source: spec/fargate.md 1.1; the page's own example is 1 vCPU and 8 GB.
  for (const auto& [cpu, mi, size] : std::vector<Row>{{0, 0, "0.25 vCPU, 0.5 GB"},
                                                      {250, 256, "0.25 vCPU, 0.5 GB"},
                                                      {250, 257, "0.25 vCPU, 1 GB"},
                                                      {200, 1000, "0.25 vCPU, 2 GB"},
                                                      {200, 2000, "0.5 vCPU, 3 GB"},
                                                      {251, 0, "0.5 vCPU, 1 GB"},
                                                      {1000, 8 * 1024, "2 vCPU, 9 GB"},
                                                      {4000, 30 * 1024, "8 vCPU, 32 GB"},
                                                      {16000, 100 * 1024, "16 vCPU, 104 GB"}}) {
    const auto found = size_for({cpu, mi * kMi});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->text(), size);
  }
  EXPECT_FALSE(size_for({16001, 0}));
  EXPECT_FALSE(size_for({0, 120 * 1024 * kMi}));
}

TEST(Fargate, PricesAreThePagesTable) {
  const Price* price = price_of("us-east-1");
  for (const auto& [needs, usd] : std::vector<std::pair<Needs, double>>{{{200, 205 * kMi}, 9.01},
                                                                        {{240, 717 * kMi}, 10.63},
                                                                        {{450, 717 * kMi}, 18.02},
                                                                        {{980, 1741 * kMi}, 36.04}})
    EXPECT_NEAR(size_for(needs)->month(*price), usd, 0.006);
  EXPECT_NEAR(size_for({0, 0})->month(*price_of("ap-northeast-1")), 11.25, 0.006);
  EXPECT_EQ(price_of("mars"), nullptr);
}

TEST(Fargate, CountsAsTheScheduler) {
  // KEP-753: the start with the sidecars before it, or the run with all of them.
  const auto needs = pod_needs(doc("{initContainers: [" + asking("300m", "10Mi") + "," +
                                   asking("50m", "10Mi", ", restartPolicy: Always") + "," +
                                   asking("900m", "5Mi") + "], containers: [" + asking("100m", "1Gi") +
                                   ", {name: b, resources: {limits: {cpu: 1}}}]}"));
  ASSERT_TRUE(needs);
  EXPECT_EQ(needs->cpu, 1150);
  EXPECT_EQ(needs->memory, (1024 + 10) * kMi);
  EXPECT_FALSE(pod_needs(containers("[" + asking("much", "1Mi") + "]")));
}

std::string lines(const std::string& app, const std::string& sidecar, bool native = true) {
  const Node its = doc(sidecar);
  const auto made = sizing(containers("[" + app + "]"), "Pod/p", &its, native, *price_of("us-east-1"));
  EXPECT_TRUE(made) << made.error().what;
  return made ? *made : "";
}
TEST(Fargate, SaysWhatToSet) {
  EXPECT_THAT(lines(asking("200m", "205Mi"), asking("10m", "16Mi")),
              HasSubstr("it is free: the class has room for 50m CPU and 51 MiB"));
  EXPECT_THAT(lines(asking("250m", "205Mi"), asking("10m", "16Mi")),
              HasSubstr("to have it free: leave its CPU request out (the application's fills the class; it "
                        "runs on what is idle), "
                        "or let the application ask for 10m CPU less"));
  const auto both = lines(asking("200m", "205Mi"), asking("100m", "128Mi"), false);
  EXPECT_THAT(both, HasSubstr("with sidecar  0.5 vCPU, 1 GB"));
  EXPECT_THAT(both, HasSubstr("9.01 more (100m CPU, 128 MiB, ordinary)"));
  EXPECT_THAT(both, HasSubstr("ask for 50m CPU at most for it and ask for 51 MiB at most for it"));
}

TEST(Fargate, TakesThePodsOwnSidecar) {
  const Node pod = doc("{containers: [" + asking("200m", "205Mi") +
                       ", {name: otc-container, resources: {requests: {cpu: 100m}}}]}");
  const auto made = sizing(pod, "Pod/p", nullptr, false, *price_of("us-east-1"));
  ASSERT_TRUE(made);
  EXPECT_THAT(*made, HasSubstr("Pod/p: asks for 200m CPU, 205 MiB"));
  EXPECT_FALSE(sizing(containers("[]"), "Pod/p", nullptr, false, *price_of("us-east-1")));
}

}  // namespace
}  // namespace gleaner::deploy
