#include "capture/window.h"

#include <cstring>

namespace gleaner::capture {

char* Window::space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ > 0 && bytes_.size() - end_ < bytes_.size() / 2) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (first_ == last_) {
    first_ = last_ = 0;
  } else if (first_ > 0 && last_ == kSegments) {
    std::memmove(table(), table() + first_, segments() * sizeof(std::uint32_t));
    last_ -= first_;
    first_ = 0;
  }
  return bytes_.data() + end_;
}

void Window::add(std::size_t size) {
  if (last_ == kSegments) {
    std::memmove(table(), table() + first_, segments() * sizeof(std::uint32_t));
    last_ -= first_;
    first_ = 0;
  }
  table()[last_++] = static_cast<std::uint32_t>(size);
  end_ += size;
  if (end_ > touched_) touched_ = end_;
}

void Window::join() {
  if (segments() < 2) return;
  first_ = 0;
  last_ = 1;
  table()[0] = static_cast<std::uint32_t>(end_ - begin_);
}

void Window::take(std::size_t size) {
  begin_ += size;
  while (size) {
    std::uint32_t& front = table()[first_];
    if (front > size) {
      front -= static_cast<std::uint32_t>(size);
      return;
    }
    size -= front;
    ++first_;
  }
}

void Window::give_back(std::size_t keep) {
  if (!empty() || touched_ <= keep) return;
  begin_ = end_ = 0;
  bytes_.give_back(keep);
  touched_ = keep;
}

}  // namespace gleaner::capture
