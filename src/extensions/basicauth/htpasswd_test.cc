#include "extensions/basicauth/htpasswd.h"

#include <gtest/gtest.h>

namespace gleaner::extensions::basicauth {
namespace {

struct Case {
  const char* name;
  std::string hash, password;
  bool slow;
};

class EveryScheme : public testing::TestWithParam<Case> {};
TEST_P(EveryScheme, KnowsItsPassword) {
  const auto& [name, hash, password, slow] = GetParam();
  Htpasswd list;
  list.read("user:" + hash);
  ASSERT_EQ(list.bad_lines, std::vector<std::size_t>());
  const Hash& stored = list.users.at("user");
  EXPECT_EQ(stored.slow(), slow);
  EXPECT_TRUE(matches(stored, password));
  EXPECT_FALSE(matches(stored, password + "x"));
  EXPECT_FALSE(matches(stored, password + std::string("\0x", 2)));
  EXPECT_FALSE(matches(stored, "X" + password));
  if (!password.empty()) EXPECT_FALSE(matches(stored, ""));
}
// Made with `openssl passwd` and crypt(3); all of them were held against the reference's library too.
INSTANTIATE_TEST_SUITE_P(
    Htpasswd, EveryScheme,
    testing::ValuesIn<Case>({
        {"plain", "pass word:1", "pass word:1", false},
        {"nginx", "{PLAIN}pass word:1", "pass word:1", false},
        {"des_is_plain", "rqXexS6ZhobKA", "rqXexS6ZhobKA", false},
        {"sha", "{SHA}2yxgVCsjcg9IvAee3ol7c9K2Np4=", "pass word:1", false},
        {"ssha", "{SSHA}m/z586g/8Gg6dnt9qjhfJC1hFMxwZXBwZXI=", "pass word:1", false},
        {"apr1", "$apr1$saltsalt$pBJtW4MxyrQezO1LJCsfS.", "pass word:1", true},
        {"apr1_empty", "$apr1$ab$S8K6Sgp3W8c9Jb6LxgywZ.", "", true},
        {"apr1_long", "$apr1$12345678$yiFoyfrrVNwrIepED8sjv0", std::string(100, 'x'), true},
        {"md5", "$1$saltsalt$XOM9BHSmDh/ULAUSxMzc2/", "pass word:1", true},
        {"sha256", "$5$saltsalt$6sWnEg2CVi6zwWsMJF4wF8wF7ehSeGgEOVcvh2NyNi2", "pass word:1", true},
        {"sha512",
         "$6$saltsalt$vcrSUZKlhcVabR0JKWUceOtd2g0ZeRzE1yIPKYQcbxILIdu8rKU3Yq/"
         "ODhgnnAxrbzF2OSwWGeNXOTvcnpa7H.",
         "pass word:1", true},
        {"rounds", "$5$rounds=1234$0123456789abcdef$FT0mmJbMbpLCrYIMBMNZsFJ7OBuXdTxyju0OZM972o0", "secret",
         true},
        {"bcrypt_a", "$2a$04$abcdefghijklmnopqrstuub9TnyeFISZpldHdbcDU3s8YSnFJEDwi", "pass word:1", true},
        {"bcrypt_b", "$2b$04$abcdefghijklmnopqrstuub9TnyeFISZpldHdbcDU3s8YSnFJEDwi", "pass word:1", true},
        {"bcrypt_y", "$2y$04$abcdefghijklmnopqrstuub9TnyeFISZpldHdbcDU3s8YSnFJEDwi", "pass word:1", true},
        {"bcrypt_x_is_no_other", "$2x$04$abcdefghijklmnopqrstuuF7KK/SfP9IRGj0pPJMr8GdtCS8xpmpC",
         "p\xc3\xa4ss", true},
    }),
    [](const auto& info) { return info.param.name; });

TEST(Htpasswd, LaterLinesWinAndBrokenOnesAreLeftOut) {
  Htpasswd list;
  list.read(
      "alice:one\r\n"
      "\n"
      "  bob:two:three  \n"
      "no colon\n"
      "carol:{SHA}short\n"
      "dave:$apr1$nosalt\n"
      "erin:$5$nosalt\n"
      "frank:{SSHA}AAAA\n"
      ":empty name\n"
      "alice:four");
  EXPECT_EQ(list.bad_lines, (std::vector<std::size_t>{4, 5, 6, 7, 8}));
  EXPECT_EQ(list.users.size(), 3u);
  EXPECT_TRUE(matches(list.users.at("alice"), "four"));
  EXPECT_FALSE(matches(list.users.at("alice"), "one"));
  EXPECT_TRUE(matches(list.users.at("bob"), "two:three"));
  EXPECT_TRUE(matches(list.users.at(""), "empty name"));
}

TEST(Htpasswd, BrokenHashesMatchNothing) {
  for (const char* hash :
       {"$2b$04$short", "$2y$", "$6$salt$", "$5$rounds=1000$salt$", "$1$salt$", "$apr1$salt$"}) {
    Htpasswd list;
    list.read(std::string("user:") + hash);
    ASSERT_EQ(list.users.size(), 1u) << hash;
    for (const std::string& password : {std::string(), std::string("x"), std::string(600, 'x')})
      EXPECT_FALSE(matches(list.users.at("user"), password)) << hash;
  }
}

TEST(BasicHeader, IsRead) {
  struct {
    std::string header, username, password, problem;
  } const cases[] = {
      {"Basic dXNlcjpwYXNz", "user", "pass", ""},
      {"bAsIc dXNlcjpwYXNz", "user", "pass", ""},
      {"Basic dXNlcjo=", "user", "", ""},
      {"Basic OnA6cQ==", "", "p:q", ""},
      {"Bearer token", "", "", "invalid authorization scheme prefix"},
      {"Basic", "", "", "invalid authorization scheme prefix"},
      {"", "", "", "invalid authorization scheme prefix"},
      {"Basic ", "", "", "invalid authorization format"},
      {"Basic dXNlcg==", "", "", "invalid authorization format"},
      {"Basic n$t base64", "", "", "invalid authorization format"},
  };
  for (const auto& one : cases) {
    const auto said = read_basic(one.header);
    EXPECT_EQ(said.problem, one.problem) << one.header;
    EXPECT_EQ(said.credentials.username, one.username) << one.header;
    EXPECT_EQ(said.credentials.password, one.password) << one.header;
    if (said.problem.empty()) EXPECT_EQ("Basic " + said.credentials.raw, "Basic " + one.header.substr(6));
  }
}

}  // namespace
}  // namespace gleaner::extensions::basicauth
