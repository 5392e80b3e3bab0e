#include "receivers/kubeletstats/machine.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "base/small_file.h"
#include "k8s/json_cursor.h"
#include "k8s/log_pods.h"
#include "k8s/quantity.h"

namespace gleaner::receivers::kubeletstats {
namespace {

constexpr std::size_t kMaxFile = 4 << 20;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kMostProcesses = 10'000;

std::string variable(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value && *value) return value;
  return {};
}

k8s::Amount number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() ? k8s::Amount(value) : std::nullopt;
}
std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t")));
  const auto word = rest.substr(0, rest.find_first_of(" \t\n"));
  rest.remove_prefix(word.size());
  return word;
}
std::string_view next_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}
/// a - b, not below zero; nothing when one of them is missing.
k8s::Amount less(k8s::Amount a, k8s::Amount b) {
  if (!a || !b) return std::nullopt;
  return *a > *b ? *a - *b : 0;
}
void add(k8s::Amount& to, k8s::Amount more) {
  if (more) to = to.value_or(0) + *more;
}

k8s::FsStats file_system(const std::string& path) {
  struct statvfs fs {};
  if (::statvfs(path.c_str(), &fs) != 0) return {};
  k8s::FsStats out;
  const std::uint64_t block = fs.f_frsize;
  out.capacity = fs.f_blocks * block;
  out.available = fs.f_bavail * block;
  out.used = (fs.f_blocks - fs.f_bfree) * block;
  out.inodes = fs.f_files;
  out.inodes_free = fs.f_ffree;
  out.inodes_used = fs.f_files - fs.f_ffree;
  return out;
}

/// The interface of the default route.
std::string_view default_interface(std::string_view routes) {
  (void)next_line(routes);
  while (!routes.empty()) {
    auto line = next_line(routes);
    const auto name = next_word(line);
    if (next_word(line) == "00000000") return name;
  }
  return {};
}

}  // namespace

PodIdentity PodIdentity::from_environment() {
  PodIdentity out{variable({"POD_NAME", "K8S_POD_NAME"}), variable({"POD_NAMESPACE", "K8S_POD_NAMESPACE"}),
                  variable({"POD_UID", "K8S_POD_UID"}), variable({"NODE_NAME", "K8S_NODE_NAME"})};
  char host[256] = {};
  if (out.name.empty() && ::gethostname(host, sizeof host - 1) == 0) out.name = host;
  return out;
}

k8s::Amount number_behind(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    auto line = next_line(text);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (line.starts_with(':')) line.remove_prefix(1);
    if (!line.starts_with(' ') && !line.starts_with('\t')) continue;
    return number(line);
  }
  return std::nullopt;
}

std::string_view container_in(std::string_view cgroup) {
  constexpr std::size_t kDigits = 64;
  std::size_t run = 0;
  for (std::size_t i = 0; i <= cgroup.size(); ++i) {
    const char c = i < cgroup.size() ? cgroup[i] : '\n';
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
      ++run;
      continue;
    }
    if (run == kDigits) return cgroup.substr(i - kDigits, kDigits);
    run = 0;
  }
  return {};
}

Machine::Machine(PodIdentity pod, std::string root) : pod_(std::move(pod)), root_(std::move(root)) {
  boot_ = number_behind(file("/proc/stat"), "btime").value_or(0);
  own_ = variable({"GLEANER_CONTAINER"});
  if (own_.empty()) own_ = k8s::own_container(file("/proc/self/mountinfo"));
  own_id_ = container_in(file("/proc/self/cgroup"));
}

std::string Machine::file(const std::string& path) const {
  auto read = read_small_file(root_ + path, kMaxFile);
  return read ? std::move(*read) : std::string();
}

/// The rate since the last look; nothing on the first one. Counters never fall: processes that ended leave a
/// dent.
void Machine::rate(const std::string& who, k8s::CpuStats& cpu, std::uint64_t now) {
  if (!cpu.usage_core_nano_seconds) return;
  Sample& last = samples_[who];
  cpu.usage_core_nano_seconds = std::max(*cpu.usage_core_nano_seconds, last.cpu);
  if (last.time && now > last.time)
    cpu.usage_nano_cores =
        static_cast<std::uint64_t>(static_cast<double>(*cpu.usage_core_nano_seconds - last.cpu) * 1e9 /
                                   static_cast<double>(now - last.time));
  last = {*cpu.usage_core_nano_seconds, now};
}

