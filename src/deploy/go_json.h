#pragma once
#include <string>

#include "config/node.h"

namespace gleaner::deploy {

/// The bytes Go's encoding/json makes of the tree, in the order in which the keys stand: no spaces, numbers
/// as float64, "<", ">" and "&" escaped (what the operator hashes). It is YAML's flow style, too.
std::string go_json(const config::Node& root);

}  // namespace gleaner::deploy
