#pragma once
// Shared, immutable bytes: what a socket or a file gave us, passed on without copying.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace gleaner {

/// A counted heap block: header and payload in one allocation. Single-threaded counting: a block belongs to
/// one lane at a time and may change threads only as a whole.
class Block {
 public:
  /// @param capacity bytes of payload; aborts when memory is out
  static Block* make(std::size_t capacity);
  /// `block` with another capacity and its first `kept` bytes; only for its single owner.
  static Block* resize(Block* block, std::size_t capacity, std::size_t kept);
  void retain() noexcept { ++count_; }
  void release() noexcept {
    if (--count_ == 0) destroy();
  }
  char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  std::size_t capacity() const noexcept { return capacity_; }
  bool shared() const noexcept { return count_ > 1; }

  /// How many bytes of large blocks that are gone this thread keeps for those to come; 0 until said
  /// otherwise.
  static void keep_spare(std::size_t bytes) noexcept;

  /// Bytes alive in all blocks of the process: the gauge behind memory_limiter and the budget tests.
  static std::size_t live_bytes() noexcept;

 private:
  explicit Block(std::size_t capacity) : capacity_(capacity) {}
  void destroy() noexcept;
  std::uint32_t count_ = 1;
  std::size_t capacity_;
};

/// A view that keeps its block alive. Copying counts a reference; an empty one owns nothing.
class Bytes {
 public:
  Bytes() noexcept = default;
  /// Adopts one reference of `block`.
  Bytes(Block* block, const char* data, std::size_t size) noexcept
      : block_(block), data_(data), size_(size) {}
  Bytes(const Bytes& other) noexcept : block_(other.block_), data_(other.data_), size_(other.size_) {
    if (block_) block_->retain();
  }
  Bytes(Bytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Bytes& operator=(Bytes other) noexcept {
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Bytes() {
    if (block_) block_->release();
  }

  static Bytes copy(std::string_view text);

  const char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data_, size_}; }
  /// The part [from, from + count) of this view, sharing the block. Requires from + count <= size().
  Bytes slice(std::size_t from, std::size_t count) const noexcept {
    if (block_) block_->retain();
    return {block_, data_ + from, count};
  }

 private:
  Block* block_ = nullptr;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A sequence of byte views, read as one message.
class Chain {
 public:
  Chain() = default;
  explicit Chain(Bytes one) { append(std::move(one)); }

  void append(Bytes part) {
    if (part.empty()) return;
    size_ += part.size();
    parts_.push_back(std::move(part));
  }
  void append(Chain&& other);
  void append(const Chain& other);
  const std::vector<Bytes>& parts() const noexcept { return parts_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  void clear() {
    parts_.clear();
    size_ = 0;
  }
  /// The whole as one view: free when there is at most one part, one copy otherwise.
  Bytes flat() const;

 private:
  std::vector<Bytes> parts_;
  std::size_t size_ = 0;
};

/// A growing byte string that ends as Bytes without a copy. Used by encoders and readers.
class Buffer {
 public:
  explicit Buffer(std::size_t capacity = 0);
  Buffer(Buffer&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() {
    if (block_) block_->release();
  }

  char* data() noexcept { return block_ ? block_->data() : nullptr; }
  const char* data() const noexcept { return block_ ? block_->data() : nullptr; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t capacity() const noexcept { return block_ ? block_->capacity() : 0; }
  std::string_view view() const noexcept { return {data(), size_}; }

  /// Room for at least `extra` more bytes behind size(); returns where they begin.
  char* reserve(std::size_t extra) {
    if (capacity() - size_ < extra) grow(extra);
    return data() + size_;
  }
  /// Declares `count` bytes behind size() as written. Requires a reserve() of at least that many.
  void commit(std::size_t count) noexcept { size_ += count; }
  void append(std::string_view text) {
    if (text.empty()) return;
    __builtin_memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void push_back(char c) {
    *reserve(1) = c;
    ++size_;
  }
  void resize_down(std::size_t size) noexcept { size_ = size; }
  /// Gives back the memory behind size() if that is more than half.
  void fit();
  void clear() noexcept { size_ = 0; }

  /// Gives the bytes away as an immutable view and is empty afterwards.
  Bytes finish() && noexcept;

 private:
  void grow(std::size_t extra);
  Block* block_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace gleaner
