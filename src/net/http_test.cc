#include <gtest/gtest.h>

#include <deque>

#include "net/http1.h"
#include "net/http_client.h"
#include "net/server.h"
#include "net/test_certs.h"
#include "net/url.h"

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;

/// Answers with the body, or with why there is none.
class Echo final : public HttpHandler {
 public:
  Task<HttpResponse> handle(HttpRequest request) override {
    ++calls;
    last = request.method + " " + request.path + " host=" + std::string(request.headers.get("host"));
    if (auto moved = redirect_to_clean_path(request)) co_return std::move(*moved);
    HttpResponse response;
    if (request.body_error) {
      response.status = 400;
      response.body.append(Bytes::copy(request.body_error->what));
      co_return response;
    }
    response.headers.add("content-type", "text/plain");
    response.body = std::move(request.body);
    if (keep) kept.push_back(std::move(request.reservation));
    co_return response;
  }
  int calls = 0;
  bool keep = false;
  std::string last;
  std::deque<Reservation> kept;
};

struct Rig {
  Loop loop;
  Echo echo;
  HttpServerOptions server_options;
  HttpClientOptions client_options;
  std::unique_ptr<Server> server;
  std::unique_ptr<HttpClient> client;
  std::string scheme = "http";

  void start() {
    server_options.listen.endpoint = "127.0.0.1:0";
    auto made = Server::http(loop, server_options, echo);
    ASSERT_TRUE(made) << made.error().what;
    server = std::move(*made);
    server->start();
    client = HttpClient::make(loop, client_options);
  }
  void use_tls() {
    const auto ca = test::make_identity("ca", "", nullptr);
    const auto id = test::make_identity("server", "IP:127.0.0.1", &ca);
    TlsServerOptions so;
    so.cert_pem = id.pem(false);
    so.key_pem = id.pem(true);
    TlsClientOptions co;
    co.ca_pem = ca.pem(false);
    server_options.tls = *TlsServer::make(so);
    client_options.tls = *TlsClient::make(co);
    scheme = "https";
  }
  Result<HttpReply> send(std::string path, std::string body, std::string encoding = "",
                         std::size_t max = 64u << 20) {
    HttpCall call;
    call.url = scheme + "://" + server->address().text() + path;
    call.body = Chain(Bytes::copy(body));
    if (!encoding.empty()) call.headers.add("content-encoding", encoding);
    call.max_response = max;
    call.deadline = loop.now() + 20s;
    return loop.run_until_done(client->send(std::move(call)));
  }
  ~Rig() {
    if (client) loop.run_until_done(client->stop());
    if (server) loop.run_until_done(server->stop(loop.now() + 5s));
  }
};

/// Sends raw bytes, returns all that comes back until the server closes.
Task<std::string> raw(Loop& loop, std::string at, std::string text) {
  auto stream = co_await dial(loop, "tcp", at, loop.now() + 5s);
  if (!stream) co_return stream.error().what;
  Chain out(Bytes::copy(text));
  auto sent = co_await write_all(**stream, std::move(out));
  std::string back;
  char part[4096];
  for (;;) {
    auto got = co_await read_some(**stream, part, sizeof part);
    if (!got || *got == 0) co_return back;
    back.append(part, *got);
  }
}

