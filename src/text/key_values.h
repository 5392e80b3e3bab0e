#pragma once
// Texts such as `a=1 b="two words"`.
#include <string>
#include <string_view>

#include "pdata/value.h"

namespace gleaner::text {

/// Cuts `text` at `pairs` outside of quotes and every piece at its first `delimiter`. Quotes are dropped; a
/// backslash keeps a quote from opening or closing and stays. Empty pieces are skipped, blanks around keys
/// and values are not kept, the last of a repeated key wins.
/// @param out  gets texts that are views into `text` or in `arena`
/// @return false with words in `why` when a quote stays open or a piece has no delimiter
bool parse_key_values(std::string_view text, std::string_view delimiter, std::string_view pairs, Arena& arena,
                      pdata::Map& out, std::string& why);

}  // namespace gleaner::text
