#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "auth/authenticator.h"
#include "config/testing.h"
#include "config/yaml.h"
#include "extensions/bearertokenauth/config.h"
#include "pipeline/testing.h"

namespace gleaner::extensions::bearertokenauth {
namespace {
namespace fs = std::filesystem;

struct BearerToken : testing::Test {
  testing_support::Bench bench;
  Config config;
  std::unique_ptr<Extension> extension;
  fs::path folder;

  BearerToken() {
    std::string made = (fs::temp_directory_path() / "gleaner-XXXXXX").string();
    folder = ::mkdtemp(made.data());
  }
  ~BearerToken() override { fs::remove_all(folder); }
  void write(std::string_view text) const { std::ofstream(folder / "token") << text; }
  Result<> make() {
    extension = std::move(*bearertokenauth::make(config, bench.context));
    return bench.loop.run_until_done(extension->start());
  }
  std::string check(const net::Headers& headers) const {
    auto* server = dynamic_cast<auth::ServerAuthenticator*>(extension.get());
    auto result = const_cast<Loop&>(bench.loop).run_until_done(server->check(headers));
    return result ? "ok" : result.error().what;
  }
  std::string sent() const {
    auto* client = dynamic_cast<auth::ClientAuthenticator*>(extension.get());
    net::Headers headers{{config.header, "before"}};
    const auth::Outgoing request;
    EXPECT_TRUE(const_cast<Loop&>(bench.loop).run_until_done(client->add_to(headers, request)));
    EXPECT_EQ(headers.size(), 1u);
    return std::string(headers.get(config.header));
  }
};

constexpr char kMismatch[] = "provided authorization does not match expected scheme or token";
constexpr char kMissing[] = "missing or empty authorization header: Authorization";

TEST_F(BearerToken, OneToken) {
  config.token.value = "secret";
  ASSERT_TRUE(make());
  const std::pair<net::Headers, std::string> cases[] = {
      {{{"authorization", "Bearer secret"}}, "ok"},
      {{{"Authorization", "Bearer secret"}}, "ok"},
      {{{"authorization", "bearer secret"}}, kMismatch},
      {{{"authorization", "Bearer  secret"}}, kMismatch},
      {{{"authorization", "Bearer secret2"}}, kMismatch},
      {{{"authorization", "Bearer secre"}}, kMismatch},
      {{{"authorization", "secret"}}, kMismatch},
      {{{"authorization", ""}}, kMismatch},
      {{{"authorization", "Bearer wrong"}, {"authorization", "Bearer secret"}}, kMismatch},
      {{{"x-authorization", "Bearer secret"}}, kMissing},
      {{}, kMissing},
  };
  for (const auto& [headers, answer] : cases) EXPECT_EQ(check(headers), answer);
  EXPECT_EQ(sent(), "Bearer secret");
}

TEST_F(BearerToken, OwnHeaderAndNoScheme) {
  config.token.value = "key";
  config.header = "X-Api-Key";
  config.scheme = "";
  ASSERT_TRUE(make());
  EXPECT_EQ(check({{"x-api-key", "key"}}), "ok");
  EXPECT_EQ(check({{"authorization", "Bearer key"}}), "missing or empty authorization header: X-Api-Key");
  EXPECT_EQ(sent(), "key");
}

TEST_F(BearerToken, SeveralAreTakenAndTheFirstIsSent) {
  config.tokens = {{"new"}, {"old"}};
  ASSERT_TRUE(make());
  EXPECT_EQ(check({{"authorization", "Bearer new"}}), "ok");
  EXPECT_EQ(check({{"authorization", "Bearer old"}}), "ok");
  EXPECT_EQ(check({{"authorization", "Bearer older"}}), kMismatch);
  EXPECT_EQ(sent(), "Bearer new");
}

TEST_F(BearerToken, AFileIsFollowed) {
  config.filename = folder / "token";
  config.token.value = "ignored";
  EXPECT_EQ(make().error().what, "failed to read credentials file \"" + config.filename + "\": open " +
                                     config.filename + ": no such file or directory");
  write("first # of the two\n\n  second\n");
  ASSERT_TRUE(make());
  EXPECT_EQ(check({{"authorization", "Bearer first"}}), "ok");
  EXPECT_EQ(check({{"authorization", "Bearer second"}}), "ok");
  EXPECT_EQ(check({{"authorization", "Bearer ignored"}}), kMismatch);
  EXPECT_EQ(sent(), "Bearer first");
  write("third\n");
  EXPECT_EQ(check({{"authorization", "Bearer third"}}), "ok");
  EXPECT_EQ(check({{"authorization", "Bearer first"}}), kMismatch);
  write("");
  EXPECT_EQ(sent(), "Bearer third") << "an empty file leaves the last token";
  fs::remove(config.filename);
  EXPECT_EQ(sent(), "Bearer third");
}

TEST(BearerTokenConfig, IsChecked) {
  const std::pair<const char*, const char*> cases[] = {
      {"{token: a}", ""},
      {"{tokens: [a, b]}", ""},
      {"{filename: /f, token: a}", ""},
      {"{}", "no bearer token provided"},
      {"{token: ''}", "no bearer token provided"},
      {"{token: a, tokens: [b]}", "either tokens or token should be provided, not both"},
      {"{token: a, header: 'a b'}", "cannot be a header's name"},
      {"{token: a, nosuch: b}", "has invalid keys: nosuch"},
  };
  for (const auto& [text, wanted] : cases)
    testing_support::expect_errors<Config>(text, "extensions::bearertokenauth", wanted);
}

}  // namespace
}  // namespace gleaner::extensions::bearertokenauth
