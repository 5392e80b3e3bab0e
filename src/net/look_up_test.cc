#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "net/socket.h"

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;
using Found = Result<std::vector<SocketAddress>>;

/// A name server that answers when the test is over.
struct Silence {
  std::mutex mutex;
  std::condition_variable over;
  bool ended = false;
  int asked = 0;
} silence;

Found never(const std::string&, const HostPort&) {
  std::unique_lock lock(silence.mutex);
  ++silence.asked;
  silence.over.wait(lock, [] { return silence.ended; });
  return std::vector<SocketAddress>();
}
Found at_once(const std::string& network, const HostPort& where) {
  return resolve_now(network, {"127.0.0.1", where.port});
}

class LookUps : public testing::Test {
 protected:
  ~LookUps() override {
    const std::lock_guard lock(silence.mutex);
    silence.ended = true;
    silence.over.notify_all();
  }
  LookUps() {
    const std::lock_guard lock(silence.mutex);
    silence.ended = false;
    silence.asked = 0;
  }
};

TEST_F(LookUps, HaveADeadline) {
  Loop loop;  // which does not outlive the look-up
  for (int i = 0; i < 3; ++i) {
    const auto found =
        loop.run_until_done(resolve(loop, "tcp", "backend.test:4317", loop.now() + 20ms, nullptr, &never));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().what, "lookup backend.test: i/o timeout");
    EXPECT_EQ(found.error().sys, ETIMEDOUT);
    EXPECT_EQ(found.error().fault, Fault::retryable);
  }
}

TEST_F(LookUps, NobodyWaitsForAreNotMade) {
  Loop loop;
  for (int i = 0; i < 5; ++i)
    (void)loop.run_until_done(resolve(loop, "tcp", "backend.test:1", loop.now() + 5ms, nullptr, &never));
  {
    const std::lock_guard lock(silence.mutex);
    silence.ended = true;
    silence.over.notify_all();
  }
  const auto found =
      loop.run_until_done(resolve(loop, "tcp", "backend.test:1", loop.now() + 60s, nullptr, &at_once));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().text(), "127.0.0.1:1");
  EXPECT_LE(silence.asked, 1);
}

TEST_F(LookUps, CanBeCancelled) {
  Loop loop;
  Cancel cancel;
  loop.post([&] { cancel.cancel(); });
  const auto found =
      loop.run_until_done(resolve(loop, "tcp", "backend.test:1", loop.now() + 60s, &cancel, &never));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::cancelled);
  const auto late =
      loop.run_until_done(resolve(loop, "tcp", "backend.test:1", loop.now() + 60s, &cancel, &never));
  EXPECT_EQ(late.error().fault, Fault::cancelled);
}

}  // namespace
}  // namespace gleaner::net
