#pragma once
// Words of gleaner exec itself, for the person who reads the container's stderr.
#include <string_view>

#include "capture/text.h"

namespace gleaner::capture {

/// Writes "gleaner exec: WORDS\n" to stderr in one write. Before the program is started only; later words go
/// through Passthrough, which does not block.
void say_line(std::string_view words);

template <class... Parts>
void say(Parts... parts) {
  say_line(Message(parts...).view());
}

}  // namespace gleaner::capture
