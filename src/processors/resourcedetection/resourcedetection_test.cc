#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <map>

#include "config/yaml.h"
#include "net/server.h"
#include "pipeline/testing.h"
#include "processors/resourcedetection/detectors.h"

namespace gleaner::processors::resourcedetection {
namespace {
using namespace std::chrono_literals;

/// Environment variables until the end of the test.
class With {
 public:
  explicit With(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~With() {
    for (const auto& [name, _] : variables_) ::unsetenv(name.c_str());
  }
  With(const With&) = delete;
  With& operator=(const With&) = delete;

 private:
  const std::map<std::string, std::string> variables_;
};

/// The metadata service of an instance (version 2), or of a task.
class Service final : public net::HttpHandler {
 public:
  std::map<std::string, std::string> pages;
  bool wants_token = true;
  std::size_t asked = 0;
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    ++asked;
    net::HttpResponse response;
    const auto page = pages.find(request.path);
    if (request.path == "/latest/api/token") {
      response.status = !wants_token ? 404 : request.method == "PUT" ? 200 : 405;
      response.body = Chain(Bytes::copy("secret"));
    } else if (wants_token && request.path.starts_with("/latest") &&
               request.headers.get("x-aws-ec2-metadata-token") != "secret") {
      response.status = 401;
    } else if (page == pages.end()) {
      response.status = 404;
    } else {
      response.body = Chain(Bytes::copy(page->second));
    }
    co_return response;
  }
};

class Detection : public testing::Test {
 protected:
  void SetUp() override {
    net::HttpServerOptions at;
    at.listen.endpoint = "127.0.0.1:0";
    server = std::move(*net::Server::http(loop, at, service));
    server->start();
    url = "http://" + server->address().text();
    http = net::HttpClient::make(loop, {});
    service.pages["/latest/dynamic/instance-identity/document"] =
        R"({"accountId":"123","availabilityZone":"us-west-2b","imageId":"ami-1","instanceId":"i-1","instanceType":"t3.micro","region":"us-west-2"})";
    service.pages["/latest/meta-data/hostname"] = "ip-10-0-0-1.ec2.internal\n";
    service.pages["/latest/meta-data/tags/instance"] = "Name\nteam\nother";
    service.pages["/latest/meta-data/tags/instance/team"] = "blue";
    service.pages["/latest/meta-data/tags/instance/Name"] = "n";
  }
  void TearDown() override {
    loop.run_until_done(http->stop());
    loop.run_until_done(join());
    loop.run_until_done(server->stop(loop.now() + 5s));
  }
  Task<> join() { co_await background.join(); }

  /// What a detector finds, as JSON, or its error.
  std::string found(const std::string& detector, const std::string& yaml) {
    config::Problems problems;
    const auto config = config::decode<Config>(*config::parse_yaml(yaml, "c"), "p", problems);
    EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
    Context context = bench.context;
    const Context here{loop, context.logger, context.metrics, context.memory, "resource_detection", "0", {},
                       {}};
    const Tools tools{config, here, *http, background};
    Detected into;
    const auto ok = loop.run_until_done(detect(detector, tools, loop.now() + 5s, into));
    return ok ? pdata::as_text(pdata::Value::map(&into.attributes)) : "error: " + ok.error().what;
  }

  testing_support::Bench bench;
  Loop loop;
  Service service;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<net::HttpClient> http;
  Gate background;
  std::string url;
};

TEST_F(Detection, Env) {
  const With with({{"OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=x%20y"}});
  EXPECT_EQ(found("env", "{}"), R"({"a":"b","service.name":"x y"})");
  ::setenv("OTEL_RESOURCE_ATTRIBUTES", "oops", 1);
  EXPECT_TRUE(found("env", "{}").starts_with("error: invalid resource format"));
}

TEST_F(Detection, Lambda) {
  EXPECT_EQ(found("lambda", "{}"), "{}");
  const With with({{"AWS_LAMBDA_FUNCTION_NAME", "f"},
                   {"AWS_REGION", "us-west-2"},
                   {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"},
                   {"AWS_LAMBDA_LOG_STREAM_NAME", "s"}});
  EXPECT_EQ(
      found("lambda", "{lambda: {resource_attributes: {faas.instance: {enabled: false}}}}"),
      R"({"aws.log.stream.names":["s"],"cloud.platform":"aws_lambda","cloud.provider":"aws","cloud.region":"us-west-2","faas.max_memory":134217728,"faas.name":"f"})");
}

TEST_F(Detection, Ec2) {
  const With with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", url + "/"}});
  const std::string all =
      R"({"cloud.account.id":"123","cloud.availability_zone":"us-west-2b","cloud.platform":"aws_ec2","cloud.provider":"aws","cloud.region":"us-west-2",)";
  EXPECT_EQ(
      found("ec2", "{ec2: {tags: ['^team$'], tags_from_imds: true}}"),
      all +
          R"("ec2.tag.team":"blue","host.id":"i-1","host.image.id":"ami-1","host.name":"ip-10-0-0-1.ec2.internal","host.type":"t3.micro"})");
  service.wants_token = false;  // an old service
  EXPECT_EQ(found("ec2", "{ec2: {resource_attributes: {host.name: {enabled: false}}}}"),
            all + R"("host.id":"i-1","host.image.id":"ami-1","host.type":"t3.micro"})");
}

TEST_F(Detection, Ec2WithoutAService) {
  const With with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}});
  EXPECT_EQ(found("ec2", "{}"), "{}");
  EXPECT_EQ(found("ec2", "{ec2: {fail_on_missing_metadata: true, max_attempts: 1}}"),
            "error: EC2 metadata is unavailable");
}

