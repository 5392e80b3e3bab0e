#pragma once
// Building and reading trees of Kubernetes objects. Templates are YAML texts: short, and the reader knows
// them.
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace gleaner::deploy {

using config::Node;

/// A template: YAML that is right, as it stands in the source.
Node doc(std::string_view yaml);
Node text(std::string_view value);
Node number(std::int64_t value);
Node list(std::vector<Node> items);

/// The node at "spec.template.metadata", or nullptr. Keys with dots are read with find().
const Node* at(const Node& root, std::string_view path);
/// Its scalar, "" when it is absent, null or no scalar.
std::string text_at(const Node& root, std::string_view path);
bool truth_at(const Node& root, std::string_view path);
/// Absent, null, {} or [].
bool is_empty(const Node* node);

/// Sets `key`; what is empty is left out. For maps whose keys have no order of their own.
void put(Node& map, std::string_view key, const Node* value);
void put(Node& map, std::string_view key, Node value);
void put_text(Node& map, std::string_view key, std::string_view value);
/// The items of `more`, if it is a list, behind those of `to` (which becomes a list).
void append(Node& to, const Node* more);
/// The item of a list of maps whose `key` is `value`, or nullptr.
const Node* item_with(const Node* items, std::string_view key, std::string_view value);

/// Keys in byte order on every level, as Go writes its maps.
Node sorted(Node root);

}  // namespace gleaner::deploy
