#include "k8s/token_review.h"

#include <gtest/gtest.h>

namespace gleaner::k8s {
namespace {

TEST(TokenReview, AsksForAnAudienceOnlyWhenThereIsOne) {
  EXPECT_EQ(token_review("a.b.c", ""),
            R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"a.b.c"}})");
  EXPECT_EQ(
      token_review("a", "relay"),
      R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"a","audiences":["relay"]}})");
}

TEST(TokenReview, ReadsTheOwnerOfAPodsToken) {
  Arena arena;
  const auto owner = read_token_review(R"({"kind":"TokenReview","metadata":{},"status":{"authenticated":true,
    "user":{"username":"system:serviceaccount:shop:web","uid":"1","groups":["system:authenticated"],"extra":{
      "authentication.kubernetes.io/credential-id":["JTI=1"],
      "authentication.kubernetes.io/node-name":["fargate-ip-10-0-1-2"],
      "authentication.kubernetes.io/pod-name":["web-0"],
      "authentication.kubernetes.io/pod-uid":["u-1"]}},"audiences":["x"]}})",
                                       arena);
  ASSERT_TRUE(owner) << owner.error().what;
  EXPECT_TRUE(owner->authenticated);
  EXPECT_EQ(owner->name_space, "shop");
  EXPECT_EQ(owner->pod, "web-0");
  EXPECT_EQ(owner->pod_uid, "u-1");
  EXPECT_EQ(owner->node, "fargate-ip-10-0-1-2");
}

TEST(TokenReview, TellsUsersAndStrangersApart) {
  Arena arena;
  const auto user =
      read_token_review(R"({"status":{"authenticated":true,"user":{"username":"admin"}}})", arena);
  ASSERT_TRUE(user);
  EXPECT_TRUE(user->authenticated);
  EXPECT_EQ(user->name_space, "");
  const auto nobody = read_token_review(R"({"status":{"user":{},"error":"[invalid bearer token]"}})", arena);
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->authenticated);
  EXPECT_EQ(nobody->error, "[invalid bearer token]");
  EXPECT_FALSE(read_token_review("{", arena));
  const auto texts = read_token_review(R"({"status":{"authenticated":"true"}})", arena);
  EXPECT_FALSE(texts && texts->authenticated) << "a text is not a truth";
}

TEST(TokenReview, KnowsWhatCanBeAToken) {
  EXPECT_TRUE(may_be_token("eyJhbGciOiJSUzI1NiJ9.e30.x-_~+/="));
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a\"b"), std::string("a\n"), std::string(20000, 'x')})
    EXPECT_FALSE(may_be_token(bad)) << bad.size();
}

}  // namespace
}  // namespace gleaner::k8s
