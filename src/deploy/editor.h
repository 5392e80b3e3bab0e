#pragma once
// Changes a YAML text without touching what is not changed: comments, order, quotes and blanks stay as they
// are. Every step is proved: the text after it reads as the tree before it with the change made, or it is an
// error.
#include <string>
#include <string_view>
#include <vector>

#include "deploy/spans.h"

namespace gleaner::deploy {

/// One change. `path` names a node from the root: "spec/containers/0/env", "spec/containers/=app/env" (the
/// item whose name is app).
struct Change {
  enum class Kind : std::uint8_t {
    add_item,    ///< `value` behind the last item of the list at `path`
    add_front,   ///< the items of `value` in front of the first one (a block list must have one)
    add_entry,   ///< `key: value` behind the last entry of the map at `path`; `key` is new
    fill,        ///< the null at `path` becomes `value`
    drop_item,   ///< the item `key` ("0", "=app") of the list
    drop_front,  ///< the first `count` items
    drop_entry,  ///< `key` of the map
    empty        ///< the value at `path` becomes a null again, written as `key`
  };
  Kind kind;
  std::string path;
  std::string key;
  Node value;
  std::size_t count = 0;
};

/// @param plans  lists of changes that do not touch each other's nodes; each in order
/// @return the new text, or Fault::config saying which node's way of writing cannot be changed, and where
Result<std::string> edit(std::string text, const std::vector<std::vector<Change>>& plans,
                         const std::string& source, std::size_t line = 1);

const Node* node_at(const Node& tree, std::string_view path);
/// Makes the change to a tree; false when the path is not there.
bool apply(Node& tree, const Change& change);

}  // namespace gleaner::deploy
