#include "deploy/json_patch.h"

#include <algorithm>

#include "deploy/go_json.h"
#include "deploy/patch.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {
using Kind = Change::Kind;

std::string escaped(std::string_view step) {
  std::string out;
  for (const char c : step) {
    if (c == '~' || c == '/')
      out += c == '~' ? "~0" : "~1";
    else
      out += c;
  }
  return out;
}

/// "spec/containers/=app/env" as a pointer into `root`: "/spec/containers/0/env".
std::string pointer(const Node& root, std::string_view path) {
  std::string out;
  const Node* node = &root;
  while (!path.empty()) {
    const auto step = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(step.size() + 1, path.size()));
    out += '/';
    out += node && node->is_list() ? std::to_string(index_in(node->items(), step)) : escaped(step);
    if (node) node = node_at(*node, step);
  }
  return out;
}

void operation(Node& patch, std::string_view what, std::string path, const Node* value) {
  Node one = Node::map({});
  one["op"] = text(what);
  one["path"] = text(path);
  if (value) one["value"] = *value;
  patch.items().push_back(std::move(one));
}

}  // namespace

Result<std::string> json_patch(Node object, const std::vector<Change>& changes) {
  Node patch = list({});
  for (const Change& change : changes) {
    const std::string where = pointer(object, change.path);
    switch (change.kind) {
      case Kind::add_item:
        operation(patch, "add", where + "/-", &change.value);
        break;
      case Kind::add_front:
        for (std::size_t i = 0; i < change.value.items().size(); ++i)
          operation(patch, "add", where + "/" + std::to_string(i), &change.value.items()[i]);
        break;
      case Kind::add_entry:
        operation(patch, "add", where + "/" + escaped(change.key), &change.value);
        break;
      case Kind::fill:
        operation(patch, "replace", where, &change.value);
        break;
      default:
        return fail(Fault::config, "the change at " + change.path + " takes something away");
    }
    if (!apply(object, change)) return fail(Fault::config, "there is nothing to change at " + change.path);
  }
  return go_json(patch);
}

}  // namespace gleaner::deploy
