#include "capture/lines.h"

#include <cstring>

#include "capture/scan.h"

namespace gleaner::capture {

void Lines::give(Stream stream, std::string_view text, bool partial) {
  const int s = index_of(stream), other = 1 - s;
  if (open_[other]) {  // end the other's long line first
    open_[other] = false;
    cut_[other] = true;
    const std::size_t size = size_[other];
    size_[other] = 0;
    sink_.line(static_cast<Stream>(other), {held_[other].data(), size}, false);
  }
  open_[s] = partial;
  cut_[s] = false;
  sink_.line(stream, text, partial);
}

void Lines::hold(Stream stream, std::string_view text) {
  const int s = index_of(stream);
  while (!text.empty()) {
    if (size_[s] == longest_) {
      give(stream, {held_[s].data(), longest_}, true);
      size_[s] = 0;
    }
    const std::size_t room = longest_ - size_[s];
    const std::size_t take = text.size() < room ? text.size() : room;
    std::memcpy(held_[s].data() + size_[s], text.data(), take);
    size_[s] += take;
    text.remove_prefix(take);
  }
}

void Lines::feed(Stream stream, std::string_view bytes) {
  const int s = index_of(stream);
  while (!bytes.empty()) {
    std::string_view line(bytes.data(), newline_in(bytes));
    if (line.size() == bytes.size()) return hold(stream, bytes);
    bytes.remove_prefix(line.size() + 1);
    if (size_[s] || line.size() > longest_) {
      hold(stream, line);
      line = {held_[s].data(), size_[s]};
      size_[s] = 0;
    }
    if (line.empty() && cut_[s])
      cut_[s] = false;  // only the newline was missing
    else
      give(stream, line, false);
  }
}

void Lines::finish(Stream stream) {
  const int s = index_of(stream);
  if (size_[s] || open_[s]) give(stream, {held_[s].data(), size_[s]}, false);
  size_[s] = 0;
}

}  // namespace gleaner::capture
