#pragma once
// The bytes of a queue's file. A queue is a folder of them, numbered in order.
//
//   segment = header record*
//   header  = "glnrkq" version newline salt:8 first:8 before:8 kind:1 0:7       40 bytes
//   record  = sum:4 mark:4 size:4 items:4 sequence:8 before:8 body_sum:4 0:4 body
//
// All numbers are little endian. `sum` covers the head from `size` on and is seeded with the salt and the
// record's place in the file, so that nothing that somebody sent us and no block of another file passes for a
// record. `mark` is 0 until the record is done with, then ~sum: it is the one thing written in place, and
// half of it is none. `sequence` counts records and `before` the items before this one, over all segments of
// one salt: what is missing between two records is known to the item.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "storage/disk.h"

namespace gleaner::storage {

inline constexpr std::size_t kSegmentHead = 40;
inline constexpr std::size_t kRecordHead = 40;
inline constexpr std::uint8_t kSegmentVersion = 1;
inline constexpr std::uint32_t kMostBody = 256 << 20;  ///< bytes of a record
inline constexpr std::uint64_t kMarkAt = 4;            ///< of a record, from its beginning
inline constexpr std::string_view kSegmentSuffix = ".segment";

struct SegmentHeader {
  std::uint64_t salt = 0;
  std::uint64_t first = 0;   ///< sequence of the first record
  std::uint64_t before = 0;  ///< items before it
  char kind = 0;             ///< of what is in the bodies: the user's
};
std::string make_segment_header(const SegmentHeader& header);
enum class HeaderKind : std::uint8_t { good, torn, foreign, later };
/// @param bytes  a file's first
HeaderKind read_segment_header(std::string_view bytes, SegmentHeader& out);

struct RecordHead {
  std::uint32_t sum = 0;
  std::uint32_t size = 0;  ///< bytes of the body
  std::uint32_t items = 0;
  std::uint64_t sequence = 0, before = 0;
  std::uint32_t body_sum = 0;
  bool done = false;
};
/// Appends a record that belongs at `at`. @return its sum
std::uint32_t append_record(std::string& to, const Chain& body, RecordHead head, std::uint64_t salt,
                            std::uint64_t at);
/// Nothing when these bytes are no record's first at this place.
std::optional<RecordHead> read_record_head(std::string_view bytes, std::uint64_t salt, std::uint64_t at);
std::uint32_t body_sum(std::string_view body);
/// What is written over the mark of a record that is done with.
std::string done_mark(std::uint32_t sum);

/// What was found to be missing.
struct Loss {
  std::uint64_t records = 0, items = 0;
  std::uint64_t bytes = 0;  ///< that are no record
  bool any() const { return records || items || bytes; }
  Loss& operator+=(const Loss& other);
};

/// Walks the records of a segment, and finds those behind damaged ones.
class SegmentReader {
 public:
  struct Options {
    std::uint64_t salt = 0;
    std::uint64_t at = kSegmentHead;  ///< where to begin
    std::uint64_t end = 0;            ///< where the file ends
    std::uint64_t sequence = 0;       ///< of the record to come
    std::uint64_t before = 0;         ///< items before it
    /// Where the next segment takes over, if there is one: from there on records count no more.
    std::optional<std::uint64_t> limit = std::nullopt;
    std::uint64_t limit_before = 0;
    bool bodies = false;   ///< check them too
    bool anchored = true;  ///< `sequence` and `before` are known
  };
  SegmentReader(Disk::File& file, const Options& options) : file_(file), next_(options) {}

  /// The next record, done with or not. @return false at the end; Fault::os when the disk refuses
  Result<bool> next();
  const RecordHead& head() const { return head_; }
  std::uint64_t at() const { return at_; }  ///< of head()
  /// The body of head(). @return false when it is not what was written, which is booked as lost
  Result<bool> body(char* into);
  /// Where the next one begins, and what it should be.
  const Options& position() const { return next_; }
  /// What is missing so far. At the end of a segment behind which there is no other, an unfinished write is
  /// no loss but torn().
  const Loss& loss() const { return loss_; }
  std::uint64_t torn() const { return torn_; }

 private:
  Result<std::optional<RecordHead>> record_at(std::uint64_t at, bool bodies);
  Result<bool> search(std::uint64_t from);
  Result<bool> body_is_good(std::uint64_t at, const RecordHead& head);
  void found(std::uint64_t at, const RecordHead& head);
  Result<bool> ended(std::uint64_t from);

  Disk::File& file_;
  Options next_;
  RecordHead head_;
  std::uint64_t at_ = 0, torn_ = 0;
  Loss loss_;
  std::string buffer_;
};

}  // namespace gleaner::storage
