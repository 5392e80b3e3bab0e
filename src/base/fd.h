#pragma once
// Owners for descriptors and C handles.
#include <memory>
#include <utility>

namespace gleaner {

/// Owns one file descriptor.
class [[nodiscard]] Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int raw) noexcept : raw_(raw) {}
  Fd(Fd&& other) noexcept : raw_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ >= 0; }
  int release() noexcept { return std::exchange(raw_, -1); }
  /// Closes what is held, then holds `next`. Leaves errno as it was.
  void reset(int next = -1) noexcept;

 private:
  int raw_ = -1;
};

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};

/// unique_ptr for a C handle: Handle<SSL_CTX, &SSL_CTX_free>. Size of one pointer.
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

}  // namespace gleaner
