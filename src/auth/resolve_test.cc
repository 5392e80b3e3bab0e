#include "auth/resolve.h"

#include <gtest/gtest.h>

#include "pipeline/testing.h"

namespace gleaner::auth {
namespace {

struct Server final : Extension, ServerAuthenticator {
  Task<Result<Client::Pairs>> check(const net::Headers&) override { co_return Client::Pairs(); }
};
/// Sets one header to whatever the test wants.
struct Sets final : Extension, ClientAuthenticator {
  std::string value;
  bool tls = true;
  Result<> ready;
  Result<> prepare(Protocol) override { return ready; }
  bool needs_tls() const override { return tls; }
  Task<Result<>> add_to(net::Headers& headers, const Outgoing&) override {
    headers.set("x", value);
    co_return Result<>();
  }
};

struct Resolve : testing::Test {
  testing_support::Bench bench;
  Server server;
  Sets client;
  Extension other;
  Resolve() {
    bench.context.extension = [this](const std::string& id) -> Extension* {
      if (id == "server/1") return &server;
      if (id == "client") return &client;
      return id == "other" ? &other : nullptr;
    };
  }
};

TEST_F(Resolve, SaysInTheReferencesWordsWhatIsWrong) {
  EXPECT_EQ(*find_server(bench.context, "server/1"), &server);
  EXPECT_EQ(*find_client(bench.context, "client", Protocol::grpc), &client);
  EXPECT_EQ(find_server(bench.context, "server").error().what,
            "failed to resolve authenticator \"server\": authenticator not found");
  EXPECT_EQ(find_server(bench.context, "client").error().what,
            "requested authenticator is not a server authenticator");
  EXPECT_EQ(find_client(bench.context, "server/1", Protocol::http).error().what,
            "requested authenticator is not a HTTP client authenticator");
  EXPECT_EQ(find_client(bench.context, "other", Protocol::grpc).error().what,
            "requested authenticator is not a gRPC client authenticator");
  EXPECT_EQ(find_client(bench.context, "", Protocol::grpc).error().what,
            "failed to resolve authenticator \"\": authenticator not found");
  client.ready = fail(Fault::config, "not today");
  EXPECT_EQ(find_client(bench.context, "client", Protocol::grpc).error().what, "not today");
}

TEST_F(Resolve, CredentialsDoNotTravelInTheClear) {
  const confignet::AuthConfig config{"client"};
  EXPECT_FALSE(ClientAuth::make(bench.context, config, Protocol::grpc, false));
  EXPECT_TRUE(ClientAuth::make(bench.context, config, Protocol::grpc, true));
  EXPECT_TRUE(ClientAuth::make(bench.context, config, Protocol::http, false)) << "as the reference";
  client.tls = false;
  EXPECT_TRUE(ClientAuth::make(bench.context, config, Protocol::grpc, false));
  EXPECT_FALSE(ClientAuth::make(bench.context, std::nullopt, Protocol::grpc, false)->wanted());
}

TEST_F(Resolve, NoValueEndsAHeaderAndBeginsAnother) {
  const auto auth = ClientAuth::make(bench.context, confignet::AuthConfig{"client"}, Protocol::http, true);
  const std::pair<std::string, bool> cases[] = {
      {"plain", true},       {"", true},      {"tab\tand \xc3\xa4", true},      {"a\r\nx-admin: 1", false},
      {"line\nfeed", false}, {"\x7f", false}, {std::string("nul\0", 4), false},
  };
  for (const auto& [value, fine] : cases) {
    client.value = value;
    net::Headers headers;
    const auto ok = bench.loop.run_until_done(auth->add_to(headers, nullptr, TimePoint::max()));
    EXPECT_EQ(ok.has_value(), fine) << value;
    if (!ok) EXPECT_EQ(ok.error().fault, Fault::permanent);
    if (!ok) EXPECT_EQ(ok.error().what, "invalid header field value for \"x\"");
  }
}

TEST(SameSecret, ComparesBytes) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(same_secret(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  EXPECT_FALSE(same_secret("token", "toke"));
  EXPECT_FALSE(same_secret("token", "Token"));
}

}  // namespace
}  // namespace gleaner::auth
