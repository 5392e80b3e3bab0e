// A handler that wants to see the head before anything of the body is read: over gRPC, HTTP/1.1 and HTTP/2.
#include <gtest/gtest.h>

#include "net/grpc_client.h"
#include "net/http_client.h"
#include "net/server.h"
#include "net/test_certs.h"

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;

/// Lets in who carries "pass: yes"; "pass: wait" waits for release() and says what `later` says.
class Gatekeeper final : public GrpcHandler, public HttpHandler {
 public:
  bool serves(std::string_view) const override { return true; }
  bool guarded() const override { return true; }

  Task<std::optional<GrpcReply>> admit(GrpcRequest& head) override {
    const bool pass = co_await look_at(head.metadata.get("pass"));
    head.note = std::make_shared<const int>(++notes);
    if (pass) co_return std::nullopt;
    GrpcReply reply;
    reply.code = GrpcCode::unauthenticated;
    reply.message = "not you";
    co_return reply;
  }
  Task<std::optional<HttpResponse>> admit(HttpRequest& head) override {
    const bool pass = co_await look_at(head.headers.get("pass"));
    head.note = std::make_shared<const int>(++notes);
    if (pass) co_return std::nullopt;
    HttpResponse response;
    response.status = 401;
    co_return response;
  }
  Task<GrpcReply> unary(GrpcRequest request) override {
    ++calls;
    EXPECT_EQ(*static_cast<const int*>(request.note.get()), notes);
    GrpcReply reply;
    reply.body = std::move(request.message);
    co_return reply;
  }
  Task<HttpResponse> handle(HttpRequest request) override {
    ++calls;
    EXPECT_EQ(*static_cast<const int*>(request.note.get()), notes);
    HttpResponse response;
    response.status = request.body_error ? 400 : 200;
    response.body = std::move(request.body);
    co_return response;
  }
  void release() { released.notify_all(); }

  int calls = 0, notes = 0, waiting = 0;
  bool later = true;
  Signal released;

 private:
  Task<bool> look_at(std::string_view pass) {
    if (pass != "wait") co_return pass == "yes";
    ++waiting;
    co_await released.wait();
    --waiting;
    co_return later;
  }
};

Task<> pause(Loop& loop) { co_await loop.yield(); }
template <class Condition>
void until(Loop& loop, Condition condition) {
  while (!condition()) loop.run_until_done(pause(loop));
}

/// A server of one protocol, and a client of it.
struct Rig {
  enum class Over : std::uint8_t { grpc, http1, http2 };
  Loop loop;
  Gatekeeper keeper;
  Budget budget{32 << 20};
  Over over;
  std::unique_ptr<Server> server;
  std::unique_ptr<GrpcClient> grpc;
  std::unique_ptr<HttpClient> http;

  explicit Rig(Over protocol) : over(protocol) {
    if (over == Over::grpc) {
      GrpcServerOptions options;
      options.listen.endpoint = "127.0.0.1:0";
      options.budget = &budget;
      options.max_message = 16 << 20;
      server = std::move(*Server::grpc(loop, options, keeper));
      GrpcClientOptions co;
      co.target = server->address().text();
      co.max_receive = 16 << 20;
      grpc = std::move(*GrpcClient::make(loop, co));
    } else {
      HttpServerOptions options;
      options.listen.endpoint = "127.0.0.1:0";
      options.budget = &budget;
      options.max_body = 16 << 20;
      HttpClientOptions co;
      if (over == Over::http2) {
        const auto self = test::make_identity("localhost", "IP:127.0.0.1", nullptr);
        TlsServerOptions so;
        so.cert_pem = self.pem(false);
        so.key_pem = self.pem(true);
        options.tls = std::move(*TlsServer::make(so));
        TlsClientOptions to;
        to.ca_pem = self.pem(false);
        co.tls = std::move(*TlsClient::make(to));
      }
      server = std::move(*Server::http(loop, options, keeper));
      http = HttpClient::make(loop, co);
    }
    server->start();
  }
  ~Rig() {
    keeper.release();
    if (grpc) loop.run_until_done(grpc->stop());
    if (http) loop.run_until_done(http->stop());
    loop.run_until_done(server->stop(loop.now() + 5s));
    EXPECT_EQ(budget.used(), 0u);
  }

