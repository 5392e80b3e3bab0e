#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace gleaner::net {
namespace {

struct Case {
  std::string_view name, text, host;
  int port;  ///< -1: refused
  std::string_view error;
};
class ParseHostPort : public testing::TestWithParam<Case> {};
TEST_P(ParseHostPort, MatchesGo) {
  const auto& want = GetParam();
  const auto got = parse_host_port(want.text);
  ASSERT_EQ(got.has_value(), want.port >= 0) << want.text;
  if (got) {
    EXPECT_EQ(got->host, want.host);
    EXPECT_EQ(got->port, want.port);
  } else {
    EXPECT_EQ(got.error().what, want.error);
  }
}
INSTANTIATE_TEST_SUITE_P(Table, ParseHostPort,
                         testing::ValuesIn<Case>({
                             {"v4", "127.0.0.1:4317", "127.0.0.1", 4317, ""},
                             {"v6", "[::1]:80", "::1", 80, ""},
                             {"any", ":4318", "", 4318, ""},
                             {"name", "localhost:0", "localhost", 0, ""},
                             {"no_port", "127.0.0.1", "", -1, "address 127.0.0.1: missing port in address"},
                             {"bare_v6", "::1:80", "", -1, "address ::1:80: too many colons in address"},
                             {"open", "[::1:80", "", -1, "address [::1:80: missing ']' in address"},
                             {"v6_no_port", "[::1]", "", -1, "address [::1]: missing port in address"},
                             {"big", "h:65536", "", -1, "address 65536: invalid port"},
                             {"word", "h:nosuch", "", -1, "lookup tcp/nosuch: unknown port"},
                         }),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(SocketAddress, PrintsAsGoDoes) {
  EXPECT_EQ(resolve_now("tcp", {"127.0.0.1", 80})->front().text(), "127.0.0.1:80");
  EXPECT_EQ(resolve_now("tcp", {"::1", 80})->front().text(), "[::1]:80");
  EXPECT_EQ(SocketAddress::unix_path("/run/x")->text(), "/run/x");
  EXPECT_EQ(SocketAddress::unix_path("@x")->text(), "@x");
  EXPECT_FALSE(SocketAddress::unix_path(std::string(108, 'x')));
}

}  // namespace
}  // namespace gleaner::net
