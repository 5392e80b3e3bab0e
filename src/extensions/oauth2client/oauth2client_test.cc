#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "auth/authenticator.h"
#include "config/testing.h"
#include "config/yaml.h"
#include "extensions/oauth2client/config.h"
#include "extensions/oauth2client/jwt.h"
#include "net/grpc.h"
#include "net/server.h"
#include "net/url.h"
#include "pipeline/testing.h"

namespace gleaner::extensions::oauth2client {
namespace {
using namespace std::chrono_literals;

/// A token server that answers when the test says so.
struct TokenServer final : net::HttpHandler {
  struct Seen {
    std::string authorization, form;
  };
  std::vector<Seen> seen;
  int status = 200;
  std::string body = R"({"access_token":"first","token_type":"bearer","expires_in":3600})";
  bool form_only = false;  ///< the client's name must stand in the form
  bool held = false;       ///< answers wait
  Signal released;
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    seen.push_back(
        {std::string(request.headers.get("authorization")), std::string(request.body.flat().view())});
    while (held) co_await released.wait();
    net::HttpResponse response;
    const bool wrong = form_only && !net::query_value(seen.back().form, "client_id");
    response.status = wrong ? 401 : status;
    response.headers.add("content-type", "application/json");
    response.body = Chain(Bytes::copy(wrong ? R"({"error":"invalid_client"})" : body));
    co_return response;
  }
};

struct OAuth2 : testing::Test {
  Loop loop;
  testing_support::Quiet sink;
  metrics::Registry metrics;
  Budget memory{1 << 20};
  Context context{loop,           log::Logger(sink),
                  metrics,        memory,
                  "oauth2client", "0",
                  [](Error) {},   [](const std::string&) { return nullptr; }};
  TokenServer tokens;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<Extension> extension;
  Config config;

