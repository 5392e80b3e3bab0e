#pragma once
// A plain copy of stdout under a fixed name, as `tee -a` makes it, kept small.
#include <cstdint>
#include <string_view>

#include "capture/region.h"
#include "capture/stream.h"

namespace gleaner::capture {

enum class TeeRotate : std::uint8_t {
  rename,         ///< PATH becomes PATH.1, PATH.1 becomes PATH.2, ...
  copy_truncate,  ///< PATH is copied to PATH.1 and emptied: for readers that cannot follow a rename
};

/// At most `files` files of at most `size` bytes each. Rotates between two lines; only a line that is longer
/// than a file is cut. A write that fails turns the copy off for five seconds and is counted.
class TeeFile {
 public:
  TeeFile(const char* path, std::uint64_t size, std::uint32_t files, TeeRotate how);
  bool usable() const { return buffer_.data(); }
  /// Opens or makes the file and goes on behind its end. @return 0 or errno
  int open();
  void write(std::string_view bytes, std::int64_t now);
  /// Hands whole lines to the kernel; at the end (`all`) what is left too.
  void flush(std::int64_t now, bool all = false);
  std::uint64_t lost_bytes() const { return lost_; }

 private:
  void put(std::size_t size, std::int64_t now);
  void rotate();
  bool copy_to(const char* path);

  const char* path_;
  std::uint64_t limit_;
  std::uint32_t files_;
  TeeRotate how_;
  OwnFd file_;
  Region buffer_;
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;     ///< of the file
  std::int64_t retry_at_ = 0;  ///< steady ns
  std::uint64_t lost_ = 0;
};

}  // namespace gleaner::capture
