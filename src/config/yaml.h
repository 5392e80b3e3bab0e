#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/node.h"

namespace gleaner::config {

/// Parses the first document of `text`. An empty document is a null node.
/// Anchors, aliases and merge keys work; duplicate keys and non-scalar keys are errors.
/// @return Fault::config with "SOURCE:LINE:COLUMN: what is wrong" and, where it helps, what to look at
/// Limits: 64 levels of nesting, 1 million nodes after aliases (an alias bomb is an error).
Result<Node> parse_yaml(std::string_view text, const std::string& source);

}  // namespace gleaner::config
