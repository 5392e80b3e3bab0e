#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "auth/authenticator.h"
#include "config/testing.h"
#include "config/yaml.h"
#include "extensions/basicauth/config.h"
#include "net/grpc.h"
#include "pipeline/testing.h"

namespace gleaner::extensions::basicauth {
namespace {
namespace fs = std::filesystem;

constexpr char kSlow[] = "$2b$04$abcdefghijklmnopqrstuub9TnyeFISZpldHdbcDU3s8YSnFJEDwi";  // pass word:1

struct BasicAuth : testing::Test {
  Loop loop;  // a real one: slow hashes are computed on a thread
  testing_support::Quiet sink;
  metrics::Registry metrics;
  Budget memory{1 << 20};
  Context context{loop,         log::Logger(sink),
                  metrics,      memory,
                  "basicauth",  "0",
                  [](Error) {}, [](const std::string&) {
                    return nullptr; }};
  std::unique_ptr<Extension> extension;
  fs::path folder;

  BasicAuth() {
    std::string made = (fs::temp_directory_path() / "gleaner-XXXXXX").string();
    folder = ::mkdtemp(made.data());
  }
  ~BasicAuth() override { fs::remove_all(folder); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  Result<> make(const Config& config) {
    extension = std::move(*basicauth::make(config, context));
    return loop.run_until_done(extension->start());
  }
  Task<Result<Client::Pairs>> ask(const net::Headers& headers) const {
    return dynamic_cast<auth::ServerAuthenticator*>(extension.get())->check(headers);
  }
  std::string check(const std::string& username, const std::string& password) {
    const net::Headers headers{{"authorization", "Basic " + net::base64_encode(username + ":" + password)}};
    auto result = loop.run_until_done(ask(headers));
    if (!result) return result.error().what;
    return result->at(0).first + "=" + result->at(0).second;
  }
};

TEST_F(BasicAuth, ChecksNamesAndPasswords) {
  Config config;
  config.htpasswd = {write("htpasswd", "alice:from file\nbob:" + std::string(kSlow) + "\nbroken\n"),
                     {"alice:inline\ncarol:plain"}};
  ASSERT_TRUE(make(config));
  EXPECT_EQ(check("alice", "inline"), "username=alice") << "inline wins over the file";
  EXPECT_EQ(check("alice", "from file"), "invalid credentials");
  for (int i = 0; i < 2; ++i) {  // the second time from memory
    EXPECT_EQ(check("bob", "pass word:1"), "username=bob");
    EXPECT_EQ(check("bob", "pass word:2"), "invalid credentials");
  }
  EXPECT_EQ(check("nobody", "pass word:1"), "invalid credentials")
      << "also when the decoy's password is right";
  const net::Headers none, bearer{{"authorization", "Bearer x"}};
  EXPECT_EQ(loop.run_until_done(ask(none)).error().what, "no basic auth provided");
  EXPECT_EQ(loop.run_until_done(ask(bearer)).error().what, "invalid authorization scheme prefix");
  std::string told;
  for (const auto& line : sink.lines) told += line;
  EXPECT_NE(told.find("\"line\": 3"), std::string::npos) << told;
  EXPECT_EQ(told.find("broken\""), std::string::npos) << "lines of a password file are not told: " << told;
}

TEST_F(BasicAuth, OnlySoManySlowChecksAtOnce) {
  Config config;
  config.htpasswd = {"", {"bob:" + std::string(kSlow)}};
  ASSERT_TRUE(make(config));
  const net::Headers headers{{"authorization", "Basic " + net::base64_encode("bob:wrong")}};
  int wrong = 0, busy = 0;
  const auto one = [&]() -> Task<> {
    auto result = co_await ask(headers);
    wrong += result.error().what == "invalid credentials";
    busy += result.error().grpc_status == static_cast<std::uint32_t>(net::GrpcCode::unavailable);
  };
  Gate gate;
  for (int i = 0; i < 20; ++i) gate.spawn(one());
  EXPECT_EQ(busy, 4);
  const auto all = [&]() -> Task<bool> {
    co_await gate.join();
    co_return true;
  };
  EXPECT_TRUE(loop.run_until_done(all()));
  EXPECT_EQ(wrong, 16);
}

TEST_F(BasicAuth, SendsWhatTheFilesSayNow) {
  Config config;
  config.client_auth =
      ClientConfig{"ignored", write("name", "alice\n"), write("password", "one"), {"ignored"}};
  ASSERT_TRUE(make(config));
  auto* client = dynamic_cast<auth::ClientAuthenticator*>(extension.get());
  EXPECT_TRUE(client->needs_tls());
  const auto sent = [&] {
    net::Headers headers;
    const auth::Outgoing request;
    auto ok = loop.run_until_done(client->add_to(headers, request));
    return ok ? std::string(headers.get("authorization")) : ok.error().what;
  };
  EXPECT_EQ(sent(), "Basic " + net::base64_encode("alice:one"));
  write("password", "two:three");
  EXPECT_EQ(sent(), "Basic " + net::base64_encode("alice:two:three"));
  write("name", "a:b");
  EXPECT_EQ(sent(), "invalid authorization format");
}

TEST(BasicAuthConfig, IsChecked) {
  const std::pair<const char*, const char*> cases[] = {
      {"{htpasswd: {inline: 'a:b'}}", ""},
      {"{client_auth: {username: a, password: b}}", ""},
      {"{client_auth: {username: a, password: b}, htpasswd: }", ""},
      {"{}", "no credential source provided"},
      {"{htpasswd: {}}", "no credential source provided"},
      {"{htpasswd: {inline: 'a:b'}, client_auth: {username: a}}",
       "only one of `htpasswd` or `client_auth` can be specified"},
      {"{client_auth: {username: 'a:b'}}", "invalid authorization format"},
  };
  for (const auto& [text, wanted] : cases)
    testing_support::expect_errors<Config>(text, "extensions::basicauth", wanted);
}

}  // namespace
}  // namespace gleaner::extensions::basicauth
