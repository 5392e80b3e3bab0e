#pragma once
// Words for people, put together without a heap.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gleaner::capture {

/// A text of at most N - 1 bytes; what does not fit is cut off.
template <std::size_t N>
class Text {
 public:
  Text() = default;
  template <class... Parts>
  explicit Text(Parts... parts) {
    (add(parts), ...);
  }
  Text& add(std::string_view part) {
    const std::size_t room = N - 1 - size_;
    const std::size_t take = part.size() < room ? part.size() : room;
    if (take) std::memcpy(data_ + size_, part.data(), take);
    size_ += take;
    data_[size_] = 0;
    return *this;
  }
  Text& add(const char* part) { return add(std::string_view(part)); }
  Text& add(std::uint64_t number) { return digits(number, 1); }
  Text& add(int number) {
    if (number < 0) add("-");
    return add(number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number));
  }
  /// Decimal, with zeroes in front up to `width` digits.
  Text& digits(std::uint64_t number, int width) {
    char out[20];
    int used = 0;
    do {
      out[19 - used++] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number || (used < width && used < 20));
    return add(std::string_view(out + 20 - used, static_cast<std::size_t>(used)));
  }
  const char* c_str() const { return data_; }
  std::string_view view() const { return {data_, size_}; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == N - 1; }

 private:
  char data_[N] = {};
  std::size_t size_ = 0;
};

using Path = Text<4096>;
using Message = Text<1024>;

}  // namespace gleaner::capture
