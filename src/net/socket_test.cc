#include "net/socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;

Task<> echo_once(Listener& listener) {
  auto peer = co_await listener.accept();
  if (!peer) co_return;
  char text[4096];
  for (;;) {
    auto got = co_await read_some(**peer, text, sizeof text);
    if (!got || *got == 0) co_return;
    Chain back(Bytes::copy({text, *got}));
    auto sent = co_await write_all(**peer, std::move(back));
    if (!sent) co_return;
  }
}

Task<std::string> ask(Loop& loop, std::string transport, std::string endpoint, std::string text) {
  auto stream = co_await dial(loop, transport, endpoint, loop.now() + 5s);
  if (!stream) co_return stream.error().what;
  Chain out(Bytes::copy(text));
  auto sent = co_await write_all(**stream, std::move(out));
  if (!sent) co_return sent.error().what;
  (*stream)->shutdown();
  std::string back;
  char part[4096];
  for (;;) {
    auto got = co_await read_some(**stream, part, sizeof part);
    if (!got) co_return got.error().what;
    if (*got == 0) co_return back;
    back.append(part, *got);
  }
}

struct Case {
  std::string_view name, transport, endpoint;
};
class Sockets : public testing::TestWithParam<Case> {};
TEST_P(Sockets, CarryBytesBothWays) {
  Loop loop;
  Gate gate;
  std::string endpoint(GetParam().endpoint);
  if (endpoint == "PATH") endpoint = testing::TempDir() + "net_socket_test." + std::to_string(getpid());
  ListenOptions options{std::string(GetParam().transport), endpoint, false};
  auto listener = Listener::open(loop, options);
  ASSERT_TRUE(listener) << listener.error().what;
  gate.spawn(echo_once(**listener));
  const auto& bound = (*listener)->address();
  const std::string at = bound.port()
                             ? join_host_port(bound.ip() == "::" ? "127.0.0.1" : bound.ip(), bound.port())
                             : bound.text();
  const std::string text(30000, 'x');
  EXPECT_EQ(loop.run_until_done(ask(loop, std::string(GetParam().transport), at, text)), text);
  (*listener)->close();
  loop.run_until_done([](Gate& g) -> Task<> { co_await g.join(); }(gate));
}
INSTANTIATE_TEST_SUITE_P(Table, Sockets,
                         testing::ValuesIn<Case>({{"v4", "tcp", "127.0.0.1:0"},
                                                  {"tcp4", "tcp4", ":0"},
                                                  {"any", "tcp", "0.0.0.0:0"},
                                                  {"name", "tcp", "localhost:0"},
                                                  {"path", "unix", "PATH"},
                                                  {"abstract", "unix", "@gleaner_net_test"}}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Listener, NamesThePortThatIsTaken) {
  Loop loop;
  auto first = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  const std::string at = (*first)->address().text();
  auto second = Listener::open(loop, {"tcp", at, false});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().what, "listen tcp " + at + ": bind: address already in use");
  EXPECT_EQ(Listener::open(loop, {"tcp", "127.0.0.1", false}).error().what,
            "listen tcp: address 127.0.0.1: missing port in address");
}

TEST(Dial, SaysWhoRefused) {
  Loop loop;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  const std::string at = (*listener)->address().text();
  listener->reset();
  EXPECT_EQ(loop.run_until_done(ask(loop, "tcp", at, "")),
            "dial tcp " + at + ": connect: connection refused");
  EXPECT_EQ(
      loop.run_until_done(ask(loop, "tcp", "nosuch.invalid:1", "")).find("dial tcp: lookup nosuch.invalid"),
      0u);
}

TEST(Stream, CloseWakesTheReader) {
  Loop loop;
  Gate gate;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  auto stream = loop.run_until_done(dial(loop, "tcp", (*listener)->address().text(), loop.now() + 5s));
  Fault seen = Fault::os;
  gate.spawn([](Stream& s, Fault& fault) -> Task<> {
    char c;
    auto got = co_await read_some(s, &c, 1);
    if (!got) fault = got.error().fault;
  }(**stream, seen));
  (*stream)->close();
  loop.run_until_done([](Gate& g) -> Task<> { co_await g.join(); }(gate));
  EXPECT_EQ(seen, Fault::cancelled);
}

}  // namespace
}  // namespace gleaner::net
