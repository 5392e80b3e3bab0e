#include "base/arena.h"

#include <algorithm>

namespace gleaner {
namespace {
constexpr std::size_t kFirstBlock = 4 << 10;     // bytes
constexpr std::size_t kLargestStep = 256 << 10;  // blocks double up to here
}  // namespace

void* Arena::allocate_slow(std::size_t size, std::size_t align) {
  std::size_t step = kFirstBlock << std::min<std::size_t>(blocks_.size(), 6);
  step = std::max(std::min(step, kLargestStep), size + align);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(step));
  held_ += step;
  next_ = blocks_.back().get();
  end_ = next_ + step;
  return allocate(size, align);
}

void Arena::adopt(Arena&& other) {
  // The current block of this arena stays last, as next_ and end_ point into it.
  blocks_.insert(blocks_.begin(), std::make_move_iterator(other.blocks_.begin()),
                 std::make_move_iterator(other.blocks_.end()));
  adopted_.insert(adopted_.end(), std::make_move_iterator(other.adopted_.begin()),
                  std::make_move_iterator(other.adopted_.end()));
  held_ += other.held_;
  other = Arena{};
}

}  // namespace gleaner
