#include "receivers/filelog/reference_offsets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "stanza/files/testing.h"
#include "storage/disk.h"

namespace gleaner::receivers::filelog {
namespace {
using stanza::files::testing_support::Folder;

TEST(ReferenceOffsets, ReadsBothForms) {
  for (const auto& [name, files] :
       {std::pair{"knownfiles_json.db", 3}, std::pair{"knownfiles_proto.db", 12}}) {
    const auto kept = read_reference_offsets(std::string(GLEANER_TEST_DATA "/storage/") + name);
    ASSERT_TRUE(kept) << kept.error().what;
    ASSERT_EQ(kept->size(), static_cast<std::size_t>(files));
    for (const auto& one : *kept) {
      EXPECT_EQ(one.position.fingerprint.size(), 1000u);
      EXPECT_TRUE(one.position.fingerprint.starts_with("file "));
      EXPECT_GT(one.position.offset, 2000u);
      EXPECT_EQ(one.position.record_number, 41u);
      EXPECT_TRUE(one.position.anchor.empty());
    }
  }
}

TEST(ReferenceOffsets, NoFileIsNoError) {
  const auto kept = read_reference_offsets("/not/there");
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->empty());
}

TEST(ReferenceOffsets, WaitsForTheOneWhoHasIt) {
  Folder folder;
  folder.write("db", "x");
  const auto other = storage::real_disk().open(folder.path("db"), storage::Disk::Access::read);
  ASSERT_TRUE((*other)->lock());
  const auto kept = read_reference_offsets(folder.path("db"));
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().fault, Fault::retryable);
}

TEST(ReferenceOffsets, DecodesWhatOldReleasesWrote) {
  const auto kept = decode_known_files(
      "2\n{\"Fingerprint\":{\"first_bytes\":\"b25lCg==\"},\"Offset\":4,\"FileAttributes\":{\"a\":1},"
      "\"FlushState\":null,"
      "\"Unknown\":[1,2]}\n{\"Fingerprint\":{\"first_bytes\":\"b25lCg==\"},\"Offset\":2}\n");
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ((*kept)[0].position.fingerprint, "one\n");
  EXPECT_EQ((*kept)[0].position.offset, 4u);
}

TEST(ReferenceOffsets, RefusesWhatIsNeither) {
  for (const char* text :
       {"2\n{\"Fingerprint\":", "1\n{\"Fingerprint\":{\"first_bytes\":\"?\"}}", "\x0a\x7f", "hello"})
    EXPECT_FALSE(decode_known_files(text)) << text;
  EXPECT_TRUE(decode_known_files("0\n")->empty());
  EXPECT_TRUE(decode_known_files("")->empty());
}

}  // namespace
}  // namespace gleaner::receivers::filelog
