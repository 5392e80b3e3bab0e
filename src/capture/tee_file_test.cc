#include "capture/tee_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace gleaner::capture {
namespace {

namespace fs = std::filesystem;

struct TeeFileTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("tee." + std::to_string(::getpid()));
  std::string path = (dir / "application.log").string();
  void SetUp() override {
    fs::remove_all(dir);
    fs::create_directories(dir);
  }
  void TearDown() override { fs::remove_all(dir); }
  static std::string text(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(TeeFileTest, RotatesBetweenLines) {
  for (const auto how : {TeeRotate::rename, TeeRotate::copy_truncate}) {
    SetUp();
    TeeFile tee(path.c_str(), 10, 3, how);
    ASSERT_EQ(tee.open(), 0);
    for (const char* line : {"one\n", "two\n", "three\n", "four\n", "five", "5\n", "six\n", "seven\n"})
      tee.write(line, 0);
    tee.flush(0);
    EXPECT_EQ(text(path), "seven\n");
    EXPECT_EQ(text(path + ".1"), "five5\nsix\n");  // ten bytes
    EXPECT_EQ(text(path + ".2"), "four\n");
    EXPECT_FALSE(fs::exists(path + ".3"));
  }
}

TEST_F(TeeFileTest, GoesOnBehindWhatIsThere) {
  std::ofstream(path) << "before\n";
  TeeFile tee(path.c_str(), 1000, 2, TeeRotate::rename);
  ASSERT_EQ(tee.open(), 0);
  tee.write("a\nhalf", 0);
  tee.flush(0);
  EXPECT_EQ(text(path), "before\na\n");  // a reader sees whole lines
  tee.flush(0, true);
  EXPECT_EQ(text(path), "before\na\nhalf");
}

TEST_F(TeeFileTest, CutsOnlyLinesLongerThanAFile) {
  TeeFile tee(path.c_str(), 10, 4, TeeRotate::rename);
  ASSERT_EQ(tee.open(), 0);
  tee.write("ab\n0123456789012345\n", 0);
  tee.flush(0);
  EXPECT_EQ(text(path + ".2"), "ab\n");
  EXPECT_EQ(text(path + ".1"), "0123456789");
  EXPECT_EQ(text(path), "012345\n");
}

TEST_F(TeeFileTest, CountsWhatItCannotWrite) {
  fs::remove_all(dir);
  TeeFile tee(path.c_str(), 100, 2, TeeRotate::rename);
  EXPECT_NE(tee.open(), 0);
  tee.write("lost\n", 10'000'000'000);
  tee.flush(10'000'000'000);
  EXPECT_EQ(tee.lost_bytes(), 5U);
  fs::create_directories(dir);
  tee.write("kept\n", 16'000'000'000);
  tee.flush(16'000'000'000);
  EXPECT_EQ(text(path), "kept\n");
  EXPECT_EQ(tee.lost_bytes(), 5U);
}

}  // namespace
}  // namespace gleaner::capture
