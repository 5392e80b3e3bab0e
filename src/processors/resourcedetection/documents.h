#pragma once
// What metadata services answer, and what tokens and names say. Source: the AWS user guides of EC2 ("Instance
// identity documents") and ECS ("Task metadata endpoint version 4").
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::processors::resourcedetection {

struct InstanceIdentity {
  std::string_view account, region, zone, instance, image, type;
};
/// Texts live in `arena`, as below. @return Fault::permanent with the byte or key at which the trouble is
Result<InstanceIdentity> read_instance_identity(std::string_view json, Arena& arena);

struct EcsContainer {
  std::string_view docker_id, type, status, log_driver, log_group, log_stream, log_region;
};
Result<EcsContainer> read_ecs_container(std::string_view json, Arena& arena);
struct EcsTask {
  std::string_view cluster, arn, family, revision, zone, launch_type;
  List<EcsContainer> containers;
};
Result<EcsTask> read_ecs_task(std::string_view json, Arena& arena);

/// "arn:aws:ecs:REGION:ACCOUNT:task/...".
struct Arn {
  std::string_view region, account, resource;
};
/// Empty fields when the text is no ARN.
Arn read_arn(std::string_view text);

/// `iss` of a JSON Web Token, empty when the text is none. Nothing is verified: it tells where one is, not
/// who.
std::string token_issuer(std::string_view token);
/// The region in "https://oidc.eks.REGION.amazonaws.com/id/..", empty for other issuers.
std::string_view eks_region(std::string_view issuer);
/// The region in "fargate-ip-10-0-1-2.REGION.compute.internal" and "ip-10-0-1-2.REGION.compute.internal".
std::string_view node_region(std::string_view node);
inline bool is_fargate(std::string_view node) { return node.starts_with("fargate-"); }

struct KeyValueText {
  std::string key, value;
};
/// OTEL_RESOURCE_ATTRIBUTES: "k=v,k2=v%20w". @return Fault::config with the part that is wrong
Result<std::vector<KeyValueText>> read_resource_attributes(std::string_view text);

}  // namespace gleaner::processors::resourcedetection
