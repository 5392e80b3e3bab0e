#include "receivers/kubeletstats/emit.h"

#include <fmt/format.h>
#include <algorithm>

namespace gleaner::receivers::kubeletstats {
namespace {
using M = MetricId;
using A = AttributeId;

/// The same measurements under the names of a group.
struct Names {
  M cpu_time, cpu_usage, cpu_utilization;
  M memory_available, memory_usage, memory_working_set, memory_rss, page_faults, major_page_faults;
  M fs_available, fs_capacity, fs_usage;
  M network_io, network_errors;
  M uptime;
  M cpu_limit, cpu_request, memory_limit, memory_request, cpu_node, memory_node;
};
#define COMMON(P)                                                                                          \
  M::P##_cpu_time, M::P##_cpu_usage, M::P##_cpu_utilization, M::P##_memory_available, M::P##_memory_usage, \
      M::P##_memory_working_set, M::P##_memory_rss, M::P##_memory_page_faults,                             \
      M::P##_memory_major_page_faults, M::P##_filesystem_available, M::P##_filesystem_capacity,            \
      M::P##_filesystem_usage
#define SHARES(P)                                                                                \
  M::P##_cpu_limit_utilization, M::P##_cpu_request_utilization, M::P##_memory_limit_utilization, \
      M::P##_memory_request_utilization, M::P##_cpu_node_utilization, M::P##_memory_node_utilization
constexpr M kNo = M::none;
constexpr Names kNode{COMMON(k8s_node),
                      M::k8s_node_network_io,
                      M::k8s_node_network_errors,
                      M::k8s_node_uptime,
                      kNo,
                      kNo,
                      kNo,
                      kNo,
                      kNo,
                      kNo};
constexpr Names kPod{COMMON(k8s_pod), M::k8s_pod_network_io, M::k8s_pod_network_errors, M::k8s_pod_uptime,
                     SHARES(k8s_pod)};
constexpr Names kContainer{COMMON(container), kNo, kNo, M::container_uptime, SHARES(k8s_container)};
constexpr Names kSystem{.cpu_time = M::k8s_node_system_container_cpu_time,
                        .cpu_usage = M::k8s_node_system_container_cpu_usage,
                        .cpu_utilization = kNo,
                        .memory_available = kNo,
                        .memory_usage = M::k8s_node_system_container_memory_usage,
                        .memory_working_set = M::k8s_node_system_container_memory_working_set,
                        .memory_rss = kNo,
                        .page_faults = kNo,
                        .major_page_faults = kNo,
                        .fs_available = kNo,
                        .fs_capacity = kNo,
                        .fs_usage = kNo,
                        .network_io = kNo,
                        .network_errors = kNo,
                        .uptime = kNo,
                        .cpu_limit = kNo,
                        .cpu_request = kNo,
                        .memory_limit = kNo,
                        .memory_request = kNo,
                        .cpu_node = kNo,
                        .memory_node = kNo};
#undef COMMON
#undef SHARES

/// The sum over a pod's containers, nothing when one of them has no such number.
k8s::ContainerResources total(const k8s::Pod& pod) {
  k8s::ContainerResources sum;
  bool cpu_request = true, cpu_limit = true, memory_request = true, memory_limit = true;
  for (const auto& one : pod.containers) {
    const auto count = [](auto& to, auto amount, bool& complete) {
      to += amount;
      complete &= amount != 0;
    };
    count(sum.cpu_request, one.cpu_request, cpu_request);
    count(sum.cpu_limit, one.cpu_limit, cpu_limit);
    count(sum.memory_request, one.memory_request, memory_request);
    count(sum.memory_limit, one.memory_limit, memory_limit);
  }
  if (!cpu_request) sum.cpu_request = 0;
  if (!cpu_limit) sum.cpu_limit = 0;
  if (!memory_request) sum.memory_request = 0;
  if (!memory_limit) sum.memory_limit = 0;
  return sum;
}

class Emitter {
 public:
  Emitter(const Plan& plan, const Documents& documents, Recorder& out, const log::Logger& logger)
      : plan_(plan), documents_(documents), out_(out), logger_(logger) {}