  struct Outcome {
    int status = 0;  ///< gRPC code or HTTP status
    std::size_t body = 0;
    bool done = false;
  };
  Task<> send(std::string pass, std::size_t size, Outcome& out, Duration timeout = 20s) {
    const std::string text(size, 'x');
    if (over == Over::grpc) {
      GrpcCall call;
      call.path = "/t.S/M";
      call.metadata.add("pass", pass);
      call.message = Chain(Bytes::copy(text));
      call.deadline = loop.now() + timeout;
      auto got = co_await grpc->call(std::move(call));
      out = {static_cast<int>(got.code), got.body.size(), true};
      co_return;
    }
    HttpCall call;
    call.url = (over == Over::http2 ? "https://" : "http://") + server->address().text() + "/";
    call.headers.add("pass", pass);
    call.body = Chain(Bytes::copy(text));
    call.max_response = 32 << 20;
    call.deadline = loop.now() + timeout;
    auto got = co_await http->send(std::move(call));
    out = {got ? got->status : -1, got ? got->body.size() : 0, true};
  }
  Outcome send_now(std::string pass, std::size_t size, Duration timeout = 20s) {
    Outcome out;
    loop.run_until_done(send(std::move(pass), size, out, timeout));
    return out;
  }
  int good() const { return over == Over::grpc ? 0 : 200; }
  int refused() const { return over == Over::grpc ? 16 : 401; }
};

class Admit : public testing::TestWithParam<Rig::Over> {};
INSTANTIATE_TEST_SUITE_P(Over, Admit, testing::Values(Rig::Over::grpc, Rig::Over::http1, Rig::Over::http2),
                         [](const auto& info) {
                           return info.param == Rig::Over::grpc    ? "Grpc"
                                  : info.param == Rig::Over::http1 ? "Http1"
                                                                   : "Http2";
                         });

TEST_P(Admit, LetsInAndTurnsAway) {
  Rig rig(GetParam());
  for (const std::size_t size : {0u, 10u, 300'000u, 3'000'000u}) {
    const auto in = rig.send_now("yes", size);
    EXPECT_EQ(in.status, rig.good()) << size;
    EXPECT_EQ(in.body, size);
    EXPECT_EQ(rig.send_now("no", size).status, rig.refused()) << size;
  }
  EXPECT_EQ(rig.keeper.calls, 4);
}

TEST_P(Admit, AShortRefusedBodyKeepsTheConnection) {
  Rig rig(GetParam());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(rig.send_now("no", 1000).status, rig.refused());
  EXPECT_EQ(rig.send_now("yes", 1000).status, rig.good());
  EXPECT_EQ(rig.server->stats().accepted, 1u);
}

TEST_P(Admit, ABodyWaitsForTheVerdict) {
  for (const bool verdict : {true, false}) {
    for (const std::size_t size : {0u, 100u, 8'000'000u}) {
      Rig rig(GetParam());
      rig.keeper.later = verdict;
      Gate gate;
      Rig::Outcome out;
      gate.spawn(rig.send("wait", size, out));
      until(rig.loop, [&] { return rig.keeper.waiting == 1; });
      for (int i = 0; i < 200; ++i) rig.loop.run_until_done(pause(rig.loop));
      EXPECT_LE(rig.budget.used(), (1u << 20) + 16384) << "no more than the window of somebody unknown";
      EXPECT_FALSE(out.done);
      rig.keeper.release();
      until(rig.loop, [&] { return out.done; });
      EXPECT_EQ(out.status, verdict ? rig.good() : rig.refused()) << size;
      EXPECT_EQ(out.body, verdict ? size : 0u);
    }
  }
}

TEST_P(Admit, APeerThatGoesMeanwhileIsForgotten) {
  Rig rig(GetParam());
  Rig::Outcome out;
  Gate gate;
  gate.spawn(rig.send("wait", 500'000, out, 50ms));
  until(rig.loop, [&] { return out.done; });
  EXPECT_NE(out.status, rig.good());
  rig.keeper.release();
  until(rig.loop, [&] { return rig.keeper.waiting == 0 && rig.budget.used() == 0; });
  EXPECT_EQ(rig.send_now("yes", 10).status, rig.good());
}

}  // namespace
}  // namespace gleaner::net
