#include "k8s/token_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "k8s/testing.h"

namespace gleaner::k8s {
namespace {
using namespace std::chrono_literals;

TEST(TokenFile, IsReadAgainOnlyWhenOld) {
  const testing_support::Folder folder;
  const auto path = folder.write("token", " one\n");
  TokenFile token(path);
  const TimePoint start{1h};
  EXPECT_EQ(*token.token(start), "one");
  folder.write("token", "two");
  EXPECT_EQ(*token.token(start + 49s), "one");
  EXPECT_EQ(*token.token(start + 50s), "two");
  folder.write("token", "three");
  EXPECT_EQ(*token.token(start + 51s), "two");
  token.distrust();
  EXPECT_EQ(*token.token(start + 52s), "three");
}

TEST(TokenFile, KeepsTheLastOneThroughTrouble) {
  const testing_support::Folder folder;
  const auto path = folder.write("token", "one");
  TokenFile token(path);
  EXPECT_EQ(*token.token(TimePoint{1h}), "one");
  folder.write("token", "\n");
  EXPECT_EQ(*token.token(TimePoint{2h}), "one");
  std::filesystem::remove(path);
  EXPECT_EQ(*token.token(TimePoint{3h}), "one");
  folder.write("token", "two");
  EXPECT_EQ(*token.token(TimePoint{3h} + 1s), "two") << "not cached: the next try reads again";
}

TEST(TokenFile, SaysWhatIsMissing) {
  TokenFile token("/nowhere/token");
  const auto got = token.token(TimePoint{1h});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what,
            "unable to read token file /nowhere/token: open /nowhere/token: no such file or directory");
}

}  // namespace
}  // namespace gleaner::k8s