  void all() {
    if (plan_.node) node(documents_.summary.node);
    for (const auto& stats : documents_.summary.pods) {
      const k8s::Pod* about = documents_.pods ? documents_.pods->find(stats.uid) : nullptr;
      if (plan_.pod) pod(stats, about);
      if (plan_.container)
        for (const auto& one : stats.containers) container(stats, about, one);
      if (plan_.volume)
        for (const auto& one : stats.volumes) volume(stats, about, one);
    }
  }

 private:
  void node(const k8s::NodeStats& stats) {
    out_.begin(stats.start_time);
    usage(kNode, stats.cpu, stats.memory, nullptr);
    filesystem(kNode, stats.fs);
    out_.add(M::k8s_node_filesystem_inode_count, stats.fs.inodes);
    out_.add(M::k8s_node_filesystem_inode_free, stats.fs.inodes_free);
    network(kNode, stats.network, plan_.all_of_node);
    out_.add(M::k8s_node_pid_limit, stats.max_pid);
    out_.add(M::k8s_node_pid_usage, stats.current_processes);
    uptime(kNode, stats.start_time);
    Attributes attributes;
    attributes[A::node_name] = stats.name;
    out_.finish(attributes);
    for (const auto& one : stats.system_containers) {
      out_.begin(one.start_time);
      usage(kSystem, one.cpu, one.memory, nullptr);
      attributes[A::system_container_name] = one.name;
      out_.finish(attributes);
    }
  }

  void pod(const k8s::PodStats& stats, const k8s::Pod* about) {
    out_.begin(stats.start_time);
    const auto resources = about ? total(*about) : k8s::ContainerResources{};
    usage(kPod, stats.cpu, stats.memory, &resources);
    filesystem(kPod, stats.ephemeral_storage);
    network(kPod, stats.network, plan_.all_of_pod);
    uptime(kPod, stats.start_time);
    out_.finish(of_pod(stats));
  }

  void container(const k8s::PodStats& stats, const k8s::Pod* about, const k8s::ContainerStats& one) {
    Attributes attributes = of_pod(stats);
    attributes[A::container_name] = one.name;
    if (plan_.container_id) {
      const k8s::ContainerStatus* status = about ? about->status(one.name) : nullptr;
      if (!status || status->id.empty()) return skip_container(stats, one, status);
      attributes[A::container_id] = k8s::strip_runtime(status->id);
    }
    out_.begin(one.start_time);
    const k8s::ContainerResources* found = about ? about->container(one.name) : nullptr;
    const auto resources = found ? *found : k8s::ContainerResources{};
    usage(kContainer, one.cpu, one.memory, &resources);
    filesystem(kContainer, one.rootfs);
    uptime(kContainer, one.start_time);
    out_.add(M::k8s_container_ephemeral_storage_usage, one.rootfs.used, storage("rootfs"));
    out_.add(M::k8s_container_ephemeral_storage_usage, one.logs_used, storage("logs"));
    out_.finish(attributes);
  }
  void skip_container(const k8s::PodStats& stats, const k8s::ContainerStats& one,
                      const k8s::ContainerStatus* status) {
    logger_.warn(
        "failed to fetch container metrics",
        {{"pod", stats.name},
         {"container", one.name},
         {"error",
          fmt::format("failed to set extra labels from metadata: pod \"{}\" with container \"{}\" {}",
                      stats.uid, one.name,
                      status ? "has an empty containerID" : "not found in the fetched metadata")}});
  }

