#include "base/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/loop.h"
#include "base/readable.h"
#include "base/watched.h"

namespace gleaner {
namespace {

struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    near.reset(ends[0]), far.reset(ends[1]);
  }
  void send(std::string_view what) const {
    EXPECT_EQ(::write(far.get(), what.data(), what.size()), static_cast<ssize_t>(what.size()));
  }
  Fd near, far;
};

std::string take(const Watched& from, std::size_t room) {
  std::string got(room, '\0');
  const ssize_t count = ::recv(from.fd(), got.data(), room, 0);
  got.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return got;
}

TEST(Watched, TellsOnceAWait) {
  Loop loop;
  Pair pair;
  Watched watched(loop, std::move(pair.near));
  int calls = 0;
  watched.on_ready(Want::read, [&] { ++calls; });
  loop.run_ready();
  EXPECT_EQ(calls, 0);
  pair.send("ab");
  loop.run_ready();
  EXPECT_EQ(calls, 1);
  pair.send("cd");
  loop.run_ready();
  EXPECT_EQ(calls, 1) << "nobody waits";
}

TEST(Watched, BytesLeftBehindAreToldAgain) {
  Loop loop;
  Pair pair;
  Watched watched(loop, std::move(pair.near));
  pair.send("abc");
  std::string got;
  watched.on_ready(Want::read, [&] { got += take(watched, 1); });
  loop.run_ready();
  watched.on_ready(Want::read, [&] { got += take(watched, 1); });
  loop.run_ready();
  EXPECT_EQ(got, "ab") << "what is not said to be used up is ready at once";
  EXPECT_EQ(take(watched, 9), "c");
  watched.used_up(Want::read);
  watched.on_ready(Want::read, [&] { got += take(watched, 1); });
  loop.run_ready();
  EXPECT_EQ(got, "ab");
  pair.send("d");
  loop.run_ready();
  EXPECT_EQ(got, "abd");
}

TEST(Watched, AnEndThatCameWithTheLastBytesIsFound) {
  Loop loop;
  Pair pair;
  Watched watched(loop, std::move(pair.near));
  pair.send("last");
  pair.far.reset();
  bool ended = false;
  watched.on_ready(Want::read, [&] {
    EXPECT_EQ(take(watched, 100), "last");
    watched.used_up(Want::read);  // fewer bytes than room
    watched.on_ready(Want::read, [&] { ended = take(watched, 100).empty(); });
  });
  loop.run_ready();
  EXPECT_TRUE(ended);
}

TEST(Watched, WritersHearOfRoom) {
  Loop loop;
  Pair pair;
  Watched watched(loop, std::move(pair.near));
  const std::string much(1 << 20, 'x');
  while (::send(watched.fd(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  loop.run_ready();  // the edge of the registration
  watched.used_up(Want::write);
  bool room = false;
  watched.on_ready(Want::write, [&] { room = true; });
  loop.run_ready();
  EXPECT_FALSE(room);
  std::string got(1 << 20, '\0');
  while (::recv(pair.far.get(), got.data(), got.size(), 0) > 0) {
  }
  loop.run_ready();
  EXPECT_TRUE(room);
}

TEST(Watched, ClosingCallsWhoWaits) {
  Loop loop;
  Pair pair;
  Watched watched(loop, std::move(pair.near));
  int calls = 0;
  watched.on_ready(Want::read, [&] { ++calls; });
  watched.on_ready(Want::write, [&] { ++calls; });
  watched.close();
  EXPECT_EQ(calls, 0) << "not from within close()";
  loop.run_ready();
  EXPECT_EQ(calls, 2);
  watched.on_ready(Want::read, [&] { ++calls; });
  loop.run_ready();
  EXPECT_EQ(calls, 3);
}

TEST(Watched, WhoIsGoneIsNotCalledThoughItsPlaceIsTakenAgain) {
  Loop loop;
  Pair first, second;
  int old_calls = 0, new_calls = 0;
  auto old = std::make_unique<Watched>(loop, std::move(first.near));
  old->on_ready(Want::read, [&] { ++old_calls; });
  old->close();
  old.reset();
  Watched young(loop, std::move(second.near));
  young.on_ready(Want::read, [&] { ++new_calls; });
  loop.run_ready();
  EXPECT_EQ(old_calls, 0);
  EXPECT_EQ(new_calls, 0);
  second.send("x");
  loop.run_ready();
  EXPECT_EQ(new_calls, 1);
}

TEST(Watched, OneCalledMayEndAnotherThatIsReadyToo) {
  Loop loop;
  Pair first, second;
  auto a = std::make_unique<Watched>(loop, std::move(first.near));
  auto b = std::make_unique<Watched>(loop, std::move(second.near));
  int calls = 0;
  a->on_ready(Want::read, [&] { ++calls, b.reset(); });
  b->on_ready(Want::read, [&] { ++calls, a.reset(); });
  first.send("x"), second.send("x");
  loop.run_ready();
  EXPECT_EQ(calls, 1);
}

TEST(Loop, RunsAsLongAsSomeoneWaits) {
  Loop loop;
  loop.run();  // nothing at all: returns
  Pair pair;
  auto watched = std::make_unique<Watched>(loop, std::move(pair.near));
  loop.run();  // registered, but nobody waits
  watched->on_ready(Want::read, [&] { watched.reset(); });
  loop.post([&] { pair.send("x"); });
  loop.run();
  EXPECT_EQ(watched, nullptr);
}

Task<> waits(Readable& readable, std::vector<bool>& got) { got.push_back(co_await readable.wait()); }

TEST(Readable, SaysWhetherThereIsSomething) {
  Loop loop;
  Pair pair;
  Readable readable(loop, std::move(pair.near));
  Gate gate;
  std::vector<bool> got;
  gate.spawn(waits(readable, got));
  readable.cancel();
  loop.run_ready();
  EXPECT_EQ(got, std::vector<bool>{false});
  pair.send("x");
  gate.spawn(waits(readable, got));
  loop.run_ready();
  EXPECT_EQ(got, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace gleaner
