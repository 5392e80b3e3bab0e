#pragma once
// The rotated files: numbered segments that are never renamed and never written again, under a hard cap.
#include <cstdint>
#include <string_view>

#include "capture/catalog.h"
#include "capture/record.h"
#include "capture/region.h"
#include "capture/stamp.h"
#include "capture/waiter.h"

namespace gleaner::capture {

enum class AtCap : std::uint8_t { drop_oldest, drop_newest, block };

struct SegmentOptions {
  const char* dir = nullptr;
  Format format = Format::cri;
  AtCap at_cap = AtCap::drop_oldest;
  std::uint64_t segment = 0;  ///< bytes of one file
  std::uint64_t total = 0;    ///< bytes on disk of all, folders and reservations counted
  std::uint32_t files = 0;
};

/// Writes records to <dir>/00000001.log, 00000002.log, ... The space of a segment is reserved when it is
/// made, so that a full volume shows between segments and never inside a record. What cannot be stored is
/// counted, and the next record that can is preceded by one on stderr that says how much is missing. Readers:
/// <dir>/.gleaner-exec marks the folder (and is locked by its writer), <dir>/.ack/ takes what they have read.
/// Source: spec/capture.md 7 and 8.
class Segments final : private Bytes {
 public:
  static constexpr std::uint64_t kOverhead = 32 << 10;   ///< bytes set aside for the folders and the marker
  static constexpr std::uint64_t kLeast = 64 << 10;      ///< bytes of the smallest segment
  static constexpr std::int64_t kRetry = 5'000'000'000;  ///< ns between two attempts at a full disk
  static constexpr std::int64_t kAckEvery = 1'000'000'000;  ///< ns between two looks at the acknowledgements

  Segments(const SegmentOptions& options, Waiter& waiter);
  ~Segments() { close(); }

  /// @return 0, EWOULDBLOCK when another writer has the folder, or errno: then it is tried again later
  int open();
  /// Makes the first segment, so that the first line does not wait for it. A folder that cannot take it is
  /// tried again later, and one that blocks at its cap with the first line.
  void make_ready();
  /// Sets the time of the records that follow. Wall clock and steady clock, ns.
  void tick(std::uint64_t wall, std::int64_t steady);
  void record(Stream stream, std::string_view text, bool partial);
  /// Hands what is buffered to the kernel.
  void flush();
  void close();

  bool storing() const { return static_cast<bool>(file_); }
  std::uint64_t dropped_lines() const { return dropped_lines_; }

 private:
  struct Missing {
    std::uint64_t lines = 0, bytes = 0;
    int why = 0;  ///< errno; 0: the cap
  };

  void append(std::string_view bytes) override;
  bool room_for(std::uint64_t size);
  bool roll();
  bool below_cap();
  bool create();
  void announce_gaps();
  void announce(std::string_view words);
  void look_at_acks();
  void write_out();
  void write_failed(std::size_t written, int why);
  void finish_file();
  void drop(std::uint64_t size, bool partial, int why);

  SegmentOptions options_;
  Waiter& waiter_;
  Stamper stamper_;
  Catalog catalog_;
  Ack ack_;
  OwnFd dir_, marker_, file_;
  Region buffer_;
  std::size_t used_ = 0;      ///< bytes buffered
  std::uint64_t size_ = 0;    ///< bytes in the file
  std::uint64_t good_ = 0;    ///< of them, those of whole records
  std::uint64_t lines_ = 0;   ///< in this segment, those buffered included
  std::uint32_t number_ = 0;  ///< of this segment
  bool failed_ = false;       ///< the record being written is lost
  Gone gone_;                 ///< removed unread, not announced yet
  Missing missing_;           ///< not stored, not announced yet
  // What the announcements at the head of this segment say, until they are on disk.
  Gone said_gone_;
  Missing said_;
  std::uint64_t announced_ = 0;  ///< how many there are
  std::uint64_t dropped_lines_ = 0;
  std::int64_t now_ = 0, retry_at_ = 0, acks_at_ = 0;  ///< steady clock, ns
  std::uint64_t wall_ = 0;
};

}  // namespace gleaner::capture
