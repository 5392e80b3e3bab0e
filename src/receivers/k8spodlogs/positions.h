#pragma once
// How far each container's log is safe: delivered, persisted or dropped for good.
#include <deque>
#include <optional>
#include <string>

#include "receivers/k8spodlogs/resume.h"

namespace gleaner::receivers::k8spodlogs {

/// Lines have numbers, counted from the start of the process. A mark says where one stood after so many.
class Marks {
 public:
  std::uint64_t lines() const { return lines_; }
  /// `count` more lines have been read.
  void pass(std::size_t count) { lines_ += count; }
  /// One stands at `place` now. To be used only where safe() is, which forgets what is not needed any more.
  void mark(std::string place) { marks_.push_back({lines_, std::move(place)}); }
  /// The place up to which everything is safe; empty: none. @param unsafe  the first line that is not, if
  /// there is one
  const std::string& safe(std::optional<std::uint64_t> unsafe) {
    for (; !marks_.empty() && marks_.front().lines <= unsafe.value_or(lines_); marks_.pop_front())
      safe_ = std::move(marks_.front().place);
    return safe_;
  }

 private:
  struct Mark {
    std::uint64_t lines;
    std::string place;
  };
  std::uint64_t lines_ = 0;
  std::deque<Mark> marks_;  // one a chunk that is on its way
  std::string safe_;
};

/// Positions in a store: c<container's key> = version:1 time:8 nth:4, little endian.
std::string encode(const Position& position);
/// Nothing when it is of another version or cut off.
std::optional<Position> decode(std::string_view value);

}  // namespace gleaner::receivers::k8spodlogs
