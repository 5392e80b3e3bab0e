#pragma once
// What tests and the fuzz target share.
#include <string>

#include "config/yaml.h"
#include "deploy/tree.h"

namespace gleaner::extensions::k8s_operator {

using config::Node;

/// Null when it is no JSON.
inline Node tree_of(const std::string& json) {
  auto parsed = config::parse_yaml(json, "test");
  return parsed ? std::move(*parsed) : Node();
}

/// The object with a patch of "add" and "replace" applied; null when a step leads nowhere.
inline Node patched(Node object, const std::string& patch) {
  const Node steps = tree_of(patch);
  if (!steps.is_list()) return {};
  for (const Node& step : steps.items()) {
    std::string path = deploy::text_at(step, "path");
    Node* node = &object;
    path.erase(0, 1);
    for (;;) {
      const auto slash = path.find('/');
      std::string name = path.substr(0, slash);
      for (const auto& [from, to] : {std::pair{"~1", "/"}, {"~0", "~"}})
        for (auto at = name.find(from); at != std::string::npos; at = name.find(from, at + 1))
          name.replace(at, 2, to);
      if (slash == std::string::npos) {
        const Node& value = *step.find("value");
        if (name == "-" && node->is_list())
          node->items().push_back(value);
        else if (node->is_list() && std::stoul(name) <= node->items().size())
          node->items().insert(node->items().begin() + std::stol(name), value);
        else if (node->is_map())
          (*node)[name] = value;
        else
          return {};
        break;
      }
      if (node->is_list())
        node = std::stoul(name) < node->items().size() ? &node->items()[std::stoul(name)] : nullptr;
      else
        node = node->find(name);
      if (!node) return {};
      path.erase(0, slash + 1);
    }
  }
  return object;
}

}  // namespace gleaner::extensions::k8s_operator
