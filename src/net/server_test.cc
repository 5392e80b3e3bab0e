// What peers do to a server that they should not, and what happens then.
#include "net/server.h"

#include <gtest/gtest.h>

#include "net/grpc_client.h"
#include "net/http1.h"
#include "net/http2.h"

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;

class Quiet final : public GrpcHandler, public HttpHandler {
 public:
  bool serves(std::string_view) const override { return true; }
  Task<GrpcReply> unary(GrpcRequest) override {
    ++calls;
    arrived.notify_all();
    co_await release.wait();
    GrpcReply reply;
    co_return reply;
  }
  Task<HttpResponse> handle(HttpRequest) override {
    ++calls;
    HttpResponse response;
    co_return response;
  }
  int calls = 0;
  Signal release, arrived;
};

Task<> pause(Loop& loop) { co_await loop.yield(); }
template <class Condition>
void until(Loop& loop, Condition condition) {
  while (!condition()) loop.run_until_done(pause(loop));
}
Task<> call_into(GrpcClient& client, GrpcCall call, GrpcResult& out, bool& done) {
  out = co_await client.call(std::move(call));
  done = true;
}
GrpcCall call_of(std::size_t size) {
  GrpcCall call;
  call.path = "/t.S/M";
  call.message = Chain(Bytes::copy(std::string(size, 'x')));
  return call;
}
Task<StreamPtr> send_raw(Loop& loop, std::string at, std::string text) {
  auto stream = co_await dial(loop, "tcp", at, loop.now() + 5s);
  Chain out(Bytes::copy(text));
  auto sent = co_await write_all(**stream, std::move(out));
  co_return std::move(*stream);
}