class Http : public testing::TestWithParam<bool> {};
TEST_P(Http, KeepsTheConnection) {
  Rig rig;
  if (GetParam()) rig.use_tls();
  rig.start();
  for (const std::size_t size : {0u, 1u, 100'000u, 5'000'000u}) {
    const std::string text(size, 'x');
    const auto got = rig.send("/v1/logs?a=b", text);
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(got->status, 200);
    EXPECT_TRUE(got->body.flat().view() == text);
    EXPECT_EQ(got->headers.get("content-type"), "text/plain");
  }
  EXPECT_EQ(rig.server->stats().accepted, 1u);
  EXPECT_EQ(rig.echo.last, "POST /v1/logs host=" + rig.server->address().text());
  EXPECT_EQ(rig.send("/", std::string(100, 'x'), "", 10)->body.size(), 10u);
}
TEST_P(Http, HandsErrorsOfTheBodyToTheHandler) {
  Rig rig;
  if (GetParam()) rig.use_tls();
  rig.server_options.max_body = 1000;
  rig.start();
  const auto said = [&](std::string body, std::string encoding) {
    auto got = rig.send("/", std::move(body), std::move(encoding));
    return got ? std::to_string(got->status) + " " + std::string(got->body.flat().view()) : got.error().what;
  };
  const auto zip = [](std::string_view text) {
    return std::string(compress(Encoding::gzip, 1, Chain(Bytes::copy(text))).flat().view());
  };
  EXPECT_EQ(said(zip("hello"), "gzip"), "200 hello");
  EXPECT_EQ(said(zip(std::string(1001, 'x')), "gzip"), "400 http: request body too large");
  EXPECT_EQ(said("x", "br"), "400 unsupported Content-Encoding: br");
  EXPECT_EQ(said("x", "identity"), "400 unsupported Content-Encoding: identity");
  EXPECT_EQ(said("x", "GZIP"), "400 unsupported Content-Encoding: GZIP");
  EXPECT_EQ(said("not gzip", "gzip"), "400 gzip: invalid header");
  EXPECT_EQ(said(std::string(1001, 'x'), ""), "400 http: request body too large");
  EXPECT_EQ(said(std::string(500'000, 'x'), ""), "400 http: request body too large");
  EXPECT_EQ(said("fine", ""), "200 fine");
}
TEST_P(Http, RefusesBeyondTheBudget) {
  Rig rig;
  Budget budget(100'000);
  if (GetParam()) rig.use_tls();
  rig.server_options.budget = &budget;
  rig.echo.keep = true;
  rig.start();
  EXPECT_EQ(rig.send("/", std::string(60'000, 'x'))->status, 200);
  EXPECT_EQ(budget.used(), 60'000u);
  const auto refused = rig.send("/", std::string(60'000, 'x'));
  ASSERT_TRUE(refused) << refused.error().what;
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.get("retry-after"), "1");
  EXPECT_EQ(rig.echo.calls, 1);
  rig.echo.kept.clear();
  EXPECT_EQ(rig.send("/", std::string(60'000, 'x'))->status, 200);
  rig.echo.kept.clear();
}
INSTANTIATE_TEST_SUITE_P(Over, Http, testing::Bool(),
                         [](const auto& c) { return c.param ? "Tls_h2" : "Plain"; });

struct Raw {
  std::string_view name, request, want_start, want_body;
};
class Http1Raw : public testing::TestWithParam<Raw> {};
TEST_P(Http1Raw, Answers) {
  Rig rig;
  rig.server_options.max_header = 2000;
  rig.start();
  const auto got =
      rig.loop.run_until_done(raw(rig.loop, rig.server->address().text(), std::string(GetParam().request)));
  EXPECT_EQ(got.substr(0, GetParam().want_start.size()), GetParam().want_start) << got;
  EXPECT_TRUE(got.ends_with(GetParam().want_body)) << got;
}
const std::string kLong = "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(3000, 'x') + "\r\n\r\n";
INSTANTIATE_TEST_SUITE_P(
    Table, Http1Raw,
    testing::ValuesIn<Raw>({
        {"close", "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
         "HTTP/1.1 200 OK\r\n", "\r\n\r\nhi"},
        {"old", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 200 OK\r\n", "hi"},
        {"chunked",
         "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\nhi\r\n3;a=b\r\n yo\r\n0\r\nT: t\r\n\r\n",
         "HTTP/1.1 200 OK\r\n", "hi yo"},
        {"expect",
         "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: "
         "2\r\n\r\nhi",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "hi"},
        {"pipelined",
         "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\naPOST / HTTP/1.1\r\nHost: x\r\nConnection: "
         "close\r\nContent-Length: 1\r\n\r\nb",
         "HTTP/1.1 200 OK\r\n", "b"},
        {"head", "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n",
         "\r\n\r\n"},
        {"no_host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "400 Bad Request"},
        {"garbage", "\x16\x03\x01 garbage\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "400 Bad Request"},
        {"long_head", kLong, "HTTP/1.1 431 ", "431 Request Header Fields Too Large"},
        {"smuggle",
         "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400 ", "400 Bad Request"},
        {"bad_chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         "HTTP/1.1 400 ", "400 Bad Request"},
        {"redirect",
         "POST //v1/./logs?a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 307 Temporary Redirect\r\nLocation: /v1/logs?a\r\n", "\r\n\r\n"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Http, SlowPeersAreCutByTimers) {
  Rig rig;
  rig.server_options.read_header_timeout = 20ms;
  rig.server_options.idle_timeout = 20ms;
  rig.server_options.read_timeout = 30ms;
  rig.start();
  const std::string at = rig.server->address().text();
  EXPECT_EQ(rig.loop.run_until_done(raw(rig.loop, at, "")), "");
  EXPECT_EQ(rig.loop.run_until_done(raw(rig.loop, at, "POST / HTTP/1.1\r\nHo")), "");
  EXPECT_EQ(
      rig.loop.run_until_done(raw(rig.loop, at, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")),
      "");
  EXPECT_EQ(rig.echo.calls, 0);
}

TEST(HttpClient, ReplacesAConnectionTheServerClosed) {
  Rig rig;
  rig.start();
  EXPECT_TRUE(rig.send("/", "a"));
  const std::string at = rig.server->address().text();
  rig.loop.run_until_done(rig.server->stop(rig.loop.now() + 5s));
  rig.server_options.listen.endpoint = at;
  rig.server = std::move(*Server::http(rig.loop, rig.server_options, rig.echo));
  rig.server->start();
  const auto got = rig.send("/", "b");
  EXPECT_TRUE(got) << got.error().what;
}

/// Accepts, reads a little, answers with `text`, closes.
Task<> scripted(Listener& listener, std::string text) {
  auto peer = co_await listener.accept();
  if (!peer) co_return;
  char part[4096];
  auto got = co_await read_some(**peer, part, sizeof part);
  Chain out(Bytes::copy(text));
  auto sent = co_await write_all(**peer, std::move(out));
  co_await linger(**peer);
}
struct Script {
  std::string_view name, text, want;
};
class HttpClientTable : public testing::TestWithParam<Script> {};
TEST_P(HttpClientTable, ReadsAnswers) {
  Loop loop;
  Gate gate;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  gate.spawn(scripted(**listener, std::string(GetParam().text)));
  auto client = HttpClient::make(loop, {});
  HttpCall call;
  call.url = "http://" + (*listener)->address().text() + "/p";
  auto got = loop.run_until_done(client->send(std::move(call)));
  const std::string said =
      got ? std::to_string(got->status) + " " + std::string(got->body.flat().view()) : got.error().what;
  EXPECT_NE(said.find(GetParam().want), std::string::npos) << said;
  loop.run_until_done(client->stop());
  loop.run_until_done([](Gate& g) -> Task<> { co_await g.join(); }(gate));
}
INSTANTIATE_TEST_SUITE_P(
    Table, HttpClientTable,
    testing::ValuesIn<Script>({
        {"to_the_end", "HTTP/1.1 200 OK\r\n\r\nall", "200 all"},
        {"chunked", "HTTP/1.1 429 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "429 abc"},
        {"hints", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "204 "},
        {"cut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "200 abc"},
        {"cut_head", "HTTP/1.1 200 OK\r\nContent-Len", "unexpected EOF"},
        {"bare_lines", "HTTP/1.1 200 OK\nContent-Length: 3\r\nX: y\n\nabc", "200 abc"},
        {"no_reason", "HTTP/1.1 503\r\nContent-Length: 3\r\n\r\nabc", "503 abc"},
        {"no_reason_hints", "HTTP/1.1 100\n\nHTTP/1.1 200\nContent-Length: 3\n\nabc", "200 abc"},
        {"nothing", "", "Post \"http://127.0.0.1:"},
        {"not_http", "SSH-2.0\r\n\r\n", "malformed HTTP"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(HttpClient, HasADeadline) {
  Loop loop;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  auto client = HttpClient::make(loop, {});
  HttpCall call;
  call.url = "http://" + (*listener)->address().text();
  call.deadline = loop.now() + 10ms;
  auto got = loop.run_until_done(client->send(std::move(call)));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().sys, ETIMEDOUT);
  EXPECT_EQ(got.error().what,
            "Post \"http://" + (*listener)->address().text() + "\": context deadline exceeded");
  loop.run_until_done(client->stop());
}

Task<std::string> follow(Loop& loop, HttpClient& client, std::string url) {
  HttpCall call;
  call.method = "GET";
  call.url = url;
  call.deadline = loop.now() + 5s;
  auto stream = co_await client.open(std::move(call));
  if (!stream) co_return stream.error().what;
  std::string all = std::to_string((*stream)->status());
  for (;;) {
    auto part = co_await (*stream)->next();
    if (!part) co_return part.error().what;
    if (part->empty()) co_return all;
    all += "|" + std::string(part->view());
  }
}
TEST(HttpClient, StreamsABody) {
  Loop loop;
  Gate gate;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  gate.spawn(scripted(
      **listener, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  auto client = HttpClient::make(loop, {});
  EXPECT_EQ(loop.run_until_done(follow(loop, *client, "http://" + (*listener)->address().text())),
            "200|abcde");
  loop.run_until_done(client->stop());
  loop.run_until_done([](Gate& g) -> Task<> { co_await g.join(); }(gate));
}

TEST(HttpClient, GoesThroughAProxy) {
  Rig rig;
  rig.start();
  rig.client_options.proxy_url = "http://u:p%40@" + rig.server->address().text();
  rig.loop.run_until_done(rig.client->stop());
  rig.client = HttpClient::make(rig.loop, rig.client_options);
  HttpCall call;
  call.url = "http://elsewhere.test/v1/logs";
  const auto got = rig.loop.run_until_done(rig.client->send(std::move(call)));
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(rig.echo.last, "POST /v1/logs host=elsewhere.test");
}

Task<> pump(Stream& from, Stream& to) {
  char part[4096];
  for (;;) {
    auto got = co_await read_some(from, part, sizeof part);
    if (!got || *got == 0) break;
    Chain out(Bytes::copy({part, *got}));
    auto sent = co_await write_all(to, std::move(out));
    if (!sent) break;
  }
  to.shutdown();
}
/// One CONNECT, then bytes both ways.
Task<> proxy(Loop& loop, Listener& listener, std::string target, std::string& asked) {
  auto peer = co_await listener.accept();
  if (!peer) co_return;
  char part[4096];
  auto got = co_await read_some(**peer, part, sizeof part);
  asked.assign(part, got ? *got : 0);
  auto server = co_await dial(loop, "tcp", target, loop.now() + 5s);
  Chain yes(Bytes::copy("HTTP/1.1 200 Connection established\r\n\r\n"));
  auto sent = co_await write_all(**peer, std::move(yes));
  Gate gate;
  gate.spawn(pump(**peer, **server));
  gate.spawn(pump(**server, **peer));
  co_await gate.join();
}
TEST(HttpClient, TunnelsTlsThroughAProxy) {
  Rig rig;
  rig.use_tls();
  rig.start();
  Gate gate;
  auto listener = Listener::open(rig.loop, {"tcp", "127.0.0.1:0", false});
  std::string asked;
  const std::string at = rig.server->address().text();
  gate.spawn(proxy(rig.loop, **listener, at, asked));
  rig.client_options.proxy_url = "http://u:p%40@" + (*listener)->address().text();
  rig.loop.run_until_done(rig.client->stop());
  rig.client = HttpClient::make(rig.loop, rig.client_options);
  const auto got = rig.send("/", "through");
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->body.flat().view(), "through");
  EXPECT_EQ(asked,
            "CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\nProxy-Authorization: Basic dTpwQA==\r\n\r\n");
  rig.loop.run_until_done(rig.client->stop());
  rig.loop.run_until_done([](Gate& g) -> Task<> { co_await g.join(); }(gate));
}

TEST(Url, Parses) {
  const auto url = parse_url("HTTPS://u:p@[::1]:8443/a?b#c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->authority(), "[::1]:8443");
  EXPECT_EQ(url->target, "/a?b");
  EXPECT_EQ(url->userinfo, "u:p");
  EXPECT_EQ(parse_url("http://h")->target, "/");
  const auto base = *parse_url("https://h:8443/v1/logs?a=b");
  for (const auto& [location, want] :
       std::vector<std::pair<std::string, std::string>>{{"http://other/x", "http://other/x"},
                                                        {"//other:1/x", "https://other:1/x"},
                                                        {"/x?y=://z#f", "https://h:8443/x?y=://z"},
                                                        {"x", "https://h:8443/v1/x"},
                                                        {"?c", "https://h:8443/v1/logs?c"},
                                                        {"", "https://h:8443/v1/logs?a=b"},
                                                        {"ftp://h/", ""},
                                                        {"http://", ""}})
    EXPECT_EQ(gleaner::net::resolve(base, location), want) << location;
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("ftp://h").error().what, "unsupported protocol scheme \"ftp\"");
  EXPECT_FALSE(parse_url("http:///x"));
  EXPECT_FALSE(parse_url("http://h/a b"));
}

TEST(Url, ProxyEnvironmentMatchesGo) {
  const ProxyEnvironment env{"proxy:3128", "https://s:1", "internal, .corp.test,10.0.0.0/8,h:81"};
  const auto to = [&](std::string_view url) { return env.proxy_for(*parse_url(url)); };
  EXPECT_EQ(to("http://example.test/"), "http://proxy:3128");
  EXPECT_EQ(to("https://example.test/"), "https://s:1");
  for (const auto* direct : {"http://internal", "http://a.internal", "http://a.corp.test", "http://10.1.2.3",
                             "http://h:81", "http://localhost", "http://127.0.0.1:4318", "http://[::1]"})
    EXPECT_EQ(to(direct), "") << direct;
  EXPECT_EQ(to("http://corp.test"), "http://proxy:3128");
  EXPECT_EQ(to("http://h"), "http://proxy:3128");
}

TEST(CleanPath, MatchesGo) {
  EXPECT_EQ(clean_path("/v1/logs"), "/v1/logs");
  EXPECT_EQ(clean_path("//v1//logs/"), "/v1/logs/");
  EXPECT_EQ(clean_path("/a/../../b/./c"), "/b/c");
  EXPECT_EQ(clean_path(""), "/");
}

}  // namespace
}  // namespace gleaner::net