  OAuth2() {
    net::HttpServerOptions options;
    options.listen = {"tcp", "127.0.0.1:0"};
    server = std::move(*net::Server::http(loop, std::move(options), tokens));
    server->start();
    config.client_id = "id 1";
    config.client_secret.value = "s&cret";
    config.token_url = "http://" + server->address().text() + "/token";
  }
  ~OAuth2() override {
    tokens.held = false;
    tokens.released.notify_all();
    if (extension) EXPECT_TRUE(loop.run_until_done(extension->stop()));
    const auto stop = [&]() -> Task<bool> {
      co_await server->stop(loop.now() + 1s);
      co_return true;
    };
    loop.run_until_done(stop());
  }
  void make() { extension = std::move(*oauth2client::make(config, context)); }
  Task<std::string> ask(TimePoint deadline = TimePoint::max()) {
    net::Headers headers;
    const auth::Outgoing request{auth::Protocol::http, nullptr, deadline};
    auto ok = co_await dynamic_cast<auth::ClientAuthenticator&>(*extension).add_to(headers, request);
    if (!ok) EXPECT_EQ(ok.error().fault, Fault::retryable);
    co_return ok ? std::string(headers.get("authorization")) : ok.error().what;
  }
  std::string get(TimePoint deadline = TimePoint::max()) { return loop.run_until_done(ask(deadline)); }
};

TEST_F(OAuth2, FetchesOnceAndKeepsTheToken) {
  config.scopes = {"api.metrics", "api.logs"};
  config.endpoint_params = {{"audience", {"me"}}};
  make();
  EXPECT_EQ(get(), "Bearer first");
  EXPECT_EQ(get(), "Bearer first");
  ASSERT_EQ(tokens.seen.size(), 1u);
  EXPECT_EQ(tokens.seen[0].authorization, "Basic " + net::base64_encode("id+1:s%26cret"));
  EXPECT_EQ(tokens.seen[0].form, "grant_type=client_credentials&scope=api.metrics+api.logs&audience=me");
}

TEST_F(OAuth2, AServerThatWantsTheFormIsAskedThatWay) {
  tokens.form_only = true;
  tokens.body = R"({"access_token":"t","expires_in":-1})";
  make();
  EXPECT_EQ(get(), "Bearer t");
  ASSERT_EQ(tokens.seen.size(), 2u);
  EXPECT_EQ(tokens.seen[1].authorization, "");
  EXPECT_EQ(tokens.seen[1].form, "grant_type=client_credentials&client_id=id+1&client_secret=s%26cret");
  EXPECT_EQ(get(), "Bearer t");
  EXPECT_EQ(tokens.seen.size(), 3u) << "it is remembered; a token that has ended is not used again";
}

TEST_F(OAuth2, TheJwtGrantSendsAnAssertion) {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  config.client_certificate_key.value.assign(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  config.grant_type = kJwtGrant;
  config.scopes = {"api.logs"};
  make();
  EXPECT_EQ(get(), "Bearer first");
  ASSERT_EQ(tokens.seen.size(), 1u);
  EXPECT_EQ(tokens.seen[0].authorization, "");
  EXPECT_EQ(net::query_value(tokens.seen[0].form, "grant_type"), kJwtGrant);
  EXPECT_EQ(net::query_value(tokens.seen[0].form, "scope"), "api.logs");
  const auto assertion = net::query_value(tokens.seen[0].form, "assertion");
  ASSERT_TRUE(assertion);
  EXPECT_EQ(std::count(assertion->begin(), assertion->end(), '.'), 2);
}

TEST_F(OAuth2, EverybodyWaitsForOneRequest) {
  tokens.held = true;
  make();
  std::vector<std::string> got;
  const auto one = [&]() -> Task<> { got.push_back(co_await ask()); };
  Gate gate;
  for (int i = 0; i < 10; ++i) gate.spawn(one());
  EXPECT_EQ(get(loop.now() + 20ms)
                .find("failed to get security token from token endpoint (endpoint \"" + config.token_url +
                      "\"); context deadline exceeded"),
            0u)
      << "an attempt waits no longer than it may";
  EXPECT_TRUE(got.empty());
  tokens.held = false;
  tokens.released.notify_all();
  const auto all = [&]() -> Task<bool> {
    co_await gate.join();
    co_return true;
  };
  loop.run_until_done(all());
  EXPECT_EQ(got, std::vector<std::string>(10, "Bearer first"));
  EXPECT_EQ(tokens.seen.size(), 1u);
}

TEST_F(OAuth2, AFailureIsTriedAgain) {
  tokens.status = 503;
  tokens.body = "down";
  make();
  EXPECT_EQ(get(), "failed to get security token from token endpoint (endpoint \"" + config.token_url +
                       "\"); oauth2: cannot fetch token: 503\nResponse: down");
  tokens.status = 200;
  tokens.body = R"({"access_token":"late"})";
  EXPECT_EQ(get(), "Bearer late");
}

TEST_F(OAuth2, TheOldTokenHoldsWhileANewOneIsFetched) {
  tokens.body = R"({"access_token":"old","expires_in":30})";
  config.expiry_buffer = 30s - 1ms;  // to be renewed a moment after it came
  make();
  EXPECT_EQ(get(), "Bearer old");
  tokens.status = 500;
  Timer timer(loop);
  const auto later = [&]() -> Task<bool> { co_return co_await timer.sleep(2ms); };
  loop.run_until_done(later());
  EXPECT_EQ(get(), "Bearer old");
  const auto until = [&](std::size_t requests) -> Task<bool> {
    while (tokens.seen.size() < requests) co_await loop.yield();
    co_return true;
  };
  loop.run_until_done(until(2));
  EXPECT_EQ(get(), "Bearer old") << "the server fails, the token still holds";
}

TEST_F(OAuth2, FilesAreReadForEveryToken) {
  config.client_secret_file = "/nowhere/secret";
  make();
  EXPECT_EQ(get(),
            "failed to get security token from token endpoint (endpoint \"" + config.token_url +
                "\"); failed to read credentials file \"/nowhere/secret\": open /nowhere/secret: no such "
                "file or directory");
  EXPECT_TRUE(tokens.seen.empty());
}

TEST(OAuth2Config, IsChecked) {
  const std::pair<const char*, const char*> cases[] = {
      {"{client_id: a, client_secret: b, token_url: 'http://h/t'}", ""},
      {"{client_id_file: a, client_secret_file: b, token_url: 'http://h/t', endpoint_params: {audience: x, "
       "y: [a, b]}}",
       ""},
      {"{client_secret: b, token_url: 'http://h/t'}", "no ClientID provided"},
      {"{client_id: b, token_url: 'http://h/t'}", "no ClientSecret provided"},
      {"{client_id: a, client_secret: b}", "no TokenURL provided"},
      {"{client_id: a, client_secret: b, token_url: 'h/t'}", "must be a valid URL"},
      {"{client_id: a, client_secret: b, token_url: 'http://h/t', scopes: [a], endpoint_params: {scope: x}}",
       "cannot overwrite parameter"},
      {"{client_id: a, client_secret: b, token_url: 'http://h/t', grant_type: "
       "'urn:ietf:params:oauth:grant-type:jwt-bearer'}",
       "no ClientCertificateKey provided"},
      {"{client_id: a, client_certificate_key_file: b, token_url: 'http://h/t', grant_type: "
       "'urn:ietf:params:oauth:grant-type:jwt-bearer', claims: {a: 1}}",
       ""},
      {"{client_id: a, client_secret: b, token_url: 'http://h/t', grant_type: password}", "is no grant type"},
      {"{client_id: a, client_secret: b, token_url: 'http://h/t', signature_algorithm: HS256}",
       "invalid signature algorithm"},
  };
  for (const auto& [text, wanted] : cases) testing_support::expect_errors<Config>(text, "p", wanted);
}

}  // namespace
}  // namespace gleaner::extensions::oauth2client
