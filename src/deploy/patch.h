#pragma once
// One change as bytes of one text. Shared by editor.cc and its tests only.
#include <string>
#include <string_view>

#include "deploy/editor.h"

namespace gleaner::deploy {

/// What replaces the bytes [begin, end).
struct Patch {
  std::size_t begin = 0, end = 0;
  std::string text;
};

/// @return false when the node is written in a way that lines cannot be put into
bool patch_of(const Change& change, std::string_view text, const Span& root, Patch& out);

/// The node a path names, or nullptr.
Node* find(Node& root, std::string_view path);
const Span* find(const Span& root, std::string_view path);
/// The index a step means: "3", or "=app" for the item whose name is app; not below the size when there is
/// none.
std::size_t index_in(const std::vector<Node>& items, std::string_view name);

}  // namespace gleaner::deploy
