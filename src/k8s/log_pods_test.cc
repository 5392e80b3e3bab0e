#include "k8s/log_pods.h"

#include <gmock/gmock.h>

namespace gleaner::k8s {
namespace {
using testing::ElementsAre;

TEST(LogPods, NamesContainersOfEveryKind) {
  const auto pod = read_log_pod(R"({"metadata":{"name":"p","uid":"u","labels":{"name":"x"}},
    "spec":{"containers":[{"name":"app","image":"i"},{"name":"side"}],"initContainers":[{"name":"first"}],
            "ephemeralContainers":[{"name":"debug"}]},
    "status":{"containerStatuses":[{"name":"app","restartCount":3},{"name":"side","restartCount":0}]}})");
  ASSERT_TRUE(pod) << pod.error().what;
  EXPECT_EQ(pod->name, "p");
  EXPECT_EQ(pod->uid, "u");
  EXPECT_THAT(pod->containers, ElementsAre(LogContainer{"first", 0}, LogContainer{"app", 3},
                                           LogContainer{"side", 0}, LogContainer{"debug", 0}));
  const auto list =
      read_log_pods(R"({"kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 2u);
  EXPECT_FALSE(read_log_pod("{"));
  EXPECT_FALSE(read_log_pods(R"({"items":7})"));
}

TEST(LogPods, TakesNamesFromARefusal) {
  EXPECT_THAT(
      containers_to_choose_from(
          "a container name must be specified for pod p, choose one of: [app side] or one of the init "
          "containers: [first] or one of the ephemeral containers: [debug]"),
      ElementsAre("app", "side", "first", "debug"));
  EXPECT_THAT(containers_to_choose_from("container \"[app]\" in pod \"p\" is waiting to start"),
              ElementsAre());
  EXPECT_THAT(containers_to_choose_from("choose one of: ["), ElementsAre());
  EXPECT_EQ(status_message(R"({"kind":"Status","message":"no \"way\"","code":403})"), "no \"way\"");
  EXPECT_EQ(status_message("<html>"), "");
}

TEST(LogPods, FindsTheOwnContainerAmongItsMounts) {
  EXPECT_EQ(own_container("712 700 0:47 / /proc rw,nosuid - proc proc rw\n"
                          "721 700 259:1 /kubelet/pods/0b5e/etc-hosts /etc/hosts rw - ext4 /dev/a rw\n"
                          "722 700 259:1 /var/lib/kubelet/pods/0b5e/containers/otc-container/44a1f2 "
                          "/dev/termination-log rw - ext4 /dev/a rw\n"),
            "otc-container");
  EXPECT_EQ(own_container("721 700 259:1 /kubelet/pods/0b5e/etc-hosts /etc/hosts rw - ext4 /dev/a rw\n"), "");
  EXPECT_EQ(own_container("722 700 0:1 /containers/x/pods/ / rw"), "");
  EXPECT_EQ(own_container("\n\n 1"), "");
}

}  // namespace
}  // namespace gleaner::k8s
