#include "extensions/oauth2client/token.h"

#include <gtest/gtest.h>

#include "net/url.h"

namespace gleaner::extensions::oauth2client {
namespace {

struct Case {
  int status;
  std::string type, body;
  std::string header;         ///< or the error's words
  std::int64_t lifetime = 0;  ///< s; 0 = none
};
class Answers : public testing::TestWithParam<Case> {};
TEST_P(Answers, AreRead) {
  const auto& one = GetParam();
  const auto token = read_token(one.status, one.type, one.body);
  EXPECT_EQ(token ? token->header : token.error().what, one.header);
  if (!token) {
    EXPECT_EQ(token.error().fault, Fault::retryable);
    return;
  }
  EXPECT_EQ(token->lifetime.value_or(Duration{0}), std::chrono::seconds(one.lifetime));
}
INSTANTIATE_TEST_SUITE_P(
    Tokens, Answers,
    testing::ValuesIn<Case>({
        {200, "application/json", R"({"access_token":"t","token_type":"bearer","expires_in":3600})",
         "Bearer t", 3600},
        {201, "application/json;charset=UTF-8", R"({"access_token":"t","expires_in":"60"})", "Bearer t", 60},
        {200, "", R"({"access_token":"t","token_type":"MAC"})", "MAC t"},
        {200, "", R"({"access_token":"t","token_type":"Custom","expires_in":null,"scope":["x"]})",
         "Custom t"},
        {200, "", R"({"access_token":"t","expires_in":-5})", "Bearer t", -5},
        {200, "", R"({"access_token":"t","expires_in":99999999999999})", "Bearer t", (1LL << 31) - 1},
        {200, "text/plain", "access_token=a%20b&token_type=bearer&expires_in=10&x", "Bearer a b", 10},
        {200, "application/x-www-form-urlencoded; charset=x", "access_token=a+b", "Bearer a b"},
        {200, "", R"({"token_type":"bearer"})", "oauth2: server response missing access_token"},
        {200, "", R"({"access_token":"a\r\nx: y"})", "oauth2: the token cannot stand in a header"},
        {200, "", R"({"access_token":1})", "oauth2: cannot parse json: \"access_token\" is no text"},
        {200, "", R"({"access_token":"t","expires_in":1.5})",
         "oauth2: cannot parse json: \"expires_in\" is no whole number"},
        {400, "application/json", R"({"error":"invalid_client","error_description":"no such client"})",
         R"(oauth2: "invalid_client" "no such client")"},
        {200, "application/json", R"({"error":"invalid_scope","error_uri":"http://x"})",
         R"(oauth2: "invalid_scope" "http://x")"},
        {503, "text/html", "<html>", "oauth2: cannot fetch token: 503\nResponse: <html>"},
        {500, "", R"({"access_token":"t"})", "oauth2: cannot fetch token: 500\nResponse: [REDACTED]"},
    }));

TEST(Tokens, BrokenJsonIsSaid) {
  const auto token = read_token(200, "application/json", "{");
  ASSERT_FALSE(token);
  EXPECT_TRUE(token.error().what.starts_with("oauth2: cannot parse json: ")) << token.error().what;
}

TEST(Form, IsWrittenAndRead) {
  EXPECT_EQ(form_body({{"grant_type", "client_credentials"}, {"scope", "a b"}, {"x&y", "=%\xc3\xa4"}}),
            "grant_type=client_credentials&scope=a+b&x%26y=%3D%25%C3%A4");
  EXPECT_EQ(net::query_unescape("a+b%3D%zz%4"), "a b=%zz%4");
  EXPECT_EQ(*net::query_value("a=1&b=2&b=3", "b"), "2");
  EXPECT_EQ(*net::query_value("a&b=2", "a"), "");
  EXPECT_FALSE(net::query_value("ab=1", "a"));
}

}  // namespace
}  // namespace gleaner::extensions::oauth2client
