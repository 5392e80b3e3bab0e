#pragma once
// What has been read from one pipe and not been given on yet.
#include <cstdint>
#include <string_view>

#include "capture/region.h"

namespace gleaner::capture {

/// Bytes in the order of the pipe, and where each read ended: with packets, one read is one write of the
/// program, or one page of a longer write.
class Window {
 public:
  static constexpr std::uint32_t kSegments = 4096;

  /// @param bytes  the most that can wait here
  explicit Window(std::size_t bytes)
      : bytes_(bytes), sizes_(kSegments * sizeof(std::uint32_t)), page_(static_cast<std::uint32_t>(4096)) {}

  bool usable() const { return bytes_.data() && sizes_.data(); }
  void page(std::uint32_t size) { page_ = size; }

  /// Where the next read may put up to room() bytes. Moves what waits to the front when that gives room.
  char* space();
  std::size_t room() const { return segments() < kSegments ? bytes_.size() - end_ : 0; }
  /// The last read brought `size` bytes.
  void add(std::size_t size);
  /// Forgets where reads ended: all that waits is one segment.
  void join();

  /// Newlines in segment `i`.
  std::uint32_t lines_of(std::uint32_t i) const;
  /// Makes a segment of each line of the first one, when there is room for that.
  void split_first();

  std::string_view bytes() const { return {bytes_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::uint32_t segments() const { return last_ - first_; }
  std::uint32_t segment(std::uint32_t i) const { return table()[first_ + i]; }
  /// Takes `size` bytes off the front. They stay readable until space() or give_back().
  void take(std::size_t size);
  /// After everything was taken: pages above `keep` bytes go back to the kernel.
  void give_back(std::size_t keep);

  /// Whether segment `i` is a page that ends without a newline, so that its write goes on in the next.
  bool goes_on(std::uint32_t i, std::size_t end) const {
    return segment(i) == page_ && i + 1 < segments() && bytes()[end - 1] != '\n';
  }
  /// Whether segment `i` is a page that ends with a newline: its write may or may not go on.
  bool may_go_on(std::uint32_t i, std::size_t end) const {
    return segment(i) == page_ && i + 1 < segments() && bytes()[end - 1] == '\n';
  }

 private:
  std::uint32_t* table() const { return reinterpret_cast<std::uint32_t*>(sizes_.data()); }

  Region bytes_, sizes_;
  std::size_t begin_ = 0, end_ = 0, touched_ = 0;
  std::uint32_t first_ = 0, last_ = 0;
  std::uint32_t page_;
};

}  // namespace gleaner::capture