Result<> Machine::read_node(k8s::NodeStats& node, Arena& arena, std::uint64_t now) {
  const std::string stat = file("/proc/stat"), memory = file("/proc/meminfo"), vm = file("/proc/vmstat");
  if (stat.empty() || memory.empty())
    return fail(Fault::os, "source proc: " + root_ + "/proc cannot be read");
  node.name = arena.copy(pod_.node);
  node.start_time = boot_ * kSecond;
  // user nice system idle iowait irq softirq steal; guest time is a part of user's
  std::string_view line = stat;
  line = line.substr(0, line.find('\n'));
  (void)next_word(line);
  std::uint64_t ticks = 0;
  for (int field = 0; field < 8; ++field) {
    const auto spent = number(next_word(line)).value_or(0);
    if (field != 3 && field != 4) ticks += spent;
  }
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  node.cpu.usage_core_nano_seconds = ticks * (kSecond / per_second);
  rate("node", node.cpu, now);

  const auto kib = [&](std::string_view key) -> k8s::Amount {
    const auto value = number_behind(memory, key);
    return value ? k8s::Amount(*value << 10) : std::nullopt;
  };
  const auto total = kib("MemTotal");
  node.memory.usage = less(total, kib("MemFree"));
  node.memory.working_set = less(node.memory.usage, kib("Inactive(file)"));
  node.memory.available = less(total, node.memory.working_set);
  node.memory.rss = kib("AnonPages");
  node.memory.page_faults = number_behind(vm, "pgfault");
  node.memory.major_page_faults = number_behind(vm, "pgmajfault");
  node.max_pid = number(file("/proc/sys/kernel/pid_max"));
  // "0.00 0.01 0.05 1/123 456": running and existing
  const std::string load = file("/proc/loadavg");
  if (const auto slash = load.find('/'); slash != std::string::npos)
    node.current_processes = number(std::string_view(load).substr(slash + 1));
  node.fs = file_system(root_ + "/");
  return {};
}

void Machine::read_network(k8s::NetworkStats& network, Arena& arena) const {
  const std::string text = file("/proc/net/dev"), routes = file("/proc/net/route");
  const auto main = default_interface(routes);
  std::string_view rest = text;
  while (!rest.empty()) {
    auto line = next_line(rest);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // two lines of headings
    auto name = line.substr(0, colon);
    name.remove_prefix(std::min(name.size(), name.find_first_not_of(' ')));
    if (name == "lo") continue;
    line.remove_prefix(colon + 1);
    k8s::InterfaceStats one;
    one.name = arena.copy(name);
    // bytes packets errs drop fifo frame compressed multicast, twice
    for (int field = 0; field < 16; ++field) {
      const auto value = number(next_word(line));
      if (field == 0) one.rx_bytes = value;
      if (field == 2) one.rx_errors = value;
      if (field == 8) one.tx_bytes = value;
      if (field == 10) one.tx_errors = value;
    }
    network.interfaces.push_back(arena, one);
    if (name == main || main.empty()) network.main = one;
  }
}

void Machine::read_own_container(k8s::PodStats& pod, Arena& arena, std::uint64_t now) {
  if (own_.empty()) return;
  k8s::ContainerStats one;
  one.name = arena.copy(own_);
  const std::string v2 = "/sys/fs/cgroup", stat = file(v2 + "/memory.stat");
  if (!stat.empty()) {
    one.memory.usage = number(file(v2 + "/memory.current"));
    one.memory.working_set = less(one.memory.usage, number_behind(stat, "inactive_file"));
    one.memory.rss = number_behind(stat, "anon");
    one.memory.page_faults = number_behind(stat, "pgfault");
    one.memory.major_page_faults = number_behind(stat, "pgmajfault");
    one.memory.available = less(number(file(v2 + "/memory.max")), one.memory.working_set);  // "max": no limit
    if (const auto spent = number_behind(file(v2 + "/cpu.stat"), "usage_usec"))
      one.cpu.usage_core_nano_seconds = *spent * 1000;
  } else {
    const std::string memory = v2 + "/memory", old = file(memory + "/memory.stat");
    one.memory.usage = number(file(memory + "/memory.usage_in_bytes"));
    one.memory.working_set = less(one.memory.usage, number_behind(old, "total_inactive_file"));
    one.memory.rss = number_behind(old, "total_rss");
    one.memory.page_faults = number_behind(old, "total_pgfault");
    one.memory.major_page_faults = number_behind(old, "total_pgmajfault");
    one.cpu.usage_core_nano_seconds = number(file(v2 + "/cpuacct/cpuacct.usage"));
  }
  if (!one.memory.usage && !one.cpu.usage_core_nano_seconds) return;
  rate("container/" + own_, one.cpu, now);
  // Its first process started when it did.
  const std::string self = file("/proc/self/stat");
  if (const auto end = self.rfind(')'); end != std::string::npos) {
    std::string_view rest = std::string_view(self).substr(end + 1);
    std::string_view word;
    for (int field = 3; field <= 22; ++field) word = next_word(rest);
    if (const auto ticks = number(word))
      one.start_time =
          boot_ * kSecond + *ticks * (kSecond / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
  }
  pod.containers.push_back(arena, one);
}

void Machine::read_other_containers(k8s::PodStats& pod, Arena& arena, std::uint64_t now) {
  DIR* folder = ::opendir((root_ + "/proc").c_str());
  if (!folder) return;
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::map<std::string, Processes> found;
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos || ++count > kMostProcesses) continue;
    const std::string id(container_in(file("/proc/" + pid + "/cgroup")));
    if (id.empty() || id == own_id_) continue;
    const std::string stat = file("/proc/" + pid + "/stat");
    const auto end = stat.rfind(')');  // a name may hold anything
    if (end == std::string::npos) continue;
    if (std::string& name = names_[id]; name.empty())
      name = k8s::own_container(file("/proc/" + pid + "/mountinfo"));
    std::string_view rest = std::string_view(stat).substr(end + 1);
    Processes& all = found[id];
    for (int field = 3; field <= 24; ++field) {
      const auto value = number(next_word(rest)).value_or(0);
      if (field == 10) all.minor += value;
      if (field == 12) all.major += value;
      if (field >= 14 && field <= 17) all.cpu += value;  // own, and of children that ended
      if (field == 22) all.started = all.started ? std::min(all.started, value) : value;
    }
    std::string_view statm;
    const std::string pages = file("/proc/" + pid + "/statm");
    statm = pages;
    (void)next_word(statm);
    const auto resident = number(next_word(statm)), shared = number(next_word(statm));
    all.rss += less(resident, shared).value_or(0);
  }
  ::closedir(folder);
  for (const auto& [id, all] : found) {
    const std::string& name = names_[id];
    if (name.empty()) continue;  // whose it is, is not for this user to see
    k8s::ContainerStats one;
    one.name = arena.copy(name);
    one.start_time = boot_ * kSecond + all.started * (kSecond / per_second);
    one.cpu.usage_core_nano_seconds = all.cpu * (kSecond / per_second);
    rate("container/" + id, one.cpu, now);
    one.memory.rss = all.rss * page;
    one.memory.page_faults = all.minor;
    one.memory.major_page_faults = all.major;
    pod.containers.push_back(arena, one);
  }
  std::erase_if(names_, [&](const auto& known) { return !found.contains(known.first); });
  std::erase_if(samples_, [&](const auto& known) {
    constexpr std::string_view kOf = "container/";
    return known.first.starts_with(kOf) && known.first.size() == kOf.size() + 64 &&
           !found.contains(known.first.substr(kOf.size()));
  });
}

