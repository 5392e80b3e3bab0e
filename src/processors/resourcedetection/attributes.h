#pragma once
// What each detector can tell. Source: the reference's documentation.md of each.
#include <iterator>
#include <string_view>

#include "config/compat.h"
#include "config/toggles.h"

namespace gleaner::processors::resourcedetection {

struct AttributeRow {
  std::string_view name;
  bool on;  ///< unless the configuration says otherwise
  std::string_view about;
};
/// 0.102 did not know the cluster's uid.
inline bool on_by_default(const AttributeRow& row) {
  return row.on && !(config::is_0_102() && row.name == "k8s.cluster.uid");
}

inline constexpr AttributeRow kSystem[] = {
    {"host.name", true, "as hostname_sources find it"},
    {"os.type", true, "linux"},
    {"host.arch", false, "amd64, arm64 ..."},
    {"host.id", false, "the machine's id"},
    {"host.ip", false, "addresses but for loopback"},
    {"host.mac", false, "hardware addresses"},
    {"host.interface", false, "names of network interfaces but for loopback"},
    {"host.cpu.vendor.id", false, "of the first processor"},
    {"host.cpu.family", false, "of the first processor"},
    {"host.cpu.model.id", false, "of the first processor"},
    {"host.cpu.model.name", false, "of the first processor"},
    {"host.cpu.stepping", false, "of the first processor"},
    {"host.cpu.cache.l2.size", false, "in KiB"},
    {"os.description", false, "the distribution and the kernel"},
    {"os.name", false, "of the distribution"},
    {"os.version", false, "of the distribution"},
    {"os.build.id", false, "of the distribution"},
};
inline constexpr AttributeRow kEc2[] = {
    {"cloud.provider", true, "aws"},
    {"cloud.platform", true, "aws_ec2"},
    {"cloud.region", true, "region"},
    {"cloud.account.id", true, "account"},
    {"cloud.availability_zone", true, "zone"},
    {"host.id", true, "the instance's id"},
    {"host.image.id", true, "the machine image"},
    {"host.type", true, "the instance's type"},
    {"host.name", true, "the instance's name"},
};
inline constexpr AttributeRow kEcs[] = {
    {"cloud.provider", true, "aws"},
    {"cloud.platform", true, "aws_ecs"},
    {"cloud.region", true, "region"},
    {"cloud.account.id", true, "account"},
    {"cloud.availability_zone", true, "zone"},
    {"aws.ecs.cluster.arn", true, "the cluster"},
    {"aws.ecs.launchtype", true, "ec2 or fargate"},
    {"aws.ecs.task.arn", true, "the task"},
    {"aws.ecs.task.family", true, "of the task's definition"},
    {"aws.ecs.task.id", true, "the end of the task's ARN"},
    {"aws.ecs.task.revision", true, "of the task's definition"},
    {"aws.log.group.arns", true, "of the other containers"},
    {"aws.log.group.names", true, "of the other containers"},
    {"aws.log.stream.arns", true, "of the other containers"},
    {"aws.log.stream.names", true, "of the other containers"},
};
inline constexpr AttributeRow kEks[] = {
    {"cloud.provider", true, "aws"},
    {"cloud.platform", true, "aws_eks"},
    {"cloud.region", false, "region"},
    {"cloud.account.id", false, "account; not on Fargate"},
    {"cloud.availability_zone", false, "zone; on Fargate by the node's label"},
    {"host.id", false, "the instance's id; not on Fargate"},
    {"host.image.id", false, "the machine image; not on Fargate"},
    {"host.type", false, "the instance's type; not on Fargate"},
    {"host.name", false, "the instance's name; on Fargate the node's"},
    {"k8s.cluster.name", false,
     "by CLUSTER_NAME or EKS_CLUSTER_NAME, the node's labels, the instance's tags"},
};
inline constexpr AttributeRow kLambda[] = {
    {"cloud.provider", true, "aws"},
    {"cloud.platform", true, "aws_lambda"},
    {"cloud.region", true, "region"},
    {"faas.name", true, "the function"},
    {"faas.version", true, "its version"},
    {"faas.instance", true, "the log stream's name"},
    {"faas.max_memory", true, "bytes"},
    {"aws.log.group.names", true, "the log group"},
    {"aws.log.stream.names", true, "the log stream"},
};
inline constexpr AttributeRow kNode[] = {
    {"k8s.node.name", true, "the node's name"},
    {"k8s.node.uid", true, "the node's uid: asks the API server for the node"},
    {"k8s.cluster.uid", true, "the uid of the namespace kube-system: asks the API server for it"},
};

template <auto& Rows>
using Toggles = config::ToggleTable<config::Toggle, Rows, std::size(Rows), &on_by_default>;

}  // namespace gleaner::processors::resourcedetection