  void volume(const k8s::PodStats& stats, const k8s::Pod* about, const k8s::VolumeStats& one) {
    Attributes attributes = of_pod(stats);
    attributes[A::volume_name] = one.name;
    if (plan_.volume_type) {
      const k8s::Volume* known = about ? about->volume(one.name) : nullptr;
      if (!known)
        return skip_volume(stats, one,
                           fmt::format("pod \"{}\" with volume \"{}\" not found in the fetched metadata",
                                       stats.uid, one.name));
      k8s::VolumeSource source = known->source;
      set_source(source, attributes);
      if (source.type == "persistentVolumeClaim" && documents_.claim) {
        auto found = documents_.claim(stats, *known);
        if (!found) return skip_volume(stats, one, found.error().what);
        if (!found->type.empty()) set_source(*found, attributes);
      }
    }
    out_.begin(documents_.created);
    out_.add(M::k8s_volume_available, one.fs.available);
    out_.add(M::k8s_volume_capacity, one.fs.capacity);
    out_.add(M::k8s_volume_inodes, one.fs.inodes);
    out_.add(M::k8s_volume_inodes_free, one.fs.inodes_free);
    out_.add(M::k8s_volume_inodes_used, one.fs.inodes_used);
    out_.add(M::k8s_pod_volume_usage, one.fs.used);
    out_.finish(attributes);
  }
  void skip_volume(const k8s::PodStats& stats, const k8s::VolumeStats& one, const std::string& why) {
    logger_.warn("Failed to gather additional volume metadata. Skipping metric collection.",
                 {{"pod", stats.name},
                  {"volume", one.name},
                  {"error", "failed to set extra labels from metadata: " + why}});
  }
  void set_source(const k8s::VolumeSource& source, Attributes& to) {
    if (!source.type.empty()) to[A::volume_type] = source.type;
    if (source.type == "persistentVolumeClaim") to[A::claim_name] = source.claim;
    const bool aws = source.type == "awsElasticBlockStore", gce = source.type == "gcePersistentDisk";
    if (aws) to[A::aws_volume_id] = source.volume_id;
    if (gce) to[A::gce_pd_name] = source.pd_name;
    if (aws || gce) {
      to[A::fs_type] = source.fs_type;
      to[A::partition] = source.partition;
    }
    if (source.type == "glusterfs") {
      to[A::glusterfs_endpoints] = source.endpoints;
      to[A::glusterfs_path] = source.path;
    }
  }
  /// A text of /pods or the API server: those documents are gone before the metrics are.

  static Attributes of_pod(const k8s::PodStats& stats) {
    Attributes attributes;
    attributes[A::pod_uid] = stats.uid;
    attributes[A::pod_name] = stats.name;
    attributes[A::namespace_name] = stats.name_space;
    return attributes;
  }

