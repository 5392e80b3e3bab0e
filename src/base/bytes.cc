#include "base/bytes.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace gleaner {
namespace {
std::atomic<std::size_t> live{0};

/// Large blocks are pages of their own: they grow without a copy, and leave no holes in the heap. 256 KiB is
/// where a call to the kernel costs less than what it saves.
bool paged(std::size_t capacity) { return capacity >= 256 << 10; }

void* resized(void* pages, std::size_t from, std::size_t to) {
  void* moved = ::mremap(pages, from, to, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) std::abort();
  return moved;
}

/// Pages of blocks that are gone, for the next ones: faulting them in again costs more than filling them.
class Spare {
 public:
  ~Spare() { keep(0); }
  void keep(std::size_t bytes) noexcept {
    most_ = bytes;
    while (total_ > most_) {
      const Pages last = all_[--count_];
      total_ -= last.size;
      ::munmap(last.at, last.size);
    }
  }
  void* take(std::size_t size) {
    if (count_ == 0) {
      void* made = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (made == MAP_FAILED) std::abort();
      return made;
    }
    // The nearest in size: pages that are cut off or added are faulted in again sooner or later.
    std::size_t best = 0;
    const auto off = [&](std::size_t i) {
      return all_[i].size > size ? all_[i].size - size : size - all_[i].size;
    };
    for (std::size_t i = 1; i < count_; ++i)
      if (off(i) < off(best)) best = i;
    const Pages pages = std::exchange(all_[best], all_[count_ - 1]);
    --count_;
    total_ -= pages.size;
    return pages.size == size ? pages.at : resized(pages.at, pages.size, size);
  }
  void give(void* at, std::size_t size) noexcept {
    if (count_ == all_.size() || total_ + size > most_) {
      ::munmap(at, size);
      return;
    }
    all_[count_++] = {at, size};
    total_ += size;
  }

 private:
  struct Pages {
    void* at;
    std::size_t size;
  };
  std::array<Pages, 64> all_{};
  std::size_t count_ = 0, total_ = 0, most_ = 0;  // bytes
};
thread_local Spare spare;
}  // namespace

Block* Block::make(std::size_t capacity) {
  const std::size_t size = sizeof(Block) + capacity;
  void* memory = nullptr;
  if (paged(capacity)) {
    memory = spare.take(size);
  } else {
    memory = std::malloc(size);
    if (!memory) std::abort();
  }
  live.fetch_add(capacity, std::memory_order_relaxed);
  return new (memory) Block(capacity);
}

Block* Block::resize(Block* block, std::size_t capacity, std::size_t kept) {
  if (paged(capacity) && paged(block->capacity_)) {
    live.fetch_add(capacity - block->capacity_,
                   std::memory_order_relaxed);  // wraps where it shrinks, as it should
    void* memory = resized(block, sizeof(Block) + block->capacity_, sizeof(Block) + capacity);
    return new (memory) Block(capacity);
  }
  Block* next = make(capacity);
  std::memcpy(next->data(), block->data(), kept);
  block->release();
  return next;
}

void Block::destroy() noexcept {
  const std::size_t capacity = capacity_;
  live.fetch_sub(capacity, std::memory_order_relaxed);
  this->~Block();
  if (paged(capacity)) {
    spare.give(static_cast<void*>(this), sizeof(Block) + capacity);
  } else {
    std::free(this);
  }
}

void Block::keep_spare(std::size_t bytes) noexcept { spare.keep(bytes); }

std::size_t Block::live_bytes() noexcept { return live.load(std::memory_order_relaxed); }

Bytes Bytes::copy(std::string_view text) {
  if (text.empty()) return {};
  Block* block = Block::make(text.size());
  std::memcpy(block->data(), text.data(), text.size());
  return {block, block->data(), text.size()};
}

void Chain::append(Chain&& other) {
  if (parts_.empty()) {
    *this = std::move(other);
  } else {
    for (auto& part : other.parts_) parts_.push_back(std::move(part));
    size_ += other.size_;
  }
  other.clear();  // NOLINT(bugprone-use-after-move): clear() is what makes it usable again
}

void Chain::append(const Chain& other) {
  parts_.insert(parts_.end(), other.parts_.begin(), other.parts_.end());
  size_ += other.size_;
}

Bytes Chain::flat() const {
  if (parts_.empty()) return {};
  if (parts_.size() == 1) return parts_.front();
  Buffer all(size_);
  for (const auto& part : parts_) all.append(part.view());
  return std::move(all).finish();
}

Buffer::Buffer(std::size_t capacity) : block_(capacity ? Block::make(capacity) : nullptr) {}

void Buffer::grow(std::size_t extra) {
  std::size_t want = capacity() * 2;
  if (want < size_ + extra) want = size_ + extra;
  if (want < 64) want = 64;
  block_ = block_ ? Block::resize(block_, want, size_) : Block::make(want);
}

void Buffer::fit() {
  if (block_ && capacity() > 4096 && size_ < capacity() / 2)
    block_ = Block::resize(block_, std::max<std::size_t>(size_, 1), size_);
}

Bytes Buffer::finish() && noexcept {
  Block* block = std::exchange(block_, nullptr);
  const std::size_t size = std::exchange(size_, 0);
  if (!block) return {};
  if (size == 0) {
    block->release();
    return {};
  }
  return {block, block->data(), size};
}

}  // namespace gleaner
