#include "storage/bbolt.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "storage/memory_disk.h"

namespace gleaner::storage {
namespace {
using testing_support::MemoryDisk;

/// Databases that the collector 0.159 wrote.
std::string recorded(const std::string& name) {
  std::ifstream in(GLEANER_TEST_DATA "/storage/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Walked {
  Result<> ok;
  std::map<std::string, std::string> values;
};
Walked walk(std::string bytes, std::string_view bucket = "default", const BboltLimits& limits = {}) {
  MemoryDisk disk;
  disk.names["db"] = std::make_shared<MemoryDisk::Inode>();
  disk.names["db"]->now = std::move(bytes);
  Walked out;
  out.ok = walk_bbolt(
      **disk.open("db", Disk::Access::read), bucket,
      [&](std::string_view key, std::string_view value) { out.values.emplace(key, value); }, limits);
  return out;
}

TEST(Bbolt, ReadsWhatTheReferenceWrote) {
  for (const char* name : {"knownfiles_json.db", "knownfiles_proto.db"}) {
    const auto walked = walk(recorded(name));
    ASSERT_TRUE(walked.ok) << name << ": " << walked.ok.error().what;
    ASSERT_EQ(walked.values.size(), 1u);
    EXPECT_EQ(walked.values.begin()->first, "file_input.knownFiles");
    EXPECT_GT(walked.values.begin()->second.size(), 4096u);  // longer than a page
  }
}

TEST(Bbolt, AnotherBucketIsEmpty) {
  const auto walked = walk(recorded("knownfiles_json.db"), "other");
  EXPECT_TRUE(walked.ok);
  EXPECT_TRUE(walked.values.empty());
}

TEST(Bbolt, TakesTheOtherMetaPageWhenOneIsBroken) {
  const auto wanted = walk(recorded("knownfiles_proto.db")).values;
  for (const std::size_t page : {0u, 4096u}) {
    std::string bytes = recorded("knownfiles_proto.db");
    bytes[page + 30] ^= 1;
    const auto walked = walk(bytes);
    EXPECT_TRUE(walked.ok) << walked.ok.error().what;
    EXPECT_EQ(walked.values.size(), wanted.size());
  }
}

TEST(Bbolt, RefusesWhatIsNone) {
  std::string both = recorded("knownfiles_proto.db");
  both[30] ^= 1;
  both[4096 + 30] ^= 1;
  for (const std::string& bytes : {std::string(), std::string(100, 'x'), std::string(1 << 20, '\0'), both}) {
    const auto walked = walk(bytes);
    ASSERT_FALSE(walked.ok);
    EXPECT_NE(walked.ok.error().what.find("not a sound bbolt database"), std::string::npos);
  }
}

TEST(Bbolt, StopsAtItsLimits) {
  EXPECT_FALSE(walk(recorded("knownfiles_proto.db"), "default", {.bytes = 8000}).ok);
  EXPECT_FALSE(walk(recorded("knownfiles_proto.db"), "default", {.page = 4096}).ok);
}

TEST(Bbolt, AFileThatWasCutShortIsAnError) {
  const std::string bytes = recorded("knownfiles_proto.db");
  for (std::size_t size = 0; size < bytes.size(); size += 512) (void)walk(bytes.substr(0, size));
  EXPECT_FALSE(walk(bytes.substr(0, 3 * 4096)).ok);
}

}  // namespace
}  // namespace gleaner::storage