  /// CPU and memory; with `resources` also their shares of requests, limits and the node.
  void usage(const Names& names, const k8s::CpuStats& cpu, const k8s::MemoryStats& memory,
             const k8s::ContainerResources* resources) {
    const auto share = [&](M id, double used, double of) {
      if (of > 0) out_.add(id, used / of);
    };
    const k8s::NodeCapacity none;
    const k8s::NodeCapacity& node = documents_.capacity ? *documents_.capacity : none;
    if (cpu.usage_nano_cores) {
      const double cores = static_cast<double>(*cpu.usage_nano_cores) / 1e9;
      out_.add(names.cpu_usage, cores);
      out_.add(names.cpu_utilization, cores);
      if (resources) {
        share(names.cpu_limit, cores, resources->cpu_limit);
        share(names.cpu_request, cores, resources->cpu_request);
        share(names.cpu_node, cores, node.cores);
      }
    }
    if (cpu.usage_core_nano_seconds)
      out_.add(names.cpu_time, static_cast<double>(*cpu.usage_core_nano_seconds) / 1e9);
    out_.add(names.memory_available, memory.available);
    out_.add(names.memory_usage, memory.usage);
    out_.add(names.memory_working_set, memory.working_set);
    out_.add(names.memory_rss, memory.rss);
    out_.add(names.page_faults, memory.page_faults);
    out_.add(names.major_page_faults, memory.major_page_faults);
    if (memory.usage && resources) {
      const auto bytes = static_cast<double>(*memory.usage);
      share(names.memory_limit, bytes, static_cast<double>(resources->memory_limit));
      share(names.memory_request, bytes, static_cast<double>(resources->memory_request));
      share(names.memory_node, bytes, static_cast<double>(node.memory));
    }
  }
  void filesystem(const Names& names, const k8s::FsStats& fs) {
    out_.add(names.fs_available, fs.available);
    out_.add(names.fs_capacity, fs.capacity);
    out_.add(names.fs_usage, fs.used);
  }
  void network(const Names& names, const k8s::NetworkStats& network, bool all) {
    if (!all) return interface(names, network.main);
    const auto& list = network.interfaces;
    for (auto one = list.begin(); one != list.end(); ++one) {
      const auto same = [&](const k8s::InterfaceStats& other) { return other.name == one->name; };
      if (std::any_of(list.begin(), one, same)) continue;
      k8s::InterfaceStats sum = *one;
      for (auto other = one + 1; other != list.end(); ++other)
        if (same(*other)) add(sum, *other);
      interface(names, sum);
    }
  }
  /// Two interfaces of one name are one point: their sum, as the reference has it.
  static void add(k8s::InterfaceStats& to, const k8s::InterfaceStats& from) {
    for (const auto part : {&k8s::InterfaceStats::rx_bytes, &k8s::InterfaceStats::tx_bytes,
                            &k8s::InterfaceStats::rx_errors, &k8s::InterfaceStats::tx_errors})
      if (from.*part) to.*part = (to.*part).value_or(0) + *(from.*part);
  }
  void interface(const Names& names, const k8s::InterfaceStats& one) {
    const auto points = [&](M id, const k8s::Amount& received, const k8s::Amount& sent) {
      if (!plan_.switches.on(id)) return;
      if (received) out_.add(id, received, direction(one.name, "receive"));
      if (sent) out_.add(id, sent, direction(one.name, "transmit"));
    };
    points(names.network_io, one.rx_bytes, one.tx_bytes);
    points(names.network_errors, one.rx_errors, one.tx_errors);
  }
  pdata::Map direction(std::string_view interface, std::string_view direction) {
    pdata::Map map;
    map.items.reserve(out_.arena(), 2);
    map.items.push_back(out_.arena(), {"interface", pdata::Value::string(interface)});
    map.items.push_back(out_.arena(), {"direction", pdata::Value::string(direction)});
    return map;
  }
  pdata::Map storage(std::string_view type) {
    pdata::Map map;
    if (!plan_.switches.on(M::k8s_container_ephemeral_storage_usage)) return map;
    map.items.reserve(out_.arena(), 1);
    map.items.push_back(out_.arena(), {"fs.type", pdata::Value::string(type)});
    return map;
  }
  void uptime(const Names& names, std::uint64_t start) {
    if (start == k8s::kNoTime || start == 0) return;  // 0: a source that cannot know
    // Signed: a start in the future (clocks differ) counts down to it, as in the reference.
    const auto nanos = static_cast<std::int64_t>(out_.now() - start);
    out_.add(names.uptime, k8s::Amount(static_cast<std::uint64_t>(nanos / 1'000'000'000)));
  }

  const Plan& plan_;
  const Documents& documents_;
  Recorder& out_;
  const log::Logger& logger_;
};

}  // namespace

Plan::Plan(const Config& config)
    : switches(config),
      node(config.has_group("node")),
      pod(config.has_group("pod")),
      container(config.has_group("container")),
      volume(config.has_group("volume")),
      container_id(config.has_label("container.id")),
      volume_type(config.has_label("k8s.volume.type")),
      all_of_node(config.collect_all_network_interfaces.node),
      all_of_pod(config.collect_all_network_interfaces.pod) {}

void emit(const Plan& plan, const Documents& documents, Recorder& out, const log::Logger& logger) {
  Emitter(plan, documents, out, logger).all();
}

}  // namespace gleaner::receivers::kubeletstats
