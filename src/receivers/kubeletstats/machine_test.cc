#include "receivers/kubeletstats/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gleaner::receivers::kubeletstats {
namespace {

constexpr std::string_view kApp = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr std::string_view kOwn = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

/// A /proc and a /sys/fs/cgroup of the test's own.
class MachineTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "machine-XXXXXX").string();
    root = ::mkdtemp(made.data());
    write("/proc/stat", "cpu  100 0 50 9000 10 5 5 0 0 0\ncpu0 1 2\nbtime 1000\n");
    write("/proc/meminfo",
          "MemTotal:       1000 kB\nMemFree:         300 kB\nInactive(file):  100 kB\nAnonPages: 250 kB\n");
    write("/proc/vmstat", "pgfault 77\npgmajfault 7\n");
    write("/proc/loadavg", "0.00 0.01 0.05 1/123 456\n");
    write("/proc/sys/kernel/pid_max", "32768\n");
    write("/proc/net/route", "Iface\tDestination\tGateway\neth1\t0000000A\t0\neth0\t00000000\t0100000A\n");
    write("/proc/net/dev",
          "Inter-|   Receive   |  Transmit\n face |bytes packets errs\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 "
          "0\n"
          "  eth0: 1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0\n  eth1:5 5 5 0 0 0 0 0 6 6 6 0 0 0 0 0\n");
    write("/proc/self/mountinfo",
          "1 2 0:1 /var/lib/kubelet/pods/u-1/containers/gleaner/ab12 /dev/termination-log rw - ext4 /dev/x "
          "rw\n");
    write("/proc/self/cgroup", "0::/\n");
    write("/proc/self/stat", "5 (gleaner) S 0 0 0 0 0 0 0 0 0 0 10 10 0 0 0 0 0 0 500 0 0\n");
    write("/sys/fs/cgroup/memory.stat",
          "anon 4096\nfile 8192\ninactive_file 1000\npgfault 11\npgmajfault 1\n");
    write("/sys/fs/cgroup/memory.current", "20000\n");
    write("/sys/fs/cgroup/memory.max", "100000\n");
    write("/sys/fs/cgroup/cpu.stat", "usage_usec 3000000\nuser_usec 1\n");
  }
  void TearDown() override { std::filesystem::remove_all(root); }
  void write(const std::string& path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
  /// A process of another container: `ticks` of CPU, 10 pages resident of which 4 are shared.
  void process(int pid, std::string_view container, int ticks, const std::string& name = "app") {
    const std::string folder = "/proc/" + std::to_string(pid);
    write(folder + "/cgroup", "0::/../cri-containerd-" + std::string(container) + ".scope\n");
    write(folder + "/stat", std::to_string(pid) + " (a b) c) S 1 1 1 0 -1 0 20 0 2 0 " +
                                std::to_string(ticks) + " 0 0 0 20 0 1 0 700 1000 10 0\n");
    write(folder + "/statm", "100 10 4 1 0 5 0\n");
    if (!name.empty())
      write(folder + "/mountinfo", "1 2 0:1 /var/lib/kubelet/pods/u-1/containers/" + name +
                                       "/ab12 /dev/termination-log rw - ext4 /dev/x rw\n");
  }
  std::string root;
  Arena arena;
};

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST_F(MachineTest, OnFargateTheMachineIsThePod) {
  Machine machine({"p", "ns", "u-1", "fargate-ip-10-0-0-1.us-west-2.compute.internal"}, root);
  auto first = machine.read(arena, 10 * kSecond);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->node.cpu.usage_core_nano_seconds, 160u * 10'000'000);
  EXPECT_FALSE(first->node.cpu.usage_nano_cores) << "a rate needs two looks";
  EXPECT_EQ(first->node.start_time, 1000 * kSecond);
  EXPECT_EQ(first->node.memory.usage, 700u << 10);
  EXPECT_EQ(first->node.memory.working_set, 600u << 10);
  EXPECT_EQ(first->node.memory.available, 400u << 10);
  EXPECT_EQ(first->node.memory.rss, 250u << 10);
  EXPECT_EQ(first->node.memory.page_faults, 77u);
  EXPECT_EQ(first->node.max_pid, 32768u);
  EXPECT_EQ(first->node.current_processes, 123u);
  EXPECT_TRUE(first->node.fs.capacity);
  ASSERT_EQ(first->pods.size(), 1u);
  const auto& pod = first->pods[0];
  EXPECT_EQ(pod.uid, "u-1");
  EXPECT_EQ(pod.network.main.name, "eth0");
  EXPECT_EQ(pod.network.main.rx_bytes, 1000u);
  EXPECT_EQ(pod.network.main.tx_errors, 2u);
  EXPECT_EQ(pod.network.interfaces.size(), 2u);
  EXPECT_EQ(pod.memory.usage, first->node.memory.usage);
  EXPECT_EQ(first->node.network.main.name, "eth0");

  write("/proc/stat", "cpu  200 0 50 9000 10 5 5 0 0 0\nbtime 1000\n");
  const auto second = machine.read(arena, 12 * kSecond);
  EXPECT_EQ(second->node.cpu.usage_nano_cores, kSecond / 2) << "one second of CPU in two";
}

