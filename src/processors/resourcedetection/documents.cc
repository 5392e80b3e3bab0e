#include "processors/resourcedetection/documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8s/json_cursor.h"
#include "pdata/value.h"

namespace gleaner::processors::resourcedetection {
namespace {
using k8s::JsonCursor;

struct Wanted {
  std::string_view key;
  std::string_view* to;
};

/// Reads the texts of an object that are asked for.
bool texts(JsonCursor& json, std::initializer_list<Wanted> wanted) {
  return json.object([&](std::string_view key) {
    for (const auto& one : wanted)
      if (one.key == key) return json.text(*one.to);
    return json.skip();
  });
}

bool container(JsonCursor& json, EcsContainer& out) {
  return json.object([&](std::string_view key) {
    if (key == "DockerId") return json.text(out.docker_id);
    if (key == "Type") return json.text(out.type);
    if (key == "KnownStatus") return json.text(out.status);
    if (key == "LogDriver") return json.text(out.log_driver);
    if (key == "LogOptions")
      return texts(json, {{"awslogs-group", &out.log_group},
                          {"awslogs-stream", &out.log_stream},
                          {"awslogs-region", &out.log_region}});
    return json.skip();
  });
}

std::string_view next_part(std::string_view& rest, char at) {
  const auto part = rest.substr(0, rest.find(at));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}
std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}
/// Undoes %XX and '+', as forms write texts. @return false when a '%' has no two digits behind it
bool unescape(std::string_view text, std::string& out) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? digit(text[i + 1]) : -1,
              low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

}  // namespace

Result<InstanceIdentity> read_instance_identity(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  InstanceIdentity out;
  if (!texts(json, {{"accountId", &out.account},
                    {"region", &out.region},
                    {"availabilityZone", &out.zone},
                    {"instanceId", &out.instance},
                    {"imageId", &out.image},
                    {"instanceType", &out.type}}) ||
      !json.finish())
    return json.error();
  return out;
}

Result<EcsContainer> read_ecs_container(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  EcsContainer out;
  if (!container(json, out) || !json.finish()) return json.error();
  return out;
}

Result<EcsTask> read_ecs_task(std::string_view document, Arena& arena) {
  JsonCursor json(document, arena);
  EcsTask out;
  const bool ok = json.object([&](std::string_view key) {
    if (key == "Cluster") return json.text(out.cluster);
    if (key == "TaskARN") return json.text(out.arn);
    if (key == "Family") return json.text(out.family);
    if (key == "Revision") return json.text(out.revision);
    if (key == "AvailabilityZone") return json.text(out.zone);
    if (key == "LaunchType") return json.text(out.launch_type);
    if (key != "Containers") return json.skip();
    return json.array([&] { return container(json, out.containers.push_back(arena, {})); });
  });
  if (!ok || !json.finish()) return json.error();
  return out;
}

Arn read_arn(std::string_view text) {
  if (!text.starts_with("arn:")) return {};
  Arn out;
  for (int i = 0; i < 3; ++i) (void)next_part(text, ':');
  out.region = next_part(text, ':');
  out.account = next_part(text, ':');
  out.resource = text;
  return out;
}

std::string token_issuer(std::string_view token) {
  (void)next_part(token, '.');
  std::string payload;
  if (!pdata::unbase64(next_part(token, '.'), payload)) return {};
  Arena arena;
  JsonCursor json(payload, arena);
  std::string_view issuer;
  if (!texts(json, {{"iss", &issuer}})) return {};
  return std::string(issuer);
}

std::string_view eks_region(std::string_view issuer) {
  constexpr std::string_view kMark = "oidc.eks.";
  const auto at = issuer.find(kMark);
  if (at == std::string_view::npos) return {};
  issuer.remove_prefix(at + kMark.size());
  return issuer.substr(0, issuer.find('.'));
}

std::string_view node_region(std::string_view node) {
  const auto ip = node.find("ip-");
  if (ip != 0 && !is_fargate(node)) return {};
  (void)next_part(node, '.');
  const auto region = next_part(node, '.');
  return node.starts_with("compute.") ? region : std::string_view();
}

Result<std::vector<KeyValueText>> read_resource_attributes(std::string_view text) {
  std::vector<KeyValueText> out;
  text = trim(text);
  while (!text.empty()) {
    const auto pair = next_part(text, ',');
    const auto equals = pair.find('=');
    if (trim(pair).empty()) continue;  // a comma at the end
    if (equals == std::string_view::npos || trim(pair.substr(0, equals)).empty())
      return fail(Fault::config, fmt::format("invalid resource format: {:?} is not key=value", trim(pair)));
    KeyValueText& made = out.emplace_back();
    made.key = trim(pair.substr(0, equals));
    if (!unescape(trim(pair.substr(equals + 1)), made.value))
      return fail(
          Fault::config,
          fmt::format("invalid resource format in attribute: {:?}: a % without two digits", trim(pair)));
  }
  return out;
}

}  // namespace gleaner::processors::resourcedetection
