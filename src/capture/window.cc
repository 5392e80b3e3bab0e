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

std::uint32_t Window::lines_of(std::uint32_t i) const {
  std::size_t begin = 0;
  for (std::uint32_t before = 0; before < i; ++before) begin += segment(before);
  std::uint32_t lines = 0;
  for (std::size_t at = begin; at < begin + segment(i); ++at) lines += bytes()[at] == '\n';
  return lines;
}

void Window::split_first() {
  if (!segments()) return;
  const std::string_view text(bytes().data(), segment(0));
  std::uint32_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++at) lines += text[at] == '\n' || at + 1 == text.size();
  if (lines < 2 || segments() + lines > kSegments) return;
  const std::uint32_t others = segments() - 1;
  std::memmove(table() + lines, table() + first_ + 1, others * sizeof(std::uint32_t));
  first_ = 0;
  last_ = others + lines;
  std::size_t begin = 0;
  std::uint32_t line = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\n' && at + 1 != text.size()) continue;
    table()[line++] = static_cast<std::uint32_t>(at + 1 - begin);
    begin = at + 1;
  }
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
