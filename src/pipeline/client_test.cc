#include "pipeline/client.h"

#include <gtest/gtest.h>

namespace gleaner {
namespace {

TEST(Client, FindsHeadersInAnyCaseAndAllOfThem) {
  const Client client{"10.0.0.1", {{"x-tenant", "a"}, {"other", "b"}, {"x-tenant", "c"}}, {}};
  using Values = std::vector<std::string_view>;
  EXPECT_EQ(client.header("X-Tenant"), (Values{"a", "c"}));
  EXPECT_EQ(client.header("other"), Values{"b"});
  EXPECT_EQ(client.header("x-tenan"), Values{});
}

TEST(Client, KnowsWhatTheAuthenticatorLearned) {
  const Client client{"", {}, {{"username", "alice"}}};
  ASSERT_TRUE(client.attribute("username"));
  EXPECT_EQ(*client.attribute("username"), "alice");
  EXPECT_FALSE(client.attribute("Username"));
}

}  // namespace
}  // namespace gleaner
