#include "base/cgroup.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "base/small_file.h"

namespace gleaner {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostLanes = 64;

/// The positive numbers a file begins with: "max" and -1, no limit, are none. @return how many there are
int numbers(const std::string& path, double& first, double& second) {
  const auto text = read_small_file(path);
  if (!text) return 0;
  char* end = nullptr;
  first = std::strtod(text->c_str(), &end);
  if (end == text->c_str() || !(first > 0) || first == kNoLimit) return 0;
  const char* rest = end;
  second = std::strtod(rest, &end);
  return end != rest && second > 0 ? 2 : 1;
}

using Limit = double (*)(const std::string& folder);

/// "cpu.max" holds quota and period in microseconds, "max 100000" without a limit.
double cpu_v2(const std::string& folder) {
  double quota = 0, period = 0;
  return numbers(folder + "/cpu.max", quota, period) == 2 ? quota / period : kNoLimit;
}
double cpu_v1(const std::string& folder) {
  double quota = 0, period = 0, none = 0;
  return numbers(folder + "/cpu.cfs_quota_us", quota, none) > 0 &&
                 numbers(folder + "/cpu.cfs_period_us", period, none) > 0
             ? quota / period
             : kNoLimit;
}
double memory_v2(const std::string& folder) {
  double bytes = 0, none = 0;
  return numbers(folder + "/memory.max", bytes, none) > 0 ? bytes : kNoLimit;
}
double memory_v1(const std::string& folder) {
  double bytes = 0, none = 0;
  return numbers(folder + "/memory.limit_in_bytes", bytes, none) > 0 ? bytes : kNoLimit;
}

/// The least limit of `path` below `mount` and of the groups around it.
double least(Limit limit_of, const std::string& mount, std::string path) {
  double limit = kNoLimit;
  for (;;) {
    limit = std::min(limit, limit_of(mount + path));
    if (path.empty() || path == "/") return std::min(limit, limit_of(mount));
    path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
  }
}

/// @param controller  of v1
double limit_of(const std::string& root, std::string_view controller, Limit v1, Limit v2) {
  const auto groups = read_small_file(root + "/proc/self/cgroup");  // "0::/path" or "4:cpu,cpuacct:/path"
  if (!groups) return kNoLimit;
  const std::string folder = root + "/sys/fs/cgroup";
  double limit = kNoLimit;
  for (std::size_t at = 0; at < groups->size();) {
    const std::string line = groups->substr(at, groups->find('\n', at) - at);
    at += line.size() + 1;
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") limit = std::min(limit, least(v2, folder, path));
    if (controllers.find("," + std::string(controller) + ",") != std::string::npos)
      limit = std::min(limit, least(v1, folder + "/" + std::string(controller), path));
  }
  return limit;
}

}  // namespace

std::size_t lanes_by_cpu_limit(const std::string& root) {
  const double limit = limit_of(root, "cpu", cpu_v1, cpu_v2);
  if (limit == kNoLimit) return 1;
  return std::clamp(static_cast<std::size_t>(std::ceil(limit)), std::size_t{1}, kMostLanes);
}

std::uint64_t memory_available(const std::string& root) {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const double limit = limit_of(root, "memory", memory_v1, memory_v2);
  return limit < static_cast<double>(machine) ? static_cast<std::uint64_t>(limit) : machine;
}

}  // namespace gleaner
