#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace gleaner::text {

/// Reads one record of separated values as the collector does: Go's encoding/csv (RFC 4180), and where the
/// text has several lines, the first field of a line continues the last field of the line before.
/// @param delimiter one character
/// @param lazy      quotes may stand inside of fields
/// @param row       views into `text` or the arena
/// @return false with words in `why`
bool read_csv_row(std::string_view text, std::string_view delimiter, bool lazy, Arena& arena,
                  std::vector<std::string_view>& row, std::string& why);

}  // namespace gleaner::text
