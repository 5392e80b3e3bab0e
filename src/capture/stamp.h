#pragma once
// Times of records: strictly increasing over both streams, as a backend that sorts by time loses the order of
// ties.
#include <cstdint>
#include <string_view>

namespace gleaner::capture {

inline constexpr int kStampSize = 30;  ///< "2026-11-25T16:10:35.123456789Z"

/// Nanoseconds since 1970 of the wall clock.
std::uint64_t wall_clock();
/// Nanoseconds that only ever grow; for deadlines.
std::int64_t steady_clock();

class Stamper {
 public:
  /// Takes the time that the next records get; records in between differ by one nanosecond. A clock that
  /// went back does not take the records with it.
  void tick(std::uint64_t now) { now_ = now; }
  /// A time above every earlier one, as RFC 3339 in UTC; valid until the next call.
  std::string_view next();
  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t now_ = 0, last_ = 0;
  std::uint64_t second_ = ~std::uint64_t(0);  ///< whose date and time stand in text_
  std::uint64_t second_end_ = 0;              ///< the first nanosecond behind it
  char text_[kStampSize + 1] = {};
};

}  // namespace gleaner::capture
