#pragma once
// A bump allocator for one batch: everything in it lives and dies together.
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace gleaner {

/// Hands out memory that is freed as a whole. Objects made here are never destroyed, so they must not need
/// it. adopt() keeps foreign buffers alive, so that views into them are as good as memory of the arena.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&& other) noexcept { *this = std::move(other); }
  Arena& operator=(Arena&& other) noexcept {
    next_ = std::exchange(other.next_, nullptr);
    end_ = std::exchange(other.end_, nullptr);
    blocks_ = std::exchange(other.blocks_, {});
    adopted_ = std::exchange(other.adopted_, {});
    held_ = std::exchange(other.held_, 0);
    return *this;
  }

  /// @param size bytes; @param align power of two, at most 16
  void* allocate(std::size_t size, std::size_t align) {
    const std::size_t pad = -reinterpret_cast<std::uintptr_t>(next_) & (align - 1);
    if (pad + size > static_cast<std::size_t>(end_ - next_)) return allocate_slow(size, align);
    char* const at = next_ + pad;
    next_ = at + size;
    return at;
  }
  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "nothing in an arena is ever destroyed");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }
  template <class T>
  T* make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
  }
  /// A copy of `text` that lives as long as the arena.
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  /// `text` as it is; keeps the bytes alive as long as the arena.
  std::string_view adopt(Bytes text) {
    const auto view = text.view();
    held_ += text.size();
    adopted_.push_back(std::move(text));
    return view;
  }
  /// Takes over everything another arena holds; its objects stay where they are.
  void adopt(Arena&& other);

  /// Bytes this arena keeps from being freed: its own blocks and adopted views.
  std::size_t held_bytes() const noexcept { return held_; }

 private:
  void* allocate_slow(std::size_t size, std::size_t align);
  char* next_ = nullptr;
  char* end_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<Bytes> adopted_;
  std::size_t held_ = 0;
};

/// A growing array in an arena. Old storage is left behind when it grows; trivially copyable.
template <class T>
class List {
 public:
  T* begin() const noexcept { return data_; }
  T* end() const noexcept { return data_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T& back() const noexcept { return data_[size_ - 1]; }
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept { size_ = static_cast<std::uint32_t>(size); }

  void reserve(Arena& arena, std::size_t capacity) {
    if (capacity > capacity_) grow(arena, capacity);
  }
  T& push_back(Arena& arena, const T& value) {
    if (size_ == capacity_) grow(arena, size_ ? std::size_t{size_} * 2 : 4);
    return *new (data_ + size_++) T(value);
  }
  /// Removes element i, keeping the order of the rest.
  void erase(std::size_t i) noexcept {
    for (std::size_t k = i + 1; k < size_; ++k) data_[k - 1] = data_[k];
    --size_;
  }

 private:
  void grow(Arena& arena, std::size_t capacity) {
    T* next = arena.make_array<T>(capacity);
    for (std::uint32_t i = 0; i < size_; ++i) new (next + i) T(data_[i]);
    data_ = next;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  T* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace gleaner
