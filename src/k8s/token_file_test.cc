#include "k8s/token_file.h"

#include <gtest/gtest.h>

#include "k8s/testing.h"

namespace gleaner::k8s {
namespace {

TEST(TokenFile, IsAsFreshAsTheFile) {
  const testing_support::Folder folder;
  TokenFile token(folder.write("token", " one\n"));
  EXPECT_EQ(*token.token(), "one");
  folder.write("token", "two");
  EXPECT_EQ(*token.token(), "two");
  token.distrust();
  EXPECT_EQ(*token.token(), "two");
}

TEST(TokenFile, SaysWhatIsMissing) {
  TokenFile token("/nowhere/token");
  for (int i = 0; i < 2; ++i) {
    const auto got = token.token();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().what,
              "unable to read token file /nowhere/token: open /nowhere/token: no such file or directory");
  }
}

}  // namespace
}  // namespace gleaner::k8s
