#pragma once
// What a queue's folder holds: from its files back to records. Source: DESIGN §2 law 1: what is whole is
// kept, what is missing is counted.
#include <string>
#include <vector>

#include "storage/segment.h"

namespace gleaner::storage {

/// How much of something there is.
struct Amount {
  std::uint64_t records = 0, items = 0, bytes = 0;
  Amount& operator+=(const Amount& other);
  Amount& operator-=(const Amount& other);
};

struct SegmentInfo {
  std::uint64_t number = 0;
  std::string path;
  HeaderKind kind = HeaderKind::good;
  SegmentHeader header;
  SegmentReader::Options reading;  ///< how to read it
  Amount all, left;                ///< records in it, and those of them that are not done with
  Loss loss;
  std::uint64_t torn = 0;  ///< bytes of an unfinished write at its end
  std::uint64_t next_sequence = 0, next_before = 0;
  /// There is something to be read.
  bool readable() const { return kind == HeaderKind::good || kind == HeaderKind::torn; }
};

/// folder/0000000000000001.segment
std::string segment_path(const std::string& folder, std::uint64_t number);
/// The numbers of a folder's segments, in order. Fault::os with ENOENT when there is no folder.
Result<std::vector<std::uint64_t>> segment_numbers(Disk& disk, const std::string& folder);
/// Reads the heads of all records. @param bodies  and checks their bodies; those of the last segment are
/// always checked
Result<std::vector<SegmentInfo>> inspect(Disk& disk, const std::string& folder, bool bodies);

}  // namespace gleaner::storage
