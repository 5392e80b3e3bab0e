#include "deploy/tree.h"

#include <algorithm>
#include <utility>

#include "config/yaml.h"

namespace gleaner::deploy {

Node doc(std::string_view yaml) {
  auto parsed = config::parse_yaml(yaml, "template");
  return parsed ? std::move(*parsed) : Node();
}
Node text(std::string_view value) { return Node::scalar(std::string(value), false, {}); }
Node number(std::int64_t value) { return Node::scalar(std::to_string(value), true, {}); }
Node list(std::vector<Node> items) {
  Node made = Node::list({});
  made.items() = std::move(items);
  return made;
}

const Node* at(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (node && !path.empty()) {
    const auto dot = path.find('.');
    node = node->find(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return node;
}
std::string text_at(const Node& root, std::string_view path) {
  const Node* node = at(root, path);
  return node && node->is_scalar() && !node->is_null() ? node->text() : std::string();
}
bool truth_at(const Node& root, std::string_view path) {
  const Node* node = at(root, path);
  return node && node->boolean().value_or(false);
}
bool is_empty(const Node* node) {
  return !node || node->is_null() || (node->is_map() && node->entries().empty()) ||
         (node->is_list() && node->items().empty());
}

void put(Node& map, std::string_view key, const Node* value) {
  if (!is_empty(value))
    put(map, key, Node(*value));  // a copy: it may lie in `map`, which moves when it grows
}
void put(Node& map, std::string_view key, Node value) {
  if (!is_empty(&value)) map[std::string(key)] = std::move(value);
}
void put_text(Node& map, std::string_view key, std::string_view value) {
  if (!value.empty()) map[std::string(key)] = text(value);
}
void append(Node& to, const Node* more) {
  if (!to.is_list()) to = Node::list({});
  if (more && more->is_list())
    for (const Node& item : more->items()) to.items().push_back(item);
}
const Node* item_with(const Node* items, std::string_view key, std::string_view value) {
  if (!items || !items->is_list()) return nullptr;
  for (const Node& item : items->items())
    if (const Node* its = item.find(key); its && its->is_scalar() && its->text() == value) return &item;
  return nullptr;
}

Node sorted(Node root) {
  auto& entries = root.entries();
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  for (auto& entry : entries) entry.value = sorted(std::move(entry.value));
  for (auto& item : root.items()) item = sorted(std::move(item));
  return root;
}

}  // namespace gleaner::deploy