TEST_F(Detection, Ecs) {
  EXPECT_EQ(found("ecs", "{}"), "{}");
  const With with({{"ECS_CONTAINER_METADATA_URI_V4", url + "/v4/x"}});
  service.pages["/v4/x"] = R"({"DockerId":"self"})";
  service.pages["/v4/x/task"] =
      R"({"Cluster":"c","TaskARN":"arn:aws:ecs:us-west-2:123:task/c/abc","Family":"f","Revision":"2","AvailabilityZone":"z","LaunchType":"FARGATE","Containers":[)"
      R"({"DockerId":"self","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs","LogOptions":{"awslogs-group":"own"}},)"
      R"({"DockerId":"b","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs","LogOptions":{"awslogs-group":"g","awslogs-stream":"s","awslogs-region":"us-west-2"}}]})";
  EXPECT_EQ(
      found("ecs", "{}"),
      R"({"aws.ecs.cluster.arn":"arn:aws:ecs:us-west-2:123:cluster/c","aws.ecs.launchtype":"fargate","aws.ecs.task.arn":"arn:aws:ecs:us-west-2:123:task/c/abc","aws.ecs.task.family":"f","aws.ecs.task.id":"abc","aws.ecs.task.revision":"2","aws.log.group.arns":["arn:aws:logs:us-west-2:123:log-group:g"],"aws.log.group.names":["g"],"aws.log.stream.arns":["arn:aws:logs:us-west-2:123:log-group:g:log-stream:s"],"aws.log.stream.names":["s"],"cloud.account.id":"123","cloud.availability_zone":"z","cloud.platform":"aws_ecs","cloud.provider":"aws","cloud.region":"us-west-2"})");
  service.pages.erase("/v4/x/task");
  EXPECT_TRUE(found("ecs", "{}").starts_with("error: GET " + url + "/v4/x/task: 404"));
}

constexpr const char* kAllOfEks =
    "{eks: {resource_attributes: {cloud.region: {enabled: true}, cloud.availability_zone: {enabled: true}, "
    "cloud.account.id: {enabled: true}, host.id: {enabled: true}, host.name: {enabled: true}, "
    "k8s.cluster.name: "
    "{enabled: true}}}}";

TEST_F(Detection, EksOnFargateAsksNoMetadataService) {
  const With with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", url},
                   {"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
                   {"KUBERNETES_SERVICE_PORT", "1"},
                   {"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"},
                   {"CLUSTER_NAME", "prod"},
                   {"NODE_NAME", "fargate-ip-10-0-1-2.us-west-2.compute.internal"}});
  EXPECT_EQ(
      found("eks", kAllOfEks),
      R"({"cloud.platform":"aws_eks","cloud.provider":"aws","cloud.region":"us-west-2","host.name":"fargate-ip-10-0-1-2.us-west-2.compute.internal","k8s.cluster.name":"prod"})");
  EXPECT_EQ(service.asked, 0u);
}

TEST_F(Detection, EksOnAnInstance) {
  const With with(
      {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", url},
       {"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
       {"KUBERNETES_SERVICE_PORT", "1"},
       {"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}});
  EXPECT_EQ(
      found("eks", kAllOfEks),
      R"({"cloud.account.id":"123","cloud.availability_zone":"us-west-2b","cloud.platform":"aws_eks","cloud.provider":"aws","cloud.region":"us-west-2","host.id":"i-1","host.name":"ip-10-0-0-1.ec2.internal"})");
  EXPECT_EQ(found("eks", "{}"), R"({"cloud.platform":"aws_eks","cloud.provider":"aws"})");
}

TEST_F(Detection, NoEks) { EXPECT_EQ(found("eks", kAllOfEks), "{}"); }

TEST_F(Detection, NodeByItsVariable) {
  EXPECT_TRUE(found("k8snode", "{}").starts_with("error: the node's name is not known: set K8S_NODE_NAME"));
  const With with({{"MY_NODE", "n1"}});
  EXPECT_EQ(
      found("k8s_api",
            "{k8s_api: {node_from_env_var: MY_NODE, resource_attributes: {k8s.node.uid: {enabled: false}, "
            "k8s.cluster.uid: {enabled: false}}}}"),
      R"({"k8s.node.name":"n1"})");
  // Without an API server the name stays, unless told otherwise.
  EXPECT_EQ(found("k8s_api", "{k8s_api: {node_from_env_var: MY_NODE}}"), R"({"k8s.node.name":"n1"})");
  EXPECT_TRUE(found("k8s_api", "{fail_on_missing_metadata: true, k8s_api: {node_from_env_var: MY_NODE}}")
                  .starts_with("error: k8s.node.uid: unable to load k8s config"));
}

TEST_F(Detection, System) {
  const auto got = found(
      "system", "{system: {hostname_sources: [os], resource_attributes: {host.arch: {enabled: true}}}}");
  char name[256] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  EXPECT_NE(got.find(std::string(R"("host.name":")") + name + '"'), std::string::npos) << got;
  EXPECT_NE(got.find(R"("os.type":"linux")"), std::string::npos);
  EXPECT_NE(got.find(R"("host.arch":)"), std::string::npos);
  EXPECT_EQ(got.find("os.name"), std::string::npos);
  const auto more =
      found("system",
            "{system: {resource_attributes: {os.description: {enabled: true}, host.ip: {enabled: true}, "
            "host.cpu.model.name: {enabled: true}, host.interface: {enabled: true}}}}");
  EXPECT_NE(more.find(R"("os.description":)"), std::string::npos) << more;
}

}  // namespace
}  // namespace gleaner::processors::resourcedetection
