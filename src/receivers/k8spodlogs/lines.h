#pragma once
// Lines of a log response: "2024-05-05T05:00:00.123456789Z text\n".
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace gleaner::receivers::k8spodlogs {

struct StampedLine {
  std::uint64_t time = 0;  ///< ns since 1970; 0 when the line has none
  std::string_view text;   ///< without time and newline
};

/// RFC 3339 in front of `line`, up to nanoseconds, and the blank behind it.
/// @return the line without them; the whole line and time 0 when there is no such thing in front
StampedLine read_stamp(std::string_view line);

/// Cuts what comes into lines. Keeps at most one line that is not whole.
class Lines {
 public:
  /// @param max  bytes of a line; what is longer becomes several lines with the same time
  explicit Lines(std::size_t max) : max_(max) {}

  /// The lines that `bytes` ends. They are views into `bytes` and into the block of `carried`, which has to
  /// be kept as long.
  std::vector<StampedLine> feed(const Bytes& bytes, Bytes& carried);
  /// The line that had no newline, at the end of a log. @param carried  as in feed()
  std::vector<StampedLine> finish(Bytes& carried);
  /// Forgets what is not whole: it comes again.
  void clear();

 private:
  std::string_view cut(std::string_view line, bool whole, std::vector<StampedLine>& out);

  std::size_t max_;
  std::string rest_;
  std::uint64_t time_ = 0;  ///< of the long line whose head has been given out
  bool within_ = false;
};

}  // namespace gleaner::receivers::k8spodlogs
