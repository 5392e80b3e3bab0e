#include "k8s/api_objects.h"

#include <gtest/gtest.h>

#include "k8s/testing.h"

namespace gleaner::k8s {
namespace {

TEST(ApiObjects, NodeCapacity) {
  Arena arena;
  const auto recorded = read_node_capacity(testing_support::recorded("node.json"), arena);
  ASSERT_TRUE(recorded) << recorded.error().what;
  EXPECT_GT(recorded->cores, 0);
  EXPECT_GT(recorded->memory, 1 << 20);
  const auto small =
      read_node_capacity(R"({"status":{"capacity":{"cpu":"1930500u","memory":"7Gi"}}})", arena);
  ASSERT_TRUE(small);
  EXPECT_DOUBLE_EQ(small->cores, 1.931);
  EXPECT_EQ(small->memory, std::int64_t{7} << 30);
  EXPECT_EQ(read_node_capacity("{}", arena)->memory, 0);
  EXPECT_FALSE(read_node_capacity("", arena));
}

TEST(ApiObjects, ClaimsAndVolumes) {
  Arena arena;
  EXPECT_EQ(*read_claim_volume(R"({"spec":{"volumeName":"pv-1","x":{}}})", arena), "pv-1");
  EXPECT_EQ(*read_claim_volume(R"({"spec":{}})", arena), "");
  const auto ebs = read_persistent_volume(
      R"({"spec":{"capacity":{},"awsElasticBlockStore":{"volumeID":"aws://a/vol-1","fsType":"ext4","partition":2}}})",
      arena);
  ASSERT_TRUE(ebs);
  EXPECT_EQ(ebs->type, "awsElasticBlockStore");
  EXPECT_EQ(ebs->volume_id, "aws://a/vol-1");
  EXPECT_EQ(ebs->partition, "2");
  EXPECT_EQ(read_persistent_volume(R"({"spec":{"csi":{"driver":"d"}}})", arena)->type, "");
}

}  // namespace
}  // namespace gleaner::k8s
