#pragma once
// A limit in bytes, with tokens that give back what they took.
#include <cstddef>
#include <functional>
#include <limits>
#include <utility>

#include "base/task.h"

namespace gleaner {

class Budget;

/// Bytes taken from a Budget; returns them when it dies.
class [[nodiscard]] Reservation {
 public:
  Reservation() = default;
  Reservation(Budget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
  Reservation(Reservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Reservation();
  /// Takes over what `other` holds. Both must be of the same budget, or this one empty.
  void absorb(Reservation&& other) noexcept {
    if (!budget_) budget_ = other.budget_;
    other.budget_ = nullptr;
    bytes_ += std::exchange(other.bytes_, 0);
  }
  std::size_t bytes() const noexcept { return bytes_; }
  explicit operator bool() const noexcept { return budget_ != nullptr; }

 private:
  Budget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Bytes that may be held at once. When full: try_reserve() says no and the asker refuses its peer.
class Budget {
 public:
  explicit Budget(std::size_t limit) : limit_(limit) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// An empty (false) Reservation when `bytes` would pass the limit.
  Reservation try_reserve(std::size_t bytes) {
    if (bytes > limit_ || used_ > limit_ - bytes) return {};
    used_ += bytes;
    if (used_ > mark_) [[unlikely]]
      pass();
    return {*this, bytes};
  }
  /// `what` is called when more than `mark` bytes come into use, and then not again before watch() is called
  /// anew. It runs in the middle of an allocation: let it set a timer, not more.
  void watch(std::size_t mark, std::function<void()> what) {
    mark_ = mark;
    passed_ = std::move(what);
  }
  std::size_t limit() const noexcept { return limit_; }
  std::size_t used() const noexcept { return used_; }
  std::size_t free() const noexcept { return limit_ > used_ ? limit_ - used_ : 0; }
  void set_limit(std::size_t limit) noexcept { limit_ = limit; }

 private:
  friend class Reservation;
  void give_back(std::size_t bytes) noexcept { used_ -= bytes; }
  void pass() {
    mark_ = std::numeric_limits<std::size_t>::max();
    if (passed_) passed_();
  }
  std::size_t limit_;
  std::size_t used_ = 0;
  std::size_t mark_ = std::numeric_limits<std::size_t>::max();
  std::function<void()> passed_;
};

inline Reservation::~Reservation() {
  if (budget_) budget_->give_back(bytes_);
}

}  // namespace gleaner
