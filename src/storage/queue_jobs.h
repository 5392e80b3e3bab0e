#pragma once
// What the helper thread does for a queue: writes a group of records, reads some. Each is given all it needs,
// so that it touches nothing the loop works with.
#include <memory>
#include <string>
#include <vector>

#include "storage/segment.h"

namespace gleaner::storage {

/// Records to be written in one go.
struct Group {
  struct Record {
    const Chain* body;
    std::uint32_t items;
  };
  Disk& disk;
  std::string folder, path;
  std::shared_ptr<Disk::File> file;  ///< none: a new segment
  SegmentHeader header;              ///< and the first record's sequence
  std::uint64_t at = 0;
  bool fsync = false;
  std::vector<Record> records = {};
};
struct Written {
  struct Record {
    std::uint64_t at, sequence;
    std::uint32_t size, items, sum;
  };
  std::shared_ptr<Disk::File> file;
  std::vector<Record> records;
  std::uint64_t end = 0;
};
/// All of it or an error; then it is as if none of it had been written, as far as the disk allows.
Result<Written> write_group(const Group& group);

/// Where to go on reading, and what was read.
struct Harvest {
  struct Record {
    RecordHead head;
    std::uint64_t at;
    Bytes body;
  };
  std::shared_ptr<Disk::File> file;  ///< opened when there is none
  SegmentReader::Options position;
  std::vector<Record> records = {};
};
/// Adds records that are not done with: `bytes` of them, one at least unless it is the end.
Result<Harvest> harvest(Disk& disk, const std::string& path, Harvest out, std::size_t bytes);

}  // namespace gleaner::storage
