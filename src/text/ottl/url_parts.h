#pragma once
#include <string>
#include <string_view>

#include "pdata/value.h"

namespace gleaner::text::ottl {

/// Takes a URL apart as Go's url.Parse does, under the names of the semantic conventions: url.original,
/// .domain, .scheme, .path (decoded), and if there are any .port, .fragment, .user_info, .username,
/// .password, .query, .extension. A text that begins with '?' is a query: its parameters are maps of lists.
/// @return false with words in `why`
bool url_parts(std::string_view text, Arena& arena, pdata::Map& out, std::string& why);

}  // namespace gleaner::text::ottl
