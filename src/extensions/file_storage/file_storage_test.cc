#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "config/yaml.h"
#include "extensions/file_storage/config.h"
#include "extensions/file_storage/names.h"

namespace gleaner::extensions::file_storage {
namespace {
using testing::HasSubstr;

class Silent : public log::Sink {
  void put(std::string_view) override {}
};

class FileStorageTest : public testing::Test {
 protected:
  std::string folder = std::filesystem::temp_directory_path() / "storage-XXXXXX";
  Loop loop;
  Silent log;
  metrics::Registry metrics;
  Budget memory{1 << 20};
  Context context{loop,
                  log::Logger(log),
                  metrics,
                  memory,
                  "file_storage",
                  "0",
                  {},
                  [](const std::string&) { return nullptr; }};

  FileStorageTest() { EXPECT_TRUE(::mkdtemp(folder.data())); }
  ~FileStorageTest() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<Extension> started(const Config& config) {
    auto made = make(config, context);
    EXPECT_TRUE(made);
    EXPECT_TRUE(loop.run_until_done((*made)->start()));
    return std::move(*made);
  }
  static storage::Storage& storage_of(Extension& extension) {
    return dynamic_cast<storage::Storage&>(extension);
  }
};

const storage::Owner kOwner{"receiver", "file_log", "a/b", ""};

TEST_F(FileStorageTest, KeepsStateBetweenRuns) {
  Config config;
  config.directory = folder + "/one/two";
  config.create_directory = true;
  config.directory_permissions = "0700";
  for (int run = 0; run < 2; ++run) {
    const auto extension = started(config);
    auto store = loop.run_until_done(storage_of(*extension).open(kOwner));
    ASSERT_TRUE(store);
    EXPECT_EQ((*store)->fresh(), run == 0);
    EXPECT_EQ((*store)->get("runs").value_or("0"), std::to_string(run));
    (*store)->put("runs", std::to_string(run + 1));
    EXPECT_TRUE(loop.run_until_done(extension->stop()));
  }
  struct stat info {};
  ASSERT_EQ(::stat((folder + "/one/two").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_TRUE(std::filesystem::exists(folder + "/one/two/receiver_filelog_a~002Fb.gleaner"));
}

TEST_F(FileStorageTest, OneOwnerOneUser) {
  Config config;
  config.directory = folder;
  config.timeout = Duration{0};
  const auto extension = started(config);
  ASSERT_TRUE(loop.run_until_done(storage_of(*extension).open(kOwner)));
  EXPECT_FALSE(loop.run_until_done(storage_of(*extension).open(kOwner)));
  EXPECT_TRUE(loop.run_until_done(extension->stop()));
}

TEST_F(FileStorageTest, ASuccessorGetsTheSame) {
  Config config;
  config.directory = folder;
  const auto extension = started(config);
  const auto store = loop.run_until_done(storage_of(*extension).open(kOwner));
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->fresh());
  (*store)->put("place", "1");
  (*store)->release();
  const auto again = loop.run_until_done(storage_of(*extension).open(kOwner));
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->get("place"), "1");
  EXPECT_FALSE((*again)->fresh());
  EXPECT_FALSE((*again)->released());
  EXPECT_FALSE(loop.run_until_done(storage_of(*extension).open(kOwner)));  // it is in use again
  EXPECT_TRUE(loop.run_until_done(extension->stop()));
}

TEST_F(FileStorageTest, ALongNameGetsAFile) {
  Config config;
  config.directory = folder;
  const auto extension = started(config);
  const std::string name(1000, 'x');
  for (const char* end : {"1", "2"}) {
    const std::string whole = name + end;
    EXPECT_TRUE(loop.run_until_done(storage_of(*extension).open({"receiver", "filelog", whole, ""})));
  }
  EXPECT_TRUE(loop.run_until_done(extension->stop()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);
}

TEST_F(FileStorageTest, FilesAreCalledAsTheReferenceCallsThem) {
  EXPECT_EQ(file_name(kOwner), "receiver_filelog_a~002Fb");
  EXPECT_EQ(file_name({"receiver", "filelog", "", ""}), "receiver_filelog_");
  EXPECT_EQ(file_name({"exporter", "otlp", "x~y", "logs"}), "exporter_otlp_x~007Ey_logs");
  EXPECT_EQ(file_name({"receiver", "filelog", "\xc3\xa4", ""}), "receiver_filelog_~00E4");
  EXPECT_EQ(storage_of(*started({.directory = "/d"})).reference_path(kOwner), "/d/receiver_filelog_a~002Fb");
}

struct Wrong {
  const char* yaml;
  const char* words;
};
class FileStorageConfig : public testing::TestWithParam<Wrong> {};
TEST_P(FileStorageConfig, IsRefused) {
  config::Problems problems;
  const auto node = config::parse_yaml(GetParam().yaml, "test.yaml");
  ASSERT_TRUE(node);
  (void)config::decode<Config>(*node, "extensions::file_storage", problems);
  EXPECT_THAT(problems.errors_text(), HasSubstr(GetParam().words));
}
INSTANTIATE_TEST_SUITE_P(
    FileStorage, FileStorageConfig,
    testing::Values(
        Wrong{"directory: /not/there",
              "directory must exist: stat /not/there: no such file or directory. You can enable the "
              "create_directory option to automatically create it"},
        Wrong{"directory: /etc/passwd", "/etc/passwd is not a directory"},
        Wrong{"directory: /etc/passwd/x",
              "problem accessing configured directory: /etc/passwd/x, err: stat "
              "/etc/passwd/x: not a directory"},
        Wrong{"{directory: /tmp, max_size: -1}", "max size cannot be less than 0"},
        Wrong{"{directory: /tmp, create_directory: true, directory_permissions: '0999'}",
              "must be a valid octal representation"},
        Wrong{"{directory: /tmp, create_directory: true, directory_permissions: '1777'}",
              "invalid bits for file access"},
        Wrong{"{directory: /tmp, compaction: {max_transaction_size: -1}}",
              "max transaction size for compaction cannot be less than 0"},
        Wrong{"{directory: /tmp, compaction: {on_rebound: true, check_interval: 0s}}",
              "compaction check interval must be positive"},
        Wrong{"{directory: /tmp, direktory: /tmp}", "direktory"}));

TEST(FileStorageDefaults, WithADirectoryMadeAreAccepted) {
  config::Problems problems;
  const auto node =
      config::parse_yaml("{create_directory: true, directory: /tmp, compaction: {}}", "test.yaml");
  const auto config = config::decode<Config>(*node, "extensions::file_storage", problems);
  EXPECT_FALSE(problems.any_errors()) << problems.errors_text();
  EXPECT_EQ(config.timeout, std::chrono::seconds(1));
}

}  // namespace
}  // namespace gleaner::extensions::file_storage
