#include "deploy/patch.h"

#include <charconv>

#include "config/write.h"
#include "deploy/go_json.h"
#include "deploy/tree.h"

namespace gleaner::deploy {
namespace {
using Kind = Change::Kind;

constexpr std::size_t kNone = std::string_view::npos;

/// The next step of a path, and what is left of it.
std::string_view step(std::string_view& path) {
  const auto slash = path.find('/');
  const auto first = path.substr(0, slash);
  path = slash == kNone ? std::string_view() : path.substr(slash + 1);
  return first;
}
std::size_t as_index(std::string_view text) {
  std::size_t index = kNone;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return index;
}

}  // namespace

std::size_t index_in(const std::vector<Node>& items, std::string_view name) {
  if (!name.starts_with('=')) return as_index(name);
  for (std::size_t i = 0; i < items.size(); ++i)
    if (const Node* its = items[i].find("name"); its && its->is_scalar() && its->text() == name.substr(1))
      return i;
  return kNone;
}
std::size_t index_in(const std::vector<Span>& items, std::string_view name) {
  if (!name.starts_with('=')) return as_index(name);
  for (std::size_t i = 0; i < items.size(); ++i)
    if (const auto* its = items[i].find("name"); its && its->value.text == name.substr(1)) return i;
  return kNone;
}

Node* find(Node& root, std::string_view path) {
  Node* node = &root;
  while (node && !path.empty()) {
    const auto name = step(path);
    if (node->is_list()) {
      const auto index = index_in(node->items(), name);
      node = index < node->items().size() ? &node->items()[index] : nullptr;
    } else {
      node = node->find(name);
    }
  }
  return node;
}
const Span* find(const Span& root, std::string_view path) {
  const Span* span = &root;
  while (span && !path.empty()) {
    const auto name = step(path);
    if (span->kind == Span::Kind::list) {
      const auto index = index_in(span->items, name);
      span = index < span->items.size() ? &span->items[index] : nullptr;
    } else {
      const auto* entry = span->find(name);
      span = entry ? &entry->value : nullptr;
    }
  }
  return span;
}

namespace {

/// Turns changes into patches of one text.
class Patcher {
 public:
  Patcher(std::string_view text, const Span& root)
      : text_(text), root_(root), crlf_(text.find("\r\n") != kNone) {}

  /// False when the node is written in a way that lines cannot be put into.
  bool patch(const Change& change, Patch& out) const {
    const Span* span = find(root_, change.path);
    if (!span || span->kind == Span::Kind::alias) return false;
    switch (change.kind) {
      case Kind::add_item:
        return add(*span, span->items.empty() ? nullptr : &span->items.back(), list({change.value}), out);
      case Kind::add_entry: {
        Node map = Node::map({});
        map[change.key] = change.value;
        return add(*span, span->entries.empty() ? nullptr : &span->entries.back().value, map, out);
      }
      case Kind::add_front:
        return add_front(*span, change.value, out);
      case Kind::fill:
        out = {span->begin, span->end, (span->begin == span->end ? " " : "") + go_json(change.value)};
        return true;
      case Kind::empty: {
        const std::size_t blank = change.key.empty() && span->begin > 0 && text_[span->begin - 1] == ' ';
        out = {span->begin - blank, end_of(*span), change.key};
        return true;
      }
      case Kind::drop_item: {
        const auto index = index_in(span->items, change.key);
        if (index >= span->items.size()) return false;
        return span->flow ? drop_flow(span->items, index, out)
                          : drop_lines(dash(span->items[index]), span->items[index], out);
      }
      case Kind::drop_entry:
        return drop_entry(*span, change.key, out);
      case Kind::drop_front:
        return drop_front(*span, change.count, out);
    }
    return false;
  }

 private:
  std::size_t line_start(std::size_t at) const {
    const auto before = at == 0 ? kNone : text_.rfind('\n', at - 1);
    return before == kNone ? 0 : before + 1;
  }
  /// Behind the line in which `span` ends; a comment at its end stays with it.
  std::size_t behind(const Span& span) const {
    const auto end = end_of(span);
    if (end > 0 && end == line_start(end)) return end;
    const auto newline = text_.find('\n', end);
    return newline == kNone ? text_.size() : newline + 1;
  }
  /// Where the "-" of a list's item is.
  std::size_t dash(const Span& item) const {
    auto at = item.begin;
    while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\n' || text_[at - 1] == '\r')) --at;
    return at > 0 && text_[at - 1] == '-' ? at - 1 : kNone;
  }
  bool starts_its_line(std::size_t at) const {
    return text_.substr(line_start(at), at - line_start(at)).find_first_not_of(' ') == kNone;
  }

