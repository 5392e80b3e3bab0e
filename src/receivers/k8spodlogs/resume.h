#pragma once
// Where in a container's log one stands, and finding that place again on a new connection.
#include <algorithm>
#include <array>
#include <cstdint>

namespace gleaner::receivers::k8spodlogs {

/// The last line read: its time, and the how manieth of that time it is. Zero: nothing has been read.
struct Position {
  std::uint64_t time = 0;  ///< ns since 1970
  std::uint32_t nth = 0;
  bool operator==(const Position&) const = default;
};

/// Tells repeated lines from new ones. The API server cuts sinceTime to whole seconds, so a new connection
/// repeats up to a second of lines, in the order they had before: the last line read is found among them by
/// its time and its number, and what follows it is new. (Times alone would not do: lines of stdout and stderr
/// can be a little out of order.)
class Resume {
 public:
  enum class Line : std::uint8_t {
    fresh,
    repeated,
    unsure,  ///< later than the last line read, which has not come yet: the next lines will tell
  };
  /// How much later than the last line read a line before it may be.
  static constexpr std::uint64_t kDisorder = 50'000'000;  // ns

  explicit Resume(Position from = {}, bool exact = true) : at_(from), exact_(exact) {}

  const Position& position() const { return at_; }
  /// A connection has been opened with the position's time.
  void reconnected() {
    searching_ = at_.time != 0;
    met_ = 0;
    missed_ = false;
  }
  bool searching() const { return searching_; }
  /// Whether the last line read was not found again: there may have been lines between it and the first that
  /// came.
  bool missed() const { return missed_; }

  /// What a line is. One that is fresh is the last line read from now on. Lines that were `unsure` are fresh
  /// when a later line is fresh and missed() is true, and repeated otherwise.
  Line line(std::uint64_t time) {
    if (searching_) {
      if (time == at_.time && ++met_ >= at_.nth) {
        searching_ = false;
        if (at_.nth > 0) return Line::repeated;
      } else if (time <= at_.time) {
        return Line::repeated;
      } else if (exact_ && time <= at_.time + kDisorder) {
        return Line::unsure;
      } else {
        searching_ = false;
        missed_ = exact_;
      }
    }
    exact_ = true;
    advance(time);
    return Line::fresh;
  }
  /// Nothing more comes: lines that were unsure are fresh. @return whether the search was still on
  bool give_up() {
    if (!searching_) return false;
    searching_ = false;
    missed_ = true;
    return true;
  }

 private:
  /// Lines of one time need not stand side by side: those of the other stream may come between.
  void advance(std::uint64_t time) {
    if (time != at_.time) {
      const auto before =
          std::find_if(recent_.begin(), recent_.end(), [&](const Position& p) { return p.time == time; });
      const Position there = before == recent_.end() ? Position{time, 0} : *before;
      *(before == recent_.end() ? recent_.begin() + (turn_++ % recent_.size()) : before) = at_;
      at_ = there;
    }
    ++at_.nth;
  }

  Position at_;
  std::array<Position, 8> recent_{};  ///< times just before, and how many lines each had
  std::size_t turn_ = 0;
  bool exact_;  ///< false: from a time, not from a line
  bool searching_ = false, missed_ = false;
  std::uint32_t met_ = 0;
};

}  // namespace gleaner::receivers::k8spodlogs