TEST_F(MachineTest, ReadsItsOwnContainersCgroup) {
  Machine machine({"p", "ns", "u-1", "n1"}, root);
  const auto read = machine.read(arena, kSecond);
  ASSERT_EQ(read->pods[0].containers.size(), 1u);
  const auto& own = read->pods[0].containers[0];
  EXPECT_EQ(own.name, "gleaner");
  EXPECT_EQ(own.memory.usage, 20000u);
  EXPECT_EQ(own.memory.working_set, 19000u);
  EXPECT_EQ(own.memory.available, 81000u);
  EXPECT_EQ(own.memory.rss, 4096u);
  EXPECT_EQ(own.cpu.usage_core_nano_seconds, 3 * kSecond);
  EXPECT_EQ(own.start_time, 1005 * kSecond);
  EXPECT_FALSE(read->pods[0].cpu.usage_core_nano_seconds) << "one container is not the pod";
  EXPECT_FALSE(read->node.network.main.rx_bytes) << "this network is the pod's, not the node's";
}

TEST_F(MachineTest, SeesContainersThatShareTheirProcesses) {
  process(7, kApp, 100);
  process(8, kApp, 50);
  process(9, std::string(64, 'a'), 5, "");  // whose name may not be read
  Machine machine({"p", "ns", "u-1", "n1"}, root);
  auto read = machine.read(arena, kSecond);
  ASSERT_EQ(read->pods[0].containers.size(), 2u);
  const auto app = read->pods[0].containers[1];
  EXPECT_EQ(app.name, "app");
  EXPECT_EQ(app.cpu.usage_core_nano_seconds, 150u * 10'000'000);
  EXPECT_EQ(app.memory.rss, 2u * 6 * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(app.memory.page_faults, 40u);
  EXPECT_EQ(app.memory.major_page_faults, 4u);
  EXPECT_EQ(app.start_time, 1007 * kSecond);
  EXPECT_EQ(read->pods[0].cpu.usage_core_nano_seconds, 3 * kSecond + 150u * 10'000'000);
  std::filesystem::remove_all(root + "/proc/8");
  read = machine.read(arena, 2 * kSecond);
  EXPECT_EQ(read->pods[0].containers[1].cpu.usage_core_nano_seconds, 150u * 10'000'000) << "it does not fall";
  EXPECT_EQ(read->pods[0].containers[1].cpu.usage_nano_cores, 0u);
}

TEST_F(MachineTest, ReadsTheOlderHierarchy) {
  std::filesystem::remove_all(root + "/sys");
  write("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file 1000\ntotal_rss 5\n");
  write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "3000\n");
  write("/sys/fs/cgroup/cpuacct/cpuacct.usage", "42\n");
  Machine machine({"p", "ns", "u-1", "n1"}, root);
  const auto read = machine.read(arena, kSecond);
  ASSERT_EQ(read->pods[0].containers.size(), 1u);
  EXPECT_EQ(read->pods[0].containers[0].memory.working_set, 2000u);
  EXPECT_EQ(read->pods[0].containers[0].cpu.usage_core_nano_seconds, 42u);
}

TEST_F(MachineTest, WithoutProcItSaysSo) {
  std::filesystem::remove_all(root + "/proc");
  Machine machine({"p", "ns", "u-1", "n1"}, root);
  EXPECT_FALSE(machine.read(arena, kSecond));
}

TEST(Texts, AreFoundByTheirKeys) {
  EXPECT_EQ(number_behind("ab 1\na 2\n", "a"), 2u);
  EXPECT_EQ(number_behind("MemTotal:  12 kB", "MemTotal"), 12u);
  EXPECT_FALSE(number_behind("a x", "a"));
  EXPECT_FALSE(number_behind("", "a"));
  EXPECT_EQ(container_in("0::/kubepods/pod1/" + std::string(kApp)), kApp);
  EXPECT_EQ(container_in("12:memory:/docker/" + std::string(kOwn) + "\n11:cpu:/"), kOwn);
  EXPECT_EQ(container_in("0::/user.slice/abc"), "");
  EXPECT_EQ(container_in(std::string(65, 'a')), "");
}

TEST(PodMetrics, AreCpuAndWorkingSet) {
  Arena arena;
  const auto pod = read_pod_metrics(
      R"({"kind":"PodMetrics","metadata":{"name":"p","namespace":"ns"},"window":"15s","containers":[)"
      R"({"name":"app","usage":{"cpu":"250m","memory":"20Mi"}},{"name":"side","usage":{"memory":"1024Ki","cpu":"5n"}}]})",
      arena);
  ASSERT_TRUE(pod) << pod.error().what;
  EXPECT_EQ(pod->name, "p");
  ASSERT_EQ(pod->containers.size(), 2u);
  EXPECT_EQ(pod->containers[0].cpu.usage_nano_cores, 250'000'000u);
  EXPECT_EQ(pod->containers[1].memory.working_set, 1u << 20);
  EXPECT_EQ(pod->cpu.usage_nano_cores, 250'000'005u);
  EXPECT_EQ(pod->memory.working_set, 21u << 20);
  EXPECT_FALSE(read_pod_metrics(R"({"containers":[{"usage":{"cpu":"many"}}]})", arena));
}

}  // namespace
}  // namespace gleaner::receivers::kubeletstats