Result<k8s::Summary> Machine::read(Arena& arena, std::uint64_t now) {
  k8s::Summary out;
  if (auto ok = read_node(out.node, arena, now); !ok) return fail(std::move(ok.error()));
  k8s::PodStats pod;
  pod.name = arena.copy(pod_.name);
  pod.name_space = arena.copy(pod_.name_space);
  pod.uid = arena.copy(pod_.uid);
  read_network(pod.network, arena);
  pod.ephemeral_storage = out.node.fs;
  read_own_container(pod, arena, now);
  read_other_containers(pod, arena, now);
  for (const auto& one : pod.containers) {
    if (one.start_time != k8s::kNoTime) pod.start_time = std::min(pod.start_time, one.start_time);
    add(pod.memory.rss, one.memory.rss);
    add(pod.cpu.usage_core_nano_seconds, one.cpu.usage_core_nano_seconds);
  }
  if (pod_.node.starts_with("fargate-")) {
    // The machine is the pod's, and so is its network the node's.
    out.node.network = pod.network;
    pod.cpu = out.node.cpu;
    pod.memory = out.node.memory;
  } else if (pod.containers.size() < 2) {
    // Only this container is seen: that is not the pod.
    pod.cpu = {};
    pod.memory = {};
  } else {
    rate("pod", pod.cpu, now);
  }
  if (pod.start_time == k8s::kNoTime) pod.start_time = 0;
  out.pods.push_back(arena, pod);
  return out;
}

Result<k8s::PodStats> read_pod_metrics(std::string_view document, Arena& arena) {
  k8s::JsonCursor json(document, arena);
  k8s::PodStats pod;
  const auto amount = [&](auto&& use) {
    std::string_view text;
    if (!json.text_or_number(text)) return false;
    const auto quantity = k8s::Quantity::parse(text);
    if (!quantity) return json.refuse(quantity.error().what);
    use(*quantity);
    return true;
  };
  const auto container = [&](k8s::ContainerStats& one) {
    return json.object([&](std::string_view key) {
      if (key == "name") return json.text(one.name);
      if (key != "usage") return json.skip();
      return json.object([&](std::string_view what) {
        if (what == "cpu")
          return amount([&](const k8s::Quantity& q) {
            one.cpu.usage_nano_cores = static_cast<std::uint64_t>(std::max<__int128>(q.nanos(), 0));
          });
        if (what == "memory")
          return amount([&](const k8s::Quantity& q) {
            one.memory.working_set = static_cast<std::uint64_t>(std::max<std::int64_t>(q.whole(), 0));
          });
        return json.skip();
      });
    });
  };
  const bool ok = json.object([&](std::string_view part) {
    if (part == "metadata")
      return json.object([&](std::string_view key) {
        if (key == "name") return json.text(pod.name);
        if (key == "namespace") return json.text(pod.name_space);
        return json.skip();
      });
    if (part != "containers") return json.skip();
    return json.array([&] { return container(pod.containers.push_back(arena, {})); });
  });
  if (!ok || !json.finish()) return json.error();
  pod.start_time = 0;
  for (auto& one : pod.containers) {
    one.start_time = 0;
    add(pod.cpu.usage_nano_cores, one.cpu.usage_nano_cores);
    add(pod.memory.working_set, one.memory.working_set);
  }
  return pod;
}

}  // namespace gleaner::receivers::kubeletstats
