#include "service/cpu_limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gleaner::service {
namespace {

struct Row {
  const char* name;
  std::vector<std::pair<std::string, std::string>> files;
  std::size_t lanes;
};

class CpuLimit : public testing::TestWithParam<Row> {};

TEST_P(CpuLimit, MakesLanes) {
  const auto root = std::filesystem::path(testing::TempDir()) / (std::string("cpu_limit_") + GetParam().name);
  std::filesystem::remove_all(root);
  for (const auto& [path, text] : GetParam().files) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  EXPECT_EQ(lanes_by_cpu_limit(root.string()), GetParam().lanes);
  std::filesystem::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CpuLimit,
    testing::Values(
        Row{"nothing", {}, 1},
        Row{"v2_max", {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "max 100000\n"}}, 1},
        Row{"v2_quarter", {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "25000 100000\n"}}, 1},
        Row{"v2_two_and_a_half",
            {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "250000 100000\n"}},
            3},
        Row{"v2_the_group_around_is_narrower",
            {{"proc/self/cgroup", "0::/pod/container\n"},
             {"sys/fs/cgroup/pod/container/cpu.max", "800000 100000\n"},
             {"sys/fs/cgroup/pod/cpu.max", "200000 100000\n"}},
            2},
        Row{"v1",
            {{"proc/self/cgroup", "5:memory:/\n4:cpu,cpuacct:/\n"},
             {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n"},
             {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}},
            4},
        Row{"v1_none",
            {{"proc/self/cgroup", "4:cpu,cpuacct:/\n"},
             {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
             {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}},
            1},
        Row{"nonsense", {{"proc/self/cgroup", "::\nx\n0::/\n"}, {"sys/fs/cgroup/cpu.max", "-5 x"}}, 1}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace gleaner::service
