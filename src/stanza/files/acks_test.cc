#include "stanza/files/acks.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gleaner::stanza::files {
namespace {

namespace fs = std::filesystem;

struct AcksTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("acks." + std::to_string(::getpid()));
  void SetUp() override {
    fs::remove_all(dir);
    fs::create_directories(dir / ".ack");
    std::ofstream(dir / ".gleaner-exec") << "version 1\n";
  }
  void TearDown() override { fs::remove_all(dir); }
  std::string at(const std::string& name) const { return (dir / name).string(); }
  std::string said(const std::string& who = "file_log_a") const {
    std::ifstream file(dir / ".ack" / who);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(AcksTest, SayWhereTheFirstUnsafeByteIs) {
  const struct {
    std::vector<Progress> files;
    std::string_view want;
  } kCases[] = {
      {{{at("00000002.log"), 10, 10}, {at("00000001.log"), 5, 5}}, "2 10\n"},
      {{{at("00000001.log"), 4, 5}, {at("00000002.log"), 10, 10}}, "1 4\n"},
      {{{at("00000003.log"), 0, 0}, {at("00000002.log"), 10, 10}}, "3 0\n"},
      {{{at("00000003.log"), 7, 9}, {at("other.log"), 0, 99}, {at("4.log"), 0, 9}}, "3 7\n"},
  };
  Acks acks("file_log/a");
  for (const auto& c : kCases) {
    acks.write(c.files);
    EXPECT_EQ(said(), c.want);
  }
}

TEST_F(AcksTest, OnlyWhereTheMarkIs) {
  fs::remove(dir / ".gleaner-exec");
  Acks acks("file_log/a");
  acks.write({{at("00000001.log"), 5, 5}});
  EXPECT_EQ(said(), "");
}

TEST_F(AcksTest, AFolderThatCannotBeWrittenIsLeftAlone) {
  fs::remove(dir / ".ack");
  Acks acks("file_log/a");
  acks.write({{at("00000001.log"), 5, 5}});
  fs::create_directories(dir / ".ack");
  acks.write({{at("00000001.log"), 6, 6}});
  EXPECT_EQ(said(), "");
}

}  // namespace
}  // namespace gleaner::stanza::files
