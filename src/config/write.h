#pragma once
// A tree back to text: what print-config shows.
#include <string>

#include "config/node.h"

namespace gleaner::config {

/// How the lines are set.
struct YamlStyle {
  std::size_t indent = 4;
  bool sorted = true;     ///< keys as the reference sorts them; else as they stand
  bool literals = false;  ///< texts of several lines as literal blocks where they can be
};
/// As Kubernetes manifests are written by hand.
inline constexpr YamlStyle kManifestStyle{2, false, true};

/// YAML that reads back as the same tree, for readers of YAML 1.1 too: block style, texts in double quotes
/// where YAML would take them for something else.
std::string to_yaml(const Node& root, YamlStyle style = {});
/// JSON with two spaces; numbers and booleans as such, not-a-number and infinities as texts.
std::string to_json(const Node& root);

}  // namespace gleaner::config
