#include "net/tls.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "net/socket.h"
#include "net/test_certs.h"

namespace gleaner::net {
namespace {
using namespace std::chrono_literals;
using test::make_identity;

/// Echoes one connection; remembers how the handshake went.
struct Echo {
  std::string error, alpn;
};
Task<> serve(Listener& listener, TlsServer& tls, Echo& seen, int times) {
  for (int i = 0; i < times; ++i) {
    auto plain = co_await listener.accept();
    if (!plain) co_return;
    std::vector<std::string> alpn{"h2", "http/1.1"};
    auto stream = co_await tls.accept(std::move(*plain), std::move(alpn),
                                      listener.address().port() ? TimePoint::max() : TimePoint{});
    if (!stream) {
      seen.error = stream.error().what;
      continue;
    }
    seen.alpn = (*stream)->alpn();
    Buffer part(70'000);
    for (;;) {
      auto got = co_await read_some(**stream, part.data(), 70'000);
      if (!got || *got == 0) break;
      Chain back;
      for (std::size_t at = 0; at < *got; at += 9'999)  // short and long parts
        back.append(Bytes::copy({part.data() + at, std::min<std::size_t>(9'999, *got - at)}));
      auto sent = co_await write_all(**stream, std::move(back));
      if (!sent) break;
    }
    (*stream)->shutdown();
  }
}

Task<std::string> ask(Loop& loop, std::string at, TlsClient& tls, std::string host, std::string text) {
  auto plain = co_await dial(loop, "tcp", at, loop.now() + 5s);
  if (!plain) co_return plain.error().what;
  std::vector<std::string> alpn{"h2"};
  auto stream = co_await tls.connect(std::move(*plain), host, std::move(alpn), loop.now() + 5s);
  if (!stream) co_return stream.error().what;
  Chain out(Bytes::copy(text));
  auto sent = co_await write_all(**stream, std::move(out));
  if (!sent) co_return sent.error().what;
  std::string back;
  Buffer part(20'000);
  while (back.size() < text.size()) {
    auto got = co_await read_some(**stream, part.data(), 20'000);
    if (!got) co_return got.error().what;
    if (*got == 0) break;
    back.append(part.data(), *got);
  }
  (*stream)->shutdown();
  co_return back;
}

struct Case {
  std::string_view name;
  bool trust = true, client_cert = true, need_client = false, skip = false;
  std::string_view host = "127.0.0.1", override_name = "", want_error = "";
  long days = 1;
};
class Tls : public testing::TestWithParam<Case> {};
TEST_P(Tls, ShakesHands) {
  const auto& c = GetParam();
  const auto ca = make_identity("test ca", "", nullptr);
  const auto other = make_identity("other ca", "", nullptr);
  const auto server = make_identity("server", "DNS:collector.test,IP:127.0.0.1", &ca, c.days);
  const auto client = make_identity("client", "", &ca);
  const std::string ca_file = testing::TempDir() + "net_tls_test." + std::to_string(getpid()) + ".pem";
  std::ofstream(ca_file) << ca.pem(false);

  TlsServerOptions so;
  so.cert_pem = server.pem(false);
  so.key_pem = server.pem(true);
  if (c.need_client) so.client_ca_file = ca_file;
  TlsClientOptions co;
  co.ca_pem = c.trust ? ca.pem(false) : other.pem(false);
  co.insecure_skip_verify = c.skip;
  co.server_name_override = c.override_name;
  if (c.client_cert) co.cert_pem = client.pem(false), co.key_pem = client.pem(true);
  auto tls_server = TlsServer::make(so);
  auto tls_client = TlsClient::make(co);
  ASSERT_TRUE(tls_server) << tls_server.error().what;
  ASSERT_TRUE(tls_client) << tls_client.error().what;

  Loop loop;
  Gate gate;
  Echo seen;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  gate.spawn(serve(**listener, **tls_server, seen, 2));
  const std::string at = (*listener)->address().text();
  for (int i = 0; i < 2; ++i) {  // the second resumes the session of the first
    const std::string text(100'000, static_cast<char>('a' + i));
    const auto got = loop.run_until_done(ask(loop, at, **tls_client, std::string(c.host), text));
    if (c.want_error.empty()) {
      EXPECT_TRUE(got == text) << got.substr(0, 200);
      EXPECT_EQ(seen.alpn, "h2");
    } else {
      EXPECT_NE(got.find(c.want_error), std::string::npos) << got.substr(0, 200);
    }
  }
  (*listener)->close();
  loop.run_until_done([](Gate& g) -> Task<> { co_await g.join(); }(gate));
  unlink(ca_file.c_str());
}
INSTANTIATE_TEST_SUITE_P(
    Table, Tls,
    testing::ValuesIn<Case>({
        {"trusted"},
        {"by_name", true, true, false, false, "collector.test"},
        {"by_override", true, true, false, false, "10.0.0.1", "collector.test"},
        {"mutual", true, true, true},
        {"no_client_certificate", true, false, true, false, "127.0.0.1", "", "certificate required"},
        {"unknown_authority", false, true, false, false, "127.0.0.1", "",
         "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
        {"skip_verify", false, true, false, true},
        {"wrong_name", true, true, false, false, "elsewhere.test", "",
         "x509: certificate is not valid for elsewhere.test"},
        {"wrong_ip", true, true, false, false, "127.0.0.2", "", "cannot validate certificate for 127.0.0.2"},
        {"expired", true, true, false, false, "127.0.0.1", "", "certificate has expired or is not yet valid",
         -1},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(TlsOptions, SaysWhatCannotBe) {
  TlsClientOptions o;
  o.min_version = "1.4";
  EXPECT_EQ(TlsClient::make(o).error().what, "invalid TLS min_version: unsupported TLS version: \"1.4\"");
  o = {};
  o.cert_pem = "x";
  EXPECT_NE(TlsClient::make(o).error().what.find("both certificate and key"), std::string::npos);
  o = {};
  o.ca_file = "/nosuch";
  EXPECT_EQ(TlsClient::make(o).error().what,
            "failed to load CA CertPool File: failed to load cert /nosuch: no such file or directory");
  o = {};
  o.cipher_suites = {"TLS_NO_SUCH"};
  EXPECT_EQ((*TlsClient::make(o))->load().error().what, "invalid TLS cipher suite: \"TLS_NO_SUCH\"");
  o.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_TRUE((*TlsClient::make(o))->load());
}

Task<std::string> mute_peer(Loop& loop, std::string at, TlsClient& tls) {
  auto plain = co_await dial(loop, "tcp", at, loop.now() + 5s);
  std::vector<std::string> none;
  auto stream = co_await tls.connect(std::move(*plain), "x", std::move(none), loop.now() + 1ms);
  co_return stream ? "" : stream.error().what;
}
TEST(Tls, HandshakeHasADeadline) {
  Loop loop;
  auto listener = Listener::open(loop, {"tcp", "127.0.0.1:0", false});
  const std::string at = (*listener)->address().text();
  EXPECT_EQ(loop.run_until_done(mute_peer(loop, at, **TlsClient::make({}))),
            "tls: handshake with " + at + ": i/o timeout");
}

}  // namespace
}  // namespace gleaner::net
