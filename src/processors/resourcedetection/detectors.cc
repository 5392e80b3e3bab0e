#include "processors/resourcedetection/detectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "k8s/client.h"
#include "k8s/object.h"
#include "k8s/watch_frames.h"
#include "net/http1.h"
#include "processors/resourcedetection/documents.h"

namespace gleaner::processors::resourcedetection {
namespace {

constexpr std::size_t kMaxDocument = 1 << 20;

}  // namespace

bool Findings::wants(std::string_view name) const {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].name == name) return toggles_[i].enabled;
  return false;
}
void Findings::set(std::string_view name, std::string_view value) {
  if (!value.empty() && wants(name))
    into_.attributes.set(into_.arena, into_.arena.copy(name), pdata::Value::string(into_.arena.copy(value)));
}
void Findings::set(std::string_view name, std::int64_t value) {
  if (wants(name)) into_.attributes.set(into_.arena, into_.arena.copy(name), pdata::Value::integer(value));
}
void Findings::set(std::string_view name, const std::vector<std::string>& list) {
  if (list.empty() || !wants(name)) return;
  pdata::Value value = pdata::Value::new_array(into_.arena);
  for (const auto& one : list)
    value.as_array().push_back(into_.arena, pdata::Value::string(into_.arena.copy(one)));
  into_.attributes.set(into_.arena, into_.arena.copy(name), value);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}
std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (auto value = environment(name); !value.empty()) return value;
  return {};
}
std::string node_name() {
  return environment({"K8S_NODE_NAME", "NODE_NAME", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME"});
}

Task<Result<std::string>> fetch(const Tools& tools, net::HttpCall call) {
  const std::string what = call.method + " " + call.url;
  call.max_response = kMaxDocument;
  call.truncate = false;
  auto reply = co_await tools.http.send(std::move(call));
  if (!reply) co_return fail(std::move(reply.error()));
  if (reply->status != 200)
    co_return fail(Fault::retryable,
                   fmt::format("{}: {} {}", what, reply->status, net::http_reason(reply->status)));
  co_return std::string(reply->body.flat().view());
}

Task<Result<std::string>> ask_api(const Tools& tools, ApiUser user, std::string path, TimePoint deadline) {
  k8s::ClientOptions options;
  options.auth = k8s::auth_type_named(user.auth_type).value_or(k8s::AuthType::service_account);
  options.context = user.context;
  options.user_agent = "gleaner/" + tools.context.version;
  auto client = k8s::Client::api_server(tools.context.loop, std::move(options));
  if (!client) co_return fail(std::move(client.error()));
  auto answer = co_await (*client)->ask_for(path, deadline);
  co_await (*client)->stop();
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->status != 200)
    co_return fail(Fault::retryable,
                   fmt::format("GET {}: {} {}: {}", path, answer->status, net::http_reason(answer->status),
                               k8s::read_status(answer->body.view()).message));
  co_return std::string(answer->body.view());
}

Task<Result<>> detect_env(const Tools&, Detected& into) {
  auto read = read_resource_attributes(environment({"OTEL_RESOURCE_ATTRIBUTES", "OTEL_RESOURCE"}));
  if (!read) co_return fail(std::move(read.error()));
  for (const auto& [key, value] : *read)
    into.attributes.set(into.arena, into.arena.copy(key), pdata::Value::string(into.arena.copy(value)));
  co_return Result<>();
}

Task<Result<>> detect_lambda(const Tools& tools, Detected& into) {
  Findings to(tools.config.lambda.resource_attributes, into);
  const std::string name = environment("AWS_LAMBDA_FUNCTION_NAME");
  if (name.empty()) {
    if (tools.config.lambda.fail_on_missing_metadata || tools.config.fail_on_missing_metadata)
      co_return fail(Fault::config, "AWS_LAMBDA_FUNCTION_NAME is not set");
    co_return Result<>();
  }
  to.set("cloud.provider", "aws");
  to.set("cloud.platform", "aws_lambda");
  to.set("cloud.region", environment("AWS_REGION"));
  to.set("faas.name", name);
  to.set("faas.version", environment("AWS_LAMBDA_FUNCTION_VERSION"));
  const std::string stream = environment("AWS_LAMBDA_LOG_STREAM_NAME"),
                    group = environment("AWS_LAMBDA_LOG_GROUP_NAME");
  to.set("faas.instance", stream);
  if (!group.empty()) to.set("aws.log.group.names", std::vector<std::string>{group});
  if (!stream.empty()) to.set("aws.log.stream.names", std::vector<std::string>{stream});
  const std::string memory = environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
  std::int64_t mib = 0;
  const auto read = std::from_chars(memory.data(), memory.data() + memory.size(), mib);
  if (read.ec == std::errc() && mib > 0 && mib < 1 << 20) to.set("faas.max_memory", mib << 20);
  co_return Result<>();
}

Task<Result<>> detect_node(const Tools& tools, TimePoint deadline, Detected& into) {
  const auto& config = tools.config.node;
  Findings to(config.resource_attributes, into);
  const ApiUser user{config.auth_type, config.context};
  std::string name = environment(config.node_from_env_var.c_str());
  if (name.empty())
    co_return fail(Fault::config,
                   fmt::format("the node's name is not known: set {} by the Downward API (fieldRef "
                               "spec.nodeName)",
                               config.node_from_env_var));
  to.set("k8s.node.name", name);
  const bool fails = config.fail_on_missing_metadata || tools.config.fail_on_missing_metadata;
  const std::pair<std::string_view, std::string> asked[] = {
      {"k8s.node.uid", "/api/v1/nodes/" + name}, {"k8s.cluster.uid", "/api/v1/namespaces/kube-system"}};
  for (const auto& [attribute, path] : asked) {
    if (!to.wants(attribute)) continue;
    auto body = co_await ask_api(tools, user, path, deadline);
    Arena arena;
    Result<k8s::Object> object = fail(Fault::retryable, "");
    if (body)
      object = k8s::read_object(*body, arena);
    else
      object = fail(std::move(body.error()));
    if (!object && fails) co_return fail(std::move(object.error()).in(std::string(attribute)));
    if (!object)
      tools.context.logger.warn("an attribute is left out",
                                {{"attribute", attribute}, {"error", object.error().what}});
    else
      to.set(attribute, object->uid);
  }
  co_return Result<>();
}

Task<Result<>> detect(std::string name, const Tools& tools, TimePoint deadline, Detected& into) {
  if (name == "env") co_return co_await detect_env(tools, into);
  if (name == "lambda") co_return co_await detect_lambda(tools, into);
  if (name == "system") co_return co_await detect_system(tools, deadline, into);
  if (name == "ec2") co_return co_await detect_ec2(tools, deadline, into);
  if (name == "ecs") co_return co_await detect_ecs(tools, deadline, into);
  if (name == "eks") co_return co_await detect_eks(tools, deadline, into);
  co_return co_await detect_node(tools, deadline, into);
}

}  // namespace gleaner::processors::resourcedetection
