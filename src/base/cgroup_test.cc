#include "base/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gleaner {
namespace {

struct Row {
  const char* name;
  std::vector<std::pair<std::string, std::string>> files;
  std::size_t lanes;
  std::uint64_t memory = 0;  // 0: the machine's
};

class Cgroup : public testing::TestWithParam<Row> {};

TEST_P(Cgroup, LimitsLanesAndMemory) {
  const auto root = std::filesystem::path(testing::TempDir()) / (std::string("cgroup_") + GetParam().name);
  std::filesystem::remove_all(root);
  for (const auto& [path, text] : GetParam().files) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  EXPECT_EQ(lanes_by_cpu_limit(root.string()), GetParam().lanes);
  EXPECT_EQ(memory_available(root.string()),
            GetParam().memory ? GetParam().memory : memory_available("/none"));
  std::filesystem::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Cgroup,
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
        Row{"memory_v2",
            {{"proc/self/cgroup", "0::/pod/container\n"},
             {"sys/fs/cgroup/pod/container/memory.max", "max\n"},
             {"sys/fs/cgroup/pod/memory.max", "33554432\n"}},
            1,
            33554432},
        Row{"memory_v1",
            {{"proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a\n"},
             {"sys/fs/cgroup/memory/a/memory.limit_in_bytes", "67108864\n"},
             {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}},
            1,
            67108864},
        Row{"memory_v1_in_a_container",  // the path is the host's, the mount its own
            {{"proc/self/cgroup", "5:memory:/kubepods/pod1/c1\n"},
             {"sys/fs/cgroup/memory/memory.limit_in_bytes", "16777216\n"}},
            1,
            16777216},
        Row{"nonsense", {{"proc/self/cgroup", "::\nx\n0::/\n"}, {"sys/fs/cgroup/cpu.max", "-5 x"}}, 1}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace gleaner