  /// The lines of `value`, each moved to `column`.
  std::string lines(const Node& value, std::size_t column) const {
    config::YamlStyle style = config::kManifestStyle;
    // A literal at the end would take blank lines that follow it for its own.
    const Node* last = &value;
    while (!is_empty(last) && !last->is_scalar())
      last = last->is_map() ? &last->entries().back().value : &last->items().back();
    if (last->is_scalar() && last->text().find('\n') != std::string::npos) style.literals = false;
    std::string out;
    std::string_view rest;
    const std::string block = config::to_yaml(value, style);
    for (rest = block; !rest.empty();) {
      const auto end = rest.find('\n');
      if (end > 0) out.append(column, ' ').append(rest.substr(0, end));
      out += crlf_ ? "\r\n" : "\n";
      rest.remove_prefix(end + 1);
    }
    return out;
  }

  /// @param value  a list of one item or a map of one entry
  bool add(const Span& span, const Span* last, const Node& value, Patch& out) const {
    const bool is_list = value.is_list();
    if (span.kind != (is_list ? Span::Kind::list : Span::Kind::map)) return false;
    if (span.flow) {
      std::string inner = go_json(value);
      inner = inner.substr(1, inner.size() - 2);
      if (last) {
        out = {end_of(*last), end_of(*last), ", " + inner};
      } else {
        const auto open = text_.find(is_list ? '[' : '{', span.begin);
        out = {open + 1, open + 1, inner};
      }
      return true;
    }
    if (!last) return false;
    const auto first = is_list ? dash(span.items.front()) : span.entries.front().key.begin;
    if (first == kNone) return false;
    const std::size_t column = first - line_start(first);
    const auto where = behind_comments(behind(*last), column);
    out = {where, where, lines(value, column)};
    return true;
  }
  /// Comments that are indented deeper than what is to be added belong to what is above them.
  std::size_t behind_comments(std::size_t at, std::size_t column) const {
    for (;;) {
      const auto first = text_.find_first_not_of(' ', at);
      if (first == kNone || text_[first] != '#' || first - at <= column) return at;
      const auto newline = text_.find('\n', first);
      at = newline == kNone ? text_.size() : newline + 1;
    }
  }

  bool add_front(const Span& span, const Node& value, Patch& out) const {
    if (span.kind != Span::Kind::list || span.items.empty()) return false;
    if (span.flow) {
      std::string inner = go_json(value);
      inner = inner.substr(1, inner.size() - 2) + ", ";
      out = {span.items.front().begin, span.items.front().begin, inner};
      return true;
    }
    const auto first = dash(span.items.front());
    if (first == kNone || !starts_its_line(first)) return false;
    out = {line_start(first), line_start(first), lines(value, first - line_start(first))};
    return true;
  }

  bool drop_lines(std::size_t first, const Span& last, Patch& out) const {
    if (first == kNone || !starts_its_line(first)) return false;
    out = {line_start(first), behind(last), ""};
    return true;
  }
  static bool drop_flow(const std::vector<Span>& items, std::size_t index, Patch& out) {
    if (index >= items.size()) return false;
    if (index > 0)
      out = {end_of(items[index - 1]), end_of(items[index]), ""};
    else
      out = {items[0].begin, items.size() > 1 ? items[1].begin : end_of(items[0]), ""};
    return true;
  }
  bool drop_entry(const Span& map, std::string_view key, Patch& out) const {
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      const auto& entry = map.entries[i];
      if (entry.key.text != key) continue;
      if (!map.flow) return drop_lines(entry.key.begin, entry.value, out);
      if (i > 0)
        out = {end_of(map.entries[i - 1].value), end_of(entry.value), ""};
      else
        out = {entry.key.begin, map.entries.size() > 1 ? map.entries[1].key.begin : end_of(entry.value), ""};
      return true;
    }
    return false;
  }
  bool drop_front(const Span& span, std::size_t count, Patch& out) const {
    if (count == 0 || count >= span.items.size()) return false;
    if (span.flow) {
      out = {span.items[0].begin, span.items[count].begin, ""};
      return true;
    }
    return drop_lines(dash(span.items[0]), span.items[count - 1], out);
  }

  std::string_view text_;
  const Span& root_;
  bool crlf_;
};

}  // namespace

const Node* node_at(const Node& tree, std::string_view path) { return find(const_cast<Node&>(tree), path); }

bool patch_of(const Change& change, std::string_view text, const Span& root, Patch& out) {
  return Patcher(text, root).patch(change, out);
}

}  // namespace gleaner::deploy
