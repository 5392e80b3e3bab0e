#include "base/bytes.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace gleaner {
namespace {
std::atomic<std::size_t> live{0};
}

Block* Block::make(std::size_t capacity) {
  void* memory = std::malloc(sizeof(Block) + capacity);
  if (!memory) std::abort();
  live.fetch_add(capacity, std::memory_order_relaxed);
  return new (memory) Block(capacity);
}

void Block::destroy() noexcept {
  live.fetch_sub(capacity_, std::memory_order_relaxed);
  this->~Block();
  std::free(this);
}

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
    parts_.reserve(parts_.size() + other.parts_.size());
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
  Block* next = Block::make(want);
  if (block_) {
    std::memcpy(next->data(), block_->data(), size_);
    block_->release();
  }
  block_ = next;
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
