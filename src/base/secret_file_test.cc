#include "base/secret_file.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gleaner {
namespace {
namespace fs = std::filesystem;

class SecretFileTest : public ::testing::Test {
 protected:
  SecretFileTest() {
    std::string made = (fs::temp_directory_path() / "gleaner-XXXXXX").string();
    folder_ = ::mkdtemp(made.data());
  }
  ~SecretFileTest() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  /// Makes a file old, so that its times are to be trusted.
  void age(const std::string& name) const {
    fs::last_write_time(folder_ / name, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  fs::path folder_;
};

TEST_F(SecretFileTest, SeesEveryChangeAtOnce) {
  SecretFile file(write("token", " one\n"));
  EXPECT_TRUE(file.look().changed);
  EXPECT_EQ(file.text(), "one");
  EXPECT_FALSE(file.look().changed);
  write("token", "two");  // the same size as before without blanks, within one tick of the clock
  EXPECT_TRUE(file.look().changed);
  EXPECT_EQ(file.text(), "two");
  write("token", "six");
  EXPECT_TRUE(file.look().changed);
  EXPECT_EQ(file.text(), "six");
}

TEST_F(SecretFileTest, FollowsTheSwingOfADirectoryLink) {
  fs::create_directory(folder_ / "..2024");
  fs::create_directory(folder_ / "..2025");
  write("..2024/token", "old");
  write("..2025/token", "new");
  fs::create_directory_symlink("..2024", folder_ / "..data");
  fs::create_symlink("..data/token", folder_ / "token");
  SecretFile file(folder_ / "token");
  file.look();
  EXPECT_EQ(file.text(), "old");
  fs::create_directory_symlink("..2025", folder_ / "..data_tmp");
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");  // as the kubelet does it
  fs::remove_all(folder_ / "..2024");
  EXPECT_TRUE(file.look().changed);
  EXPECT_EQ(file.text(), "new");
}

TEST_F(SecretFileTest, KeepsTheLastTextThroughTroubleAndTellsItOnce) {
  const auto path = write("token", "one");
  SecretFile file(path);
  file.look();
  write("token", "\n");
  auto look = file.look();
  ASSERT_TRUE(look.trouble);
  EXPECT_EQ(look.trouble->what, "file " + path + " is empty");
  EXPECT_FALSE(file.look().trouble) << "the same trouble is not told again";
  fs::remove(path);
  look = file.look();
  ASSERT_TRUE(look.trouble);
  EXPECT_EQ(look.trouble->what, "open " + path + ": no such file or directory");
  EXPECT_EQ(file.text(), "one");
  write("token", "two");
  EXPECT_TRUE(file.look().changed);
  EXPECT_EQ(file.text(), "two");
}

TEST_F(SecretFileTest, RefusesLargeFiles) {
  SecretFile file(write("token", std::string(SecretFile::kLimit + 1, 'x')));
  const auto look = file.look();
  ASSERT_TRUE(look.trouble);
  EXPECT_NE(look.trouble->what.find("larger than"), std::string::npos);
  EXPECT_EQ(file.text(), "");
}

TEST_F(SecretFileTest, AnOldFileIsReadOnce) {
  write("token", "one");
  SecretFile file(folder_ / "token");
  age("token");
  file.look();
  // The times of its status change are young still: only the kernel sets those. Reading again is harmless.
  EXPECT_FALSE(file.look().changed);
  EXPECT_EQ(file.text(), "one");
}

}  // namespace
}  // namespace gleaner
