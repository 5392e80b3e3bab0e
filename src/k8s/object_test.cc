#include "k8s/object.h"

#include <gtest/gtest.h>

#include "k8s/node_proxy.h"
#include "k8s/watch_frames.h"

namespace gleaner::k8s {
namespace {

constexpr std::string_view kPod = R"({
  "kind": "Pod", "metadata": {"name": "shop-6c45f8d6f6-x2x4z", "namespace": "shop", "uid": "u-1", "resourceVersion": "77",
    "creationTimestamp": "2026-05-01T10:00:00Z", "labels": {"app": "shop", "a\"b": "c"}, "annotations": null,
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-6c45f8d6f6", "uid": "rs-1", "controller": true}]},
  "spec": {"initContainers": [{"name": "init", "image": "busybox"}], "hostNetwork": true, "nodeName": "n1", "hostname": "h",
    "containers": [{"name": "app", "image": "r.io/shop:1.2", "ports": [{"containerPort": 80}]}]},
  "status": {"initContainerStatuses": [{"name": "init", "containerID": "containerd://c0", "restartCount": 0}], "podIP": "10.0.0.7",
    "startTime": "2026-05-01T10:00:01Z", "containerStatuses": [{"name": "app", "containerID": "containerd://c1",
    "imageID": "r.io/shop@sha256:aa", "restartCount": 3}]}})";

TEST(Object, IsReadWithWhatMatters) {
  Arena arena;
  const auto pod = read_object(kPod, arena);
  ASSERT_TRUE(pod) << pod.error().what;
  EXPECT_EQ(pod->name, "shop-6c45f8d6f6-x2x4z");
  EXPECT_EQ(pod->name_space, "shop");
  EXPECT_EQ(pod->uid, "u-1");
  EXPECT_EQ(pod->resource_version, "77");
  EXPECT_EQ(pod->created, "2026-05-01T10:00:00Z");
  EXPECT_EQ(pod->label("a\"b"), "c");
  EXPECT_EQ(pod->label("none"), "");
  EXPECT_TRUE(pod->annotations.empty());
  ASSERT_EQ(pod->owners.size(), 1u);
  EXPECT_EQ(pod->owners[0].uid, "rs-1");
  EXPECT_TRUE(pod->host_network);
  EXPECT_EQ(pod->ip, "10.0.0.7");
  EXPECT_EQ(pod->started, 1777629601000000000u);
  ASSERT_EQ(pod->containers.size(), 2u);
  EXPECT_EQ(pod->containers[0].name, "app");
  EXPECT_EQ(pod->containers[1].image, "busybox");
  ASSERT_EQ(pod->statuses.size(), 2u);
  EXPECT_EQ(pod->statuses[0].restarts, 3u);
  EXPECT_EQ(pod->statuses[0].image_id, "r.io/shop@sha256:aa");
}

TEST(Object, OfAWrongTypeIsRefused) {
  for (const char* bad :
       {"[]", "{", R"({"metadata": {"name": 1}})", R"({"metadata": {"labels": {"a": true}}})",
        R"({"spec": {"hostNetwork": "yes"}})"}) {
    Arena arena;
    EXPECT_FALSE(read_object(bad, arena)) << bad;
  }
}

TEST(Images, AreTakenApart) {
  struct Case {
    std::string_view name, repository, tag, digest;
  };
  const Case cases[] = {{"nginx", "nginx", "latest", ""},
                        {"nginx:1.2", "nginx", "1.2", ""},
                        {"r.io:5000/a/b", "r.io:5000/a/b", "latest", ""},
                        {"r.io:5000/a/b:v1@sha256:ab", "r.io:5000/a/b", "v1", "sha256:ab"},
                        {"r.io/a@sha256:ab", "r.io/a", "latest", "sha256:ab"},
                        {"", "", "", ""},
                        {"a b", "", "", ""},
                        {"a:", "", "", ""}};
  for (const auto& [name, repository, tag, digest] : cases) {
    const Image image = read_image(name);
    EXPECT_EQ(image.repository, repository) << name;
    EXPECT_EQ(image.tag, tag) << name;
    EXPECT_EQ(image.digest, digest) << name;
  }
}

TEST(Images, DigestsNeedARepository) {
  struct Case {
    std::string_view id, want;
  };
  const Case cases[] = {{"r.io/a@sha256:ab", "r.io/a@sha256:ab"},
                        {"nginx@sha256:ab", "docker.io/library/nginx@sha256:ab"},
                        {"me/nginx@sha256:ab", "docker.io/me/nginx@sha256:ab"},
                        {"localhost/x@sha256:ab", "localhost/x@sha256:ab"},
                        {"sha256:ab", ""},
                        {"docker-pullable://a/b@sha256:ab", ""},
                        {"", ""}};
  for (const auto& [id, want] : cases) EXPECT_EQ(repository_digest(id), want) << id;
}

TEST(WatchFrames, AreRead) {
  Arena arena;
  const auto frame = read_watch_frame(R"({"type":"DELETED","object":{"metadata":{"uid":"u"}}})", arena);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->event, WatchEvent::deleted);
  EXPECT_EQ(frame->object, R"({"metadata":{"uid":"u"}})");
  EXPECT_EQ(read_watch_frame(R"({"object":{},"type":"NEW"})", arena)->event, WatchEvent::unknown);
  EXPECT_FALSE(read_watch_frame(R"({"type":"ADDED","object":{})", arena));
  const auto page = read_list_page(
      R"({"metadata":{"resourceVersion":"5","continue":"more"},"items":[{"a":1}, {"b":[2]} ]})", arena);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resource_version, "5");
  EXPECT_EQ(page->next, "more");
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[1], R"({"b":[2]})");
  EXPECT_EQ(read_status(R"({"code":410,"message":"too old"})").message, "too old");
}

TEST(AccessReview, IsAllowedOnlyWhenItSaysSo) {
  EXPECT_TRUE(*read_allowed(R"({"spec":{"allowed":false},"status":{"allowed":true,"reason":"RBAC"}})"));
  EXPECT_FALSE(*read_allowed(R"({"status":{"allowed":false}})"));
  for (const char* bad : {"{}", R"({"status":{}})", R"({"status":{"allowed":"yes"}})", "x"})
    EXPECT_FALSE(read_allowed(bad).has_value()) << bad;
}

TEST(FrameLines, DoNotDependOnPieces) {
  const std::string text = "one\n\ntwo\nthis is far too long\nthree\nrest";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    FrameLines lines(10);
    std::string got;
    for (std::size_t at = 0; at < text.size(); at += size)
      lines.feed(std::string_view(text).substr(at, size),
                 [&](std::string_view line) { got += std::string(line) + "|"; });
    EXPECT_EQ(got, "one|two|three|") << size;
    EXPECT_EQ(lines.left_out(), 1u);
  }
}

}  // namespace
}  // namespace gleaner::k8s
