#pragma once
// The two streams of a program, and what the room keeps of a file descriptor.
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace gleaner::capture {

enum class Stream : std::uint8_t { out = 0, err = 1 };

inline constexpr Stream kStreams[] = {Stream::out, Stream::err};
inline constexpr int index_of(Stream stream) { return static_cast<int>(stream); }
inline constexpr Stream other(Stream stream) { return stream == Stream::out ? Stream::err : Stream::out; }
inline constexpr std::string_view name_of(Stream stream) {
  return stream == Stream::out ? std::string_view("stdout") : std::string_view("stderr");
}

/// Owns one descriptor. base/fd.h would bring libstdc++ with it.
class [[nodiscard]] OwnFd {
 public:
  OwnFd() noexcept = default;
  explicit OwnFd(int raw) noexcept : raw_(raw) {}
  OwnFd(OwnFd&& other) noexcept : raw_(other.raw_) { other.raw_ = -1; }
  OwnFd& operator=(OwnFd&& other) noexcept {
    if (this != &other) {
      reset(other.raw_);
      other.raw_ = -1;
    }
    return *this;
  }
  ~OwnFd() { reset(); }
  int get() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ >= 0; }
  void reset(int next = -1) noexcept {
    if (raw_ >= 0) ::close(raw_);
    raw_ = next;
  }

 private:
  int raw_ = -1;
};

/// The part of `text` from `begin` on; substr() would bring an exception with it.
inline std::string_view from(std::string_view text, std::size_t begin) {
  return begin < text.size() ? std::string_view(text.data() + begin, text.size() - begin)
                             : std::string_view();
}

}  // namespace gleaner::capture
