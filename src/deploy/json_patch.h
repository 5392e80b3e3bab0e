#pragma once
// A plan's changes as a JSON patch (RFC 6902): what admission webhooks answer with.
#include <string>
#include <vector>

#include "deploy/editor.h"

namespace gleaner::deploy {

/// @param object   what the changes are made to, one after the other
/// @return the patch as JSON, or Fault::config when a change is not possible
Result<std::string> json_patch(Node object, const std::vector<Change>& changes);

}  // namespace gleaner::deploy
