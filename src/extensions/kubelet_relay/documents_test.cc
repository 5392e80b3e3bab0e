#include "extensions/kubelet_relay/documents.h"

#include <gtest/gtest.h>

namespace gleaner::extensions::kubelet_relay {
namespace {
using namespace std::chrono_literals;

struct DocumentsTest : testing::Test {
  Loop loop{Loop::Clock::manual};
  Documents documents{loop, 5s};
  Signal arrives;
  int fetches = 0, status = 200;
  Gate gate;
  std::vector<std::string> got;

  Task<Result<k8s::Client::Answer>> fetch() {
    ++fetches;
    const int number = fetches;
    co_await arrives.wait();
    co_return k8s::Client::Answer{status, {}, Bytes::copy("document " + std::to_string(number))};
  }
  Task<> ask(std::string name) {
    auto answer =
        co_await documents.get(std::move(name), loop.now() + 10s, [this](TimePoint) { return fetch(); });
    got.push_back(answer ? std::string(answer->body.view()) : answer.error().what);
  }
  void deliver() {
    while (arrives.waited_for()) arrives.notify_one();
    loop.run_ready();
  }
};

TEST_F(DocumentsTest, WhoComesMeanwhileGetsTheSame) {
  gate.spawn(ask("n"));
  gate.spawn(ask("n"));
  EXPECT_EQ(fetches, 1);
  deliver();
  EXPECT_EQ(got, (std::vector<std::string>{"document 1", "document 1"}));
  gate.spawn(ask("n"));
  EXPECT_EQ(got.size(), 3u) << "it is still fresh";
  loop.advance(5s);
  gate.spawn(ask("n"));
  EXPECT_EQ(fetches, 2);
  deliver();
  EXPECT_EQ(got.back(), "document 2");
}

TEST_F(DocumentsTest, FailuresAreNotKept) {
  status = 503;
  gate.spawn(ask("n"));
  deliver();
  status = 200;
  gate.spawn(ask("n"));
  EXPECT_EQ(fetches, 2);
  deliver();
}

TEST_F(DocumentsTest, FewAreFetchedAtATime) {
  for (int i = 0; i < 10; ++i) gate.spawn(ask(std::to_string(i)));
  EXPECT_EQ(fetches, 4);
  deliver();
  EXPECT_EQ(fetches, 10) << "each that is done lets the next one in";
  EXPECT_EQ(got.size(), 10u);
}

}  // namespace
}  // namespace gleaner::extensions::kubelet_relay
