#include "processors/resourcedetection/documents.h"

#include <gtest/gtest.h>

#include "config/yaml.h"
#include "pdata/value.h"
#include "processors/resourcedetection/config.h"

namespace gleaner::processors::resourcedetection {
namespace {

TEST(Documents, InstanceIdentity) {
  Arena arena;
  const auto read = read_instance_identity(
      R"({"accountId":"123","architecture":"x86_64","availabilityZone":"us-west-2b","billingProducts":null,)"
      R"("imageId":"ami-1","instanceId":"i-1","instanceType":"t3.micro","region":"us-west-2"})",
      arena);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->account, "123");
  EXPECT_EQ(read->zone, "us-west-2b");
  EXPECT_EQ(read->image, "ami-1");
  EXPECT_EQ(read->instance, "i-1");
  EXPECT_EQ(read->type, "t3.micro");
  EXPECT_EQ(read->region, "us-west-2");
  EXPECT_FALSE(read_instance_identity("<html>", arena));
  EXPECT_FALSE(read_instance_identity(R"({"region":5})", arena));
}

TEST(Documents, EcsTask) {
  Arena arena;
  const auto task = read_ecs_task(
      R"({"Cluster":"default","TaskARN":"arn:aws:ecs:us-west-2:111122223333:task/default/158d","Family":"curl",)"
      R"("Revision":"26","AvailabilityZone":"us-west-2d","LaunchType":"FARGATE","Limits":{"CPU":0.25},)"
      R"("Containers":[{"DockerId":"a","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs",)"
      R"("LogOptions":{"awslogs-group":"/ecs/g","awslogs-region":"us-west-2","awslogs-stream":"ecs/curl/1"}},{"DockerId":"b"}]})",
      arena);
  ASSERT_TRUE(task) << task.error().what;
  EXPECT_EQ(task->family, "curl");
  EXPECT_EQ(task->launch_type, "FARGATE");
  ASSERT_EQ(task->containers.size(), 2u);
  EXPECT_EQ(task->containers[0].log_group, "/ecs/g");
  EXPECT_EQ(task->containers[0].log_stream, "ecs/curl/1");
  const Arn arn = read_arn(task->arn);
  EXPECT_EQ(arn.region, "us-west-2");
  EXPECT_EQ(arn.account, "111122223333");
  EXPECT_EQ(arn.resource, "task/default/158d");
  EXPECT_EQ(read_arn("nothing").region, "");
}

TEST(Places, ByTokensAndNames) {
  // {"iss":"https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"}
  const std::string token =
      "e30.eyJpc3MiOiJodHRwczovL29pZGMuZWtzLmV1LXdlc3QtMS5hbWF6b25hd3MuY29tL2lkL0FCQyJ9.c2ln";
  EXPECT_EQ(token_issuer(token), "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC");
  EXPECT_EQ(eks_region(token_issuer(token)), "eu-west-1");
  for (const char* bad : {"", "a.b", "a.!!.c", "e30.W10.x"}) EXPECT_EQ(token_issuer(bad), "") << bad;
  EXPECT_EQ(eks_region("https://kubernetes.default.svc"), "");
  EXPECT_EQ(node_region("fargate-ip-10-0-1-2.us-west-2.compute.internal"), "us-west-2");
  EXPECT_EQ(node_region("ip-10-0-1-2.eu-central-1.compute.internal"), "eu-central-1");
  EXPECT_EQ(node_region("ip-10-0-1-2.ec2.internal"), "");
  EXPECT_EQ(node_region("minikube"), "");
  EXPECT_TRUE(is_fargate("fargate-ip-10-0-1-2.us-west-2.compute.internal"));
}

TEST(ResourceAttributes, AreAListOfPairs) {
  struct Case {
    std::string_view text, want;
  };
  for (const auto& [text, want] : {Case{"", ""}, Case{"a=b", "a=b;"}, Case{" a = b , c=d=e,", "a=b;c=d=e;"},
                                   Case{"a=x%20y%2C+z", "a=x y, z;"}, Case{"a=", "a=;"}}) {
    const auto read = read_resource_attributes(text);
    ASSERT_TRUE(read) << text;
    std::string got;
    for (const auto& [key, value] : *read) got += key + "=" + value + ";";
    EXPECT_EQ(got, want) << text;
  }
  for (const char* bad : {"a", "=b", "a=%2", "a=b,c"}) {
    const auto read = read_resource_attributes(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_NE(read.error().what.find("invalid resource format"), std::string::npos);
  }
}

TEST(Config, SaysWhatIsWrong) {
  struct Bad {
    const char *yaml, *what;
  };
  for (const auto& [yaml, what] :
       {Bad{"detectors: [env, gcp]", "detector gcp is not built into gleaner"},
        Bad{"detectors: [envv]", "invalid detector key: envv"},
        Bad{"system: {hostname_sources: [dnss]}", "hostname_sources contains invalid value"},
        Bad{"ec2: {tags: ['(']}", "missing"}, Bad{"timeout: 0s", "both 0"},
        Bad{"eks: {resource_attributes: {cloud.regio: {enabled: true}}}", "cloud.regio"}}) {
    config::Problems problems;
    (void)config::decode<Config>(*config::parse_yaml(yaml, "c"), "p", problems);
    EXPECT_NE(problems.errors_text().find(what), std::string::npos) << yaml << ": " << problems.errors_text();
  }
}

}  // namespace
}  // namespace gleaner::processors::resourcedetection
