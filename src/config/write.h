#pragma once
// A tree back to text: what print-config shows.
#include <string>

#include "config/node.h"

namespace gleaner::config {

/// YAML that reads back as the same tree: block style, four spaces, keys sorted as the reference sorts them,
/// texts in double quotes where YAML would take them for something else.
std::string to_yaml(const Node& root);
/// JSON with two spaces; numbers and booleans as such, not-a-number and infinities as texts.
std::string to_json(const Node& root);

}  // namespace gleaner::config
