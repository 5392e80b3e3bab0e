#pragma once
// The segments of a folder that are written no more.
#include <cstdint>

#include "capture/acks.h"
#include "capture/region.h"
#include "capture/text.h"

namespace gleaner::capture {

using SegmentName = Text<24>;
/// "00000017.log"
SegmentName segment_name(std::uint32_t number);
/// The number in such a name, 0 when it is none.
std::uint32_t segment_number(std::string_view name);

/// What went unread.
struct Gone {
  std::uint64_t lines = 0, bytes = 0;
  std::uint32_t first = 0, last = 0;  ///< segments

  bool any() const { return first != 0; }
};

/// Kept in the order of the numbers. At most kMost; older ones are removed when a folder has more.
class Catalog {
 public:
  static constexpr std::uint32_t kMost = 1024;
  static constexpr std::uint64_t kUnknown = ~std::uint64_t(0);

  Catalog() : entries_(kMost * sizeof(Entry)) {}
  bool usable() const { return entries_.data(); }
  /// Finds what an earlier run left, and gives back the space that it had reserved.
  void scan(int dir);
  void add(std::uint32_t number, std::uint64_t disk_bytes, std::uint64_t lines);

  /// This number is taken.
  void saw(std::uint32_t number) {
    if (number > newest_) newest_ = number;
  }

  std::uint32_t count() const { return count_; }
  std::uint64_t disk_bytes() const { return disk_bytes_; }
  std::uint32_t newest() const { return newest_; }  ///< the highest number ever seen, 0 for none
  std::uint32_t oldest() const { return count_ ? at(0).number : 0; }

  /// Removes what every reader has read.
  void remove_read(int dir, const Ack& ack);
  /// Removes the oldest; its unread lines and bytes are added to `gone`. Truncates first, as a reader that
  /// holds the file would keep the space.
  void remove_oldest(int dir, const Ack& ack, Gone& gone);

 private:
  struct Entry {
    std::uint64_t disk_bytes, lines;
    std::uint32_t number;
  };
  Entry& at(std::uint32_t i) const { return reinterpret_cast<Entry*>(entries_.data())[i]; }
  void forget_oldest(int dir, int file);

  Region entries_;
  std::uint32_t count_ = 0, newest_ = 0;
  std::uint64_t disk_bytes_ = 0;
};

}  // namespace gleaner::capture
