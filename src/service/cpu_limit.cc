#include "service/cpu_limit.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

namespace gleaner::service {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostLanes = 64;

/// "cpu.max" holds quota and period in microseconds, "max 100000" without a limit.
double v2_limit(const std::string& folder) {
  std::ifstream in(folder + "/cpu.max");
  double quota = 0, period = 0;
  return in >> quota >> period && quota > 0 && period > 0 ? quota / period : kNoLimit;
}

/// A quota of -1 is none.
double v1_limit(const std::string& folder) {
  std::ifstream quota_in(folder + "/cpu.cfs_quota_us"), period_in(folder + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  return quota_in >> quota && period_in >> period && quota > 0 && period > 0 ? quota / period : kNoLimit;
}

/// The least limit of `path` below `mount` and of the groups around it.
template <double (*Limit)(const std::string&)>
double least(const std::string& mount, std::string path) {
  double limit = kNoLimit;
  for (;;) {
    limit = std::min(limit, Limit(mount + path));
    if (path.empty() || path == "/") return limit;
    path.resize(path.rfind('/'));
  }
}

}  // namespace

std::size_t lanes_by_cpu_limit(const std::string& root) {
  double limit = kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");  // "0::/path" or "4:cpu,cpuacct:/path"
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") limit = std::min(limit, least<v2_limit>(root + "/sys/fs/cgroup", path));
    if (controllers.find(",cpu,") != std::string::npos)
      limit = std::min(limit, least<v1_limit>(root + "/sys/fs/cgroup/cpu", path));
  }
  if (limit == kNoLimit) return 1;
  return std::clamp(static_cast<std::size_t>(std::ceil(limit)), std::size_t{1}, kMostLanes);
}

}  // namespace gleaner::service
