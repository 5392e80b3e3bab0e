#include "storage/segment.h"

#include <gtest/gtest.h>

#include "storage/memory_disk.h"

namespace gleaner::storage {
namespace {
using testing_support::MemoryDisk;

constexpr std::uint64_t kSalt = 42;

/// A segment of records whose bodies are "0", "11", "222", ...
std::string segment(int records, std::vector<std::size_t>* places = nullptr) {
  std::string file = make_segment_header({kSalt, 10, 100, 'l'});
  RecordHead head;
  head.sequence = 10;
  head.before = 100;
  for (int i = 0; i < records; ++i) {
    if (places) places->push_back(file.size());
    head.items = 2;
    append_record(
        file, Chain(Bytes::copy(std::string(static_cast<std::size_t>(i) + 1, static_cast<char>('0' + i)))),
        head, kSalt, file.size());
    ++head.sequence;
    head.before += 2;
  }
  return file;
}

struct Read {
  std::vector<std::string> bodies;
  Loss loss;
  std::uint64_t torn = 0;
};
Read read(const std::string& bytes, SegmentReader::Options options = {}) {
  MemoryDisk disk;
  disk.names["f"] = std::make_shared<MemoryDisk::Inode>();
  disk.names["f"]->now = bytes;
  auto file = disk.open("f", Disk::Access::read);
  options.salt = kSalt;
  options.end = bytes.size();
  options.sequence = 10;
  options.before = 100;
  SegmentReader reader(**file, options);
  Read out;
  while (*reader.next()) {
    if (reader.head().done) continue;
    std::string body(reader.head().size, '\0');
    if (*reader.body(body.data())) out.bodies.push_back(body);
  }
  out.loss = reader.loss();
  out.torn = reader.torn();
  return out;
}

TEST(Segment, ReadsWhatWasWritten) {
  SegmentHeader header;
  EXPECT_EQ(read_segment_header(segment(0), header), HeaderKind::good);
  EXPECT_EQ(header.salt, kSalt);
  EXPECT_EQ(header.first, 10u);
  EXPECT_EQ(header.before, 100u);
  EXPECT_EQ(header.kind, 'l');
  const Read got = read(segment(3));
  EXPECT_EQ(got.bodies, (std::vector<std::string>{"0", "11", "222"}));
  EXPECT_FALSE(got.loss.any());
  EXPECT_EQ(got.torn, 0u);
}

TEST(Segment, KnowsForeignLaterAndUnfinishedHeaders) {
  SegmentHeader header;
  EXPECT_EQ(read_segment_header("glnrkq", header), HeaderKind::torn);
  EXPECT_EQ(read_segment_header(std::string(100, '\0'), header), HeaderKind::torn);
  EXPECT_EQ(read_segment_header(std::string(100, 'x'), header), HeaderKind::foreign);
  std::string later = segment(0);
  ++later[6];
  EXPECT_EQ(read_segment_header(later, header), HeaderKind::later);
}

TEST(Segment, EveryTornTailLeavesWhatIsWhole) {
  std::vector<std::size_t> places;
  const std::string whole = segment(3, &places);
  places.push_back(whole.size());
  for (std::size_t size = kSegmentHead; size <= whole.size(); ++size) {
    std::size_t complete = 0;
    while (complete < 3 && places[complete + 1] <= size) ++complete;
    const Read got = read(whole.substr(0, size));
    EXPECT_EQ(got.bodies.size(), complete) << size;
    EXPECT_EQ(got.torn, size - places[complete]) << size;
    EXPECT_FALSE(got.loss.any()) << size;
  }
}

TEST(Segment, EveryBrokenByteCostsOneRecordAndIsCounted) {
  std::vector<std::size_t> places;
  const std::string whole = segment(4, &places);
  for (std::size_t at = places[1]; at < places[2]; ++at) {
    std::string broken = whole;
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    const Read got = read(broken);
    if (at >= places[1] + 4 && at < places[1] + 8) {  // half a mark is none
      EXPECT_EQ(got.bodies.size(), 4u) << at;
      continue;
    }
    EXPECT_EQ(got.bodies, (std::vector<std::string>{"0", "222", "3333"})) << at;
    EXPECT_EQ(got.loss.records, 1u) << at;
    EXPECT_EQ(got.loss.items, 2u) << at;
  }
}

TEST(Segment, ALimitTellsWhatIsMissingAtTheEnd) {
  std::vector<std::size_t> places;
  const std::string whole = segment(4, &places);
  SegmentReader::Options options;
  options.limit = 14;
  options.limit_before = 108;
  EXPECT_FALSE(read(whole, options).loss.any());
  const Read got = read(whole.substr(0, places[2] + 5), options);
  EXPECT_EQ(got.loss.records, 2u);
  EXPECT_EQ(got.loss.items, 4u);
  EXPECT_EQ(got.loss.bytes, 5u);
  options.limit = 12;  // what the next segment has again is not read twice
  options.limit_before = 104;
  EXPECT_EQ(read(whole, options).bodies.size(), 2u);
}

TEST(Segment, MarksAreForOneRecordOnly) {
  std::vector<std::size_t> places;
  std::string file = segment(2, &places);
  const auto head = read_record_head(file.substr(places[1]), kSalt, places[1]);
  ASSERT_TRUE(head);
  file.replace(places[1] + kMarkAt, 4, done_mark(head->sum));
  EXPECT_EQ(read(file).bodies, (std::vector<std::string>{"0"}));
  file.replace(places[0] + kMarkAt, 4, done_mark(head->sum));  // another's
  EXPECT_EQ(read(file).bodies, (std::vector<std::string>{"0"}));
}

TEST(Segment, ARecordCountsAtItsPlaceOnly) {
  std::vector<std::size_t> places;
  const std::string file = segment(3, &places);
  EXPECT_TRUE(read_record_head(file.substr(places[1]), kSalt, places[1]));
  EXPECT_FALSE(read_record_head(file.substr(places[1]), kSalt, places[2]));
  EXPECT_FALSE(read_record_head(file.substr(places[1]), kSalt + 1, places[1]));
}

}  // namespace
}  // namespace gleaner::storage