TEST(Server, GivesBackWhatADeadPeerReserved) {
  Loop loop;
  Quiet quiet;
  Budget budget(1 << 20);
  HttpServerOptions options;
  options.listen.endpoint = "127.0.0.1:0";
  options.budget = &budget;
  auto server = std::move(*Server::http(loop, options, quiet));
  server->start();
  auto peer = loop.run_until_done(send_raw(
      loop, server->address().text(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nabc"));
  until(loop, [&] { return budget.used() == 500'000; });
  peer.reset();
  until(loop, [&] { return budget.used() == 0; });
  EXPECT_EQ(quiet.calls, 0);
  loop.run_until_done(server->stop(loop.now() + 5s));
}

TEST(Server, EndsTheQuietestForOneMore) {
  Loop loop;
  Quiet quiet;
  HttpServerOptions options;
  options.listen.endpoint = "127.0.0.1:0";
  options.max_connections = 4;
  auto server = std::move(*Server::http(loop, options, quiet));
  server->start();
  const std::string at = server->address().text();
  const std::string begun = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
  auto first = loop.run_until_done(send_raw(loop, at, begun));  // it says no more
  until(loop, [&] { return server->stats().requests == 1; });
  std::vector<StreamPtr> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(loop.run_until_done(send_raw(loop, at, begun)));
    until(loop, [&] { return server->stats().requests == static_cast<std::uint64_t>(i) + 2; });
  }
  EXPECT_EQ(server->stats().connections, 4u);
  EXPECT_EQ(server->stats().ended_for_room, 1u);
  char byte = 0;
  until(loop, [&] { return first->try_read(&byte, 1).state == Step::eof; });
  EXPECT_NE(others[0]->try_read(&byte, 1).state, Step::eof);
  others.clear();
  loop.run_until_done(server->stop(loop.now()));
}

TEST(Server, GivesBackWhatADeadGrpcPeerReserved) {
  Loop loop;
  Gate gate;
  Quiet quiet;
  Budget budget(200 << 20);
  GrpcServerOptions options;
  options.listen.endpoint = "127.0.0.1:0";
  options.budget = &budget;
  options.max_message = 100 << 20;
  auto server = std::move(*Server::grpc(loop, options, quiet));
  server->start();
  GrpcClientOptions co;
  co.target = server->address().text();
  auto client = std::move(*GrpcClient::make(loop, co));
  GrpcResult got;
  bool done = false;
  gate.spawn(call_into(*client, call_of(50 << 20), got, done));
  constexpr std::size_t kMessage = std::size_t{50} << 20;
  until(loop, [&] { return budget.used() >= kMessage; });  // known from the prefix, before the rest has come
  EXPECT_LT(budget.used(), kMessage + 8192);               // and the head and the call
  loop.run_until_done(client->stop());
  EXPECT_EQ(got.code, GrpcCode::cancelled) << got.message;
  until(loop, [&] { return budget.used() == 0; });
  EXPECT_EQ(quiet.calls, 0);
  loop.run_until_done(server->stop(loop.now() + 5s));
}

TEST(Server, SendsPingersAway) {
  Loop loop;
  Gate gate;
  Quiet quiet;
  GrpcServerOptions options;
  options.listen.endpoint = "127.0.0.1:0";
  auto server = std::move(*Server::grpc(loop, options, quiet));
  server->start();
  GrpcClientOptions co;
  co.target = server->address().text();
  co.keepalive_time = 1ms;
  auto client = std::move(*GrpcClient::make(loop, co));
  GrpcResult got;
  bool done = false;
  gate.spawn(call_into(*client, call_of(1), got, done));
  until(loop, [&] { return done; });
  EXPECT_EQ(got.code, GrpcCode::unavailable);
  EXPECT_EQ(got.message, "received GOAWAY, code: ENHANCE_YOUR_CALM, debug data: \"too_many_pings\"");
  quiet.release.notify_all();
  loop.run_until_done(client->stop());
  loop.run_until_done(server->stop(loop.now() + 5s));
}

TEST(GrpcClient, NoticesAPeerThatWentSilent) {
  Loop loop;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});  // the kernel accepts, nobody reads
  GrpcClientOptions co;
  co.target = (*listener)->address().text();
  co.keepalive_time = 1ms;
  co.keepalive_timeout = 5ms;
  auto client = std::move(*GrpcClient::make(loop, co));
  const auto got = loop.run_until_done(client->call(call_of(1)));
  EXPECT_EQ(got.code, GrpcCode::unavailable);
  EXPECT_EQ(got.message, "keepalive ping failed to receive ACK within timeout");
  loop.run_until_done(client->stop());
}

TEST(GrpcClient, SaysWhenNoGrpcServerAnswers) {
  Loop loop;
  Quiet quiet;
  HttpServerOptions options;
  options.listen.endpoint = "127.0.0.1:0";
  auto server = std::move(*Server::http(loop, options, quiet));
  server->start();
  GrpcClientOptions co;
  co.target = server->address().text();
  auto client = std::move(*GrpcClient::make(loop, co));
  const auto got = loop.run_until_done(client->call(call_of(1)));
  EXPECT_EQ(got.code, GrpcCode::unavailable) << got.message;
  EXPECT_FALSE(got.message.empty());
  loop.run_until_done(client->stop());
  loop.run_until_done(server->stop(loop.now() + 5s));
}

TEST(GrpcClient, SpreadsCallsOverUnixSockets) {
  Loop loop;
  Quiet quiet;
  GrpcServerOptions options;
  options.listen.transport = "unix";
  options.listen.endpoint = "@gleaner_net_server_test";
  auto server = std::move(*Server::grpc(loop, options, quiet));
  server->start();
  GrpcClientOptions co;
  co.target = "unix:@gleaner_net_server_test";
  auto client = std::move(*GrpcClient::make(loop, co));
  Gate gate;
  GrpcResult got;
  bool done = false;
  gate.spawn(call_into(*client, call_of(1), got, done));
  until(loop, [&] { return quiet.calls == 1; });
  quiet.release.notify_all();
  until(loop, [&] { return done; });
  EXPECT_EQ(got.code, GrpcCode::ok) << got.message;
  loop.run_until_done(client->stop());
  loop.run_until_done(server->stop(loop.now() + 5s));
}

TEST(Http2, HandsGarbageBack) {
  struct Nothing final : Http2Events {
    void on_head(Http2Stream&, const Headers&, bool) override { ADD_FAILURE(); }
    void on_data(Http2Stream&, std::string_view) override { ADD_FAILURE(); }
    void on_end(Http2Stream&, Headers) override { ADD_FAILURE(); }
    void on_close(Http2Stream&, Http2Code) override { ADD_FAILURE(); }
    void on_goaway(std::int32_t, Http2Code, std::string_view) override {}
    void on_ping(bool) override {}
  } nothing;
  Http2Session session(Http2Session::Side::server, {}, nothing);
  EXPECT_FALSE(session.feed("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
}

}  // namespace
}  // namespace gleaner::net
