#pragma once
#include <string>
#include <string_view>

#include "pdata/value.h"

namespace gleaner::stanza {

/// Takes a URI apart as Go's url.ParseRequestURI does: keys scheme, user, host, port, path (escaped) and
/// query (a map of lists), only those that are not empty. A text that begins with '?' is a query alone. The
/// fragment is not cut off, the password is dropped.
/// @return false with Go's words in `why`
bool parse_uri(std::string_view text, Arena& arena, pdata::Map& out, std::string& why);

}  // namespace gleaner::stanza
