// EC2, ECS and EKS. Source: spec/collector.md 6.8, spec/fargate.md 1.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/small_file.h"
#include "k8s/object.h"
#include "k8s/token_file.h"
#include "processors/resourcedetection/detectors.h"
#include "processors/resourcedetection/documents.h"
#include "text/regex.h"

namespace gleaner::processors::resourcedetection {
namespace {

using namespace std::chrono_literals;

// The service is one hop away: it answers at once or not at all.
constexpr Duration kOneAttempt = 1s;
constexpr Duration kFirstWait = 100ms;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  return text;
}

/// Sets what an instance's identity says.
void set_identity(Findings& to, const InstanceIdentity& identity) {
  to.set("cloud.region", identity.region);
  to.set("cloud.account.id", identity.account);
  to.set("cloud.availability_zone", identity.zone);
  to.set("host.id", identity.instance);
  to.set("host.image.id", identity.image);
  to.set("host.type", identity.type);
}

Task<Result<>> set_tags(InstanceMetadata& service, const Ec2Config& config, TimePoint deadline,
                        Findings& to) {
  std::vector<text::Regex> wanted;
  for (const auto& tag : config.tags) {
    auto regex = text::Regex::compile(tag);
    if (!regex) co_return fail(std::move(regex.error()));
    wanted.push_back(std::move(*regex));
  }
  auto keys = co_await service.get("/latest/meta-data/tags/instance", deadline);
  if (!keys)
    co_return fail(std::move(keys.error()).in("tags (the instance must allow them in its metadata)"));
  std::string_view rest = *keys;
  while (!rest.empty()) {
    const auto key = trimmed(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(
        std::min(rest.size(), rest.find('\n') == rest.npos ? rest.size() : rest.find('\n') + 1));
    if (key.empty() ||
        std::none_of(wanted.begin(), wanted.end(), [&](const text::Regex& one) { return one.search(key); }))
      continue;
    auto value = co_await service.get("/latest/meta-data/tags/instance/" + std::string(key), deadline);
    if (!value) co_return fail(std::move(value.error()));
    Detected& all = to.all();
    all.attributes.set(all.arena, all.arena.copy("ec2.tag." + std::string(key)),
                       pdata::Value::string(all.arena.copy(trimmed(*value))));
  }
  co_return Result<>();
}

/// Whether this is a cluster of EKS, by what it gives to pods. `issuer` gets who signed the service account's
/// token.
bool looks_like_eks(std::string& issuer) {
  if (auto token = read_small_file(std::string(k8s::kServiceAccount) + "/token"); token)
    issuer = token_issuer(*token);
  const std::string web_identity = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (eks_region(issuer).empty() && !web_identity.empty())
    if (auto token = read_small_file(web_identity); token)
      if (auto other = token_issuer(*token); !eks_region(other).empty()) issuer = std::move(other);
  return !eks_region(issuer).empty() || web_identity.find("eks.amazonaws.com") != std::string::npos ||
         environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").find("eks-pod-identity") != std::string::npos;
}

}  // namespace

InstanceMetadata::InstanceMetadata(const Tools& tools)
    : tools_(tools), endpoint_([] {
        auto given = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        while (given.ends_with('/')) given.pop_back();
        return given.empty() ? std::string("http://169.254.169.254") : given;
      }()) {}

Task<bool> InstanceMetadata::open(TimePoint deadline) {
  if (environment("AWS_EC2_METADATA_DISABLED") == "true") co_return false;
  Duration wait = kFirstWait;
  Timer timer(tools_.context.loop);
  const auto& config = tools_.config.ec2;
  for (std::uint64_t attempt = 0; attempt < std::max<std::uint64_t>(config.max_attempts, 1); ++attempt) {
    if (attempt > 0) {
      if (tools_.context.loop.now() + wait >= deadline) break;
      (void)co_await timer.sleep(wait);
      wait = std::min(wait * 2, config.max_backoff);
    }
    net::HttpCall call;
    call.method = "PUT";
    call.url = endpoint_ + "/latest/api/token";
    call.headers.add("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    call.deadline = std::min(deadline, tools_.context.loop.now() + kOneAttempt);
    auto reply = co_await tools_.http.send(std::move(call));
    if (!reply) continue;
    if (reply->status == 200) token_ = trimmed(reply->body.flat().view());
    if (reply->status < 500) co_return true;  // 403, 404, 405: an old service, which asks for no token
  }
  co_return false;
}

Task<Result<std::string>> InstanceMetadata::get(std::string path, TimePoint deadline) {
  net::HttpCall call;
  call.method = "GET";
  call.url = endpoint_ + path;
  if (!token_.empty()) call.headers.add("x-aws-ec2-metadata-token", token_);
  call.deadline = deadline;
  co_return co_await fetch(tools_, std::move(call));
}

Task<Result<>> detect_ec2(const Tools& tools, TimePoint deadline, Detected& into) {
  const auto& config = tools.config.ec2;
  Findings to(config.resource_attributes, into);
  InstanceMetadata service(tools);
  if (!co_await service.open(deadline)) {
    if (config.fail_on_missing_metadata || tools.config.fail_on_missing_metadata)
      co_return fail(Fault::retryable, "EC2 metadata is unavailable");
    tools.context.logger.debug("EC2 metadata is unavailable: not on an instance");
    co_return Result<>();
  }
  auto document = co_await service.get("/latest/dynamic/instance-identity/document", deadline);
  if (!document) co_return fail(std::move(document.error()).in("failed getting identity document"));
  Arena arena;
  auto identity = read_instance_identity(*document, arena);
  if (!identity) co_return fail(std::move(identity.error()).in("failed getting identity document"));
  to.set("cloud.provider", "aws");
  to.set("cloud.platform", "aws_ec2");
  set_identity(to, *identity);
  if (to.wants("host.name")) {
    auto name = co_await service.get("/latest/meta-data/hostname", deadline);
    if (!name) co_return fail(std::move(name.error()).in("failed getting hostname"));
    to.set("host.name", trimmed(*name));
  }
  if (config.tags.empty()) co_return Result<>();
  auto tagged = co_await set_tags(service, config, deadline, to);
  if (!tagged)
    tools.context.logger.warn("failed fetching ec2 instance tags", {{"error", tagged.error().what}});
  co_return Result<>();
}

Task<Result<>> detect_ecs(const Tools& tools, TimePoint deadline, Detected& into) {
  Findings to(tools.config.ecs.resource_attributes, into);
  const bool fails = tools.config.ecs.fail_on_missing_metadata || tools.config.fail_on_missing_metadata;
  const std::string endpoint = environment({"ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"});
  if (endpoint.empty()) {
    if (fails) co_return fail(Fault::config, "ECS_CONTAINER_METADATA_URI_V4 is not set");
    co_return Result<>();  // not in ECS
  }
  const auto ask = [&](const char* path) {
    net::HttpCall call;
    call.method = "GET";
    call.url = endpoint + path;
    call.deadline = deadline;
    return call;
  };
  auto task_text = co_await fetch(tools, ask("/task"));
  if (!task_text) co_return fail(std::move(task_text.error()));
  Arena arena;
  auto task = read_ecs_task(*task_text, arena);
  if (!task) co_return fail(std::move(task.error()));

  const Arn arn = read_arn(task->arn);
  to.set("cloud.provider", "aws");
  to.set("cloud.platform", "aws_ecs");
  to.set("cloud.region", arn.region);
  to.set("cloud.account.id", arn.account);
  to.set("cloud.availability_zone", task->zone);
  to.set("aws.ecs.task.arn", task->arn);
  to.set("aws.ecs.task.family", task->family);
  to.set("aws.ecs.task.revision", task->revision);
  if (const auto slash = arn.resource.rfind('/'); slash != std::string_view::npos)
    to.set("aws.ecs.task.id", arn.resource.substr(slash + 1));
  if (task->cluster.starts_with("arn:") || arn.region.empty())
    to.set("aws.ecs.cluster.arn", task->cluster);
  else
    to.set("aws.ecs.cluster.arn",
           fmt::format("arn:aws:ecs:{}:{}:cluster/{}", arn.region, arn.account, task->cluster));
  std::string launch(task->launch_type);
  for (char& c : launch) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (launch == "ec2" || launch == "fargate") to.set("aws.ecs.launchtype", launch);

  // Logs are those of the other containers: without knowing which one is this, none are told.
  auto self_text = co_await fetch(tools, ask(""));
  if (!self_text && fails) co_return fail(std::move(self_text.error()));
  if (!self_text) co_return Result<>();
  auto self = read_ecs_container(*self_text, arena);
  if (!self) co_return fail(std::move(self.error()));
  std::vector<std::string> groups, group_arns, streams, stream_arns;
  const auto add = [](std::vector<std::string>& list, std::string text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
  };
  for (const auto& one : task->containers) {
    if (one.type != "NORMAL" || one.status != "RUNNING" || one.log_driver != "awslogs" ||
        one.docker_id == self->docker_id || one.log_group.empty())
      continue;
    const std::string group_arn =
        fmt::format("arn:aws:logs:{}:{}:log-group:{}", one.log_region, arn.account, one.log_group);
    add(groups, std::string(one.log_group));
    add(group_arns, group_arn);
    if (one.log_stream.empty()) continue;
    add(streams, std::string(one.log_stream));
    add(stream_arns, fmt::format("{}:log-stream:{}", group_arn, one.log_stream));
  }
  to.set("aws.log.group.names", groups);
  to.set("aws.log.group.arns", group_arns);
  to.set("aws.log.stream.names", streams);
  to.set("aws.log.stream.arns", stream_arns);
  co_return Result<>();
}

Task<Result<>> detect_eks(const Tools& tools, TimePoint deadline, Detected& into) {
  const auto& config = tools.config.eks;
  Findings to(config.resource_attributes, into);
  if (environment("KUBERNETES_SERVICE_HOST").empty()) co_return Result<>();
  std::string issuer;
  if (!looks_like_eks(issuer)) {
    auto version = co_await ask_api(tools, {}, "/version", deadline);
    if (!version || version->find("-eks-") == std::string::npos) co_return Result<>();
  }
  to.set("cloud.provider", "aws");
  to.set("cloud.platform", "aws_eks");
  to.set("k8s.cluster.name", environment({"CLUSTER_NAME", "EKS_CLUSTER_NAME"}));

  std::string node = config.node_from_env_var.empty() ? "" : environment(config.node_from_env_var.c_str());
  if (node.empty()) node = node_name();
  std::string region = environment({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (const auto known = eks_region(issuer); !known.empty()) region = known;
  if (const auto known = node_region(node); !known.empty()) region = known;
  to.set("cloud.region", region);

  const bool of_instance = to.wants("cloud.account.id") || to.wants("host.id") || to.wants("host.image.id") ||
                           to.wants("host.type");
  const bool of_place = to.wants("cloud.availability_zone") || (to.wants("cloud.region") && region.empty()) ||
                        to.wants("host.name");
  bool instance_known = false;
  // Fargate has no metadata service: nothing there waits for one.
  if (!is_fargate(node) && (of_instance || of_place)) {
    InstanceMetadata service(tools);
    if (co_await service.open(deadline)) {
      auto document = co_await service.get("/latest/dynamic/instance-identity/document", deadline);
      Arena arena;
      Result<InstanceIdentity> identity = fail(Fault::retryable, "");
      if (document) identity = read_instance_identity(*document, arena);
      if (identity) {
        set_identity(to, *identity);
        instance_known = true;
        if (to.wants("host.name"))
          if (auto name = co_await service.get("/latest/meta-data/hostname", deadline); name)
            to.set("host.name", trimmed(*name));
      }
    }
    if (!instance_known && of_instance &&
        (config.fail_on_missing_metadata || tools.config.fail_on_missing_metadata))
      co_return fail(Fault::retryable, "EC2 metadata is unavailable");
  }
  const bool cluster_unknown = to.wants("k8s.cluster.name") && !into.attributes.find("k8s.cluster.name");
  const bool by_node = !node.empty() && ((!instance_known && (of_instance || of_place)) || cluster_unknown);
  if (!by_node) co_return Result<>();
  // What the node's object says; without the right to read it, as much as is known anyway.
  if (!instance_known) to.set("host.name", node);
  auto body = co_await ask_api(tools, {}, "/api/v1/nodes/" + node, deadline);
  if (!body) {
    tools.context.logger.debug("the node cannot be read", {{"error", body.error().what}});
    co_return Result<>();
  }
  Arena arena;
  auto object = k8s::read_object(*body, arena);
  if (!object) co_return Result<>();
  for (const char* label : {"alpha.eksctl.io/cluster-name", "eks.amazonaws.com/cluster-name"})
    if (cluster_unknown) to.set("k8s.cluster.name", object->label(label));
  if (instance_known) co_return Result<>();
  to.set("cloud.availability_zone", object->label("topology.kubernetes.io/zone"));
  to.set("cloud.region", object->label("topology.kubernetes.io/region"));
  to.set("host.type", object->label("node.kubernetes.io/instance-type"));
  // "aws:///us-west-2a/i-0abc"; on Fargate the end names no instance.
  const auto slash = object->provider_id.rfind('/');
  if (slash != std::string_view::npos && object->provider_id.substr(slash + 1).starts_with("i-"))
    to.set("host.id", object->provider_id.substr(slash + 1));
  co_return Result<>();
}

}  // namespace gleaner::processors::resourcedetection
