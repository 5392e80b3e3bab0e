#include "config/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gleaner::config {
namespace {

/// What must not stand raw in a quoted text although it is no ASCII control: C1 controls and NEL, the line
/// and paragraph separators, which YAML takes for line breaks, and the byte order mark. @return the escape,
/// or nothing
std::string_view hidden_break(std::string_view text, std::string& escape) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned code = 0;
  std::size_t size = 0;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) {
    code = byte(1);
    size = 2;
  } else if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) {
    code = 0x2000 + byte(2) - 0x80;
    size = 3;
  } else if (byte(0) == 0xEF &&
             ((byte(1) == 0xBB && byte(2) == 0xBF) || (byte(1) == 0xBF && byte(2) >= 0xBE))) {
    code = byte(1) == 0xBB ? 0xFEFF : 0xFFC0 + byte(2) - 0x80;
    size = 3;
  }
  if (size > 0) escape = fmt::format("\\u{:04x}", code);
  return text.substr(0, size);
}

std::string quoted(std::string_view text) {
  std::string out = "\"", escape;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (const auto raw = hidden_break(text.substr(i), escape); !raw.empty()) {
      out += escape;
      i += raw.size() - 1;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// What YAML 1.1 takes for a boolean and 1.2 does not: go-yaml quotes these, and kubectl reads them so.
bool is_old_boolean(std::string_view text) {
  for (const std::string_view word :
       {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"})
    if (text == word) return true;
  return false;
}

bool plain_is_safe(std::string_view text) {
  if (text.empty() || scalar_type(text) != ScalarType::string || is_old_boolean(text)) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`= ~<").find(text[0]) != std::string_view::npos) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos &&
         !text.starts_with("...");
}
std::string yaml_text(std::string_view text) {
  return plain_is_safe(text) ? std::string(text) : quoted(text);
}

std::string yaml_scalar(const Node& node) {
  if (node.is_null()) return "null";
  return node.type() == ScalarType::string ? yaml_text(node.text()) : node.text();
}

std::vector<const Node::Entry*> listed(const Node& map, bool sorted) {
  std::vector<const Node::Entry*> entries;
  for (const auto& entry : map.entries()) entries.push_back(&entry);
  if (sorted)
    std::stable_sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->key < b->key; });
  return entries;
}

bool is_block(const Node& node) {
  return (node.is_map() && !node.entries().empty()) || (node.is_list() && !node.items().empty());
}
std::string flow(const Node& node) {
  return node.is_map() ? "{}" : node.is_list() ? "[]" : yaml_scalar(node);
}

/// Several lines that mean themselves in a literal block.
bool is_literal(const Node& node) {
  if (!node.is_scalar() || node.type() != ScalarType::string) return false;
  const std::string& text = node.text();
  std::string escape;
  if (text.find('\n') == std::string::npos || text[0] == ' ' || text[0] == '\n') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n') || c == 0x7F) return false;
    if (!hidden_break(std::string_view(text).substr(i), escape).empty()) return false;
  }
  return true;
}
void literal(std::string& out, std::string_view text, std::size_t indent) {
  const auto last = text.find_last_not_of('\n') + 1;
  const std::size_t breaks = text.size() - last;
  out += breaks == 0 ? "|-\n" : breaks == 1 ? "|\n" : "|+\n";
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end > at) out.append(indent, ' ').append(text.substr(at, end - at));
    out += '\n';
    at = end + 1;
  }
}

class YamlWriter {
 public:
  YamlWriter(std::string& out, YamlStyle style) : out_(out), style_(style) {}

  /// @param bare  the first line already stands behind "- "
  void block(const Node& node, std::size_t indent, bool bare = false) {
    const auto margin = [&] {
      if (!std::exchange(bare, false)) out_.append(indent, ' ');
    };
    if (node.is_map()) {
      // The next multiple, as go-yaml counts.
      const std::size_t deeper = (indent + style_.indent) / style_.indent * style_.indent;
      for (const auto* entry : listed(node, style_.sorted)) {
        margin();
        out_ += yaml_text(entry->key) + ":";
        if (is_block(entry->value)) {
          out_ += "\n";
          block(entry->value, deeper);
        } else {
          value(entry->value, deeper);
        }
      }
    } else {
      for (const auto& item : node.items()) {
        margin();
        out_ += "-";
        if (is_block(item)) {
          out_ += " ";
          block(item, indent + 2, true);
        } else {
          value(item, indent + 2);
        }
      }
    }
  }

  /// A scalar, {} or [] behind what stands in the line.
  void value(const Node& node, std::size_t indent) {
    out_ += " ";
    if (style_.literals && is_literal(node))
      literal(out_, node.text(), indent);
    else
      out_ += flow(node) + "\n";
  }

 private:
  std::string& out_;
  YamlStyle style_;
};

void json(std::string& out, const Node& node, std::size_t indent) {
  const auto line = [&](std::size_t depth) { out += "\n" + std::string(depth, ' '); };
  if (node.is_map() && !node.entries().empty()) {
    out += "{";
    bool first = true;
    for (const auto* entry : listed(node, true)) {
      if (!std::exchange(first, false)) out += ",";
      line(indent + 2);
      out += quoted(entry->key) + ": ";
      json(out, entry->value, indent + 2);
    }
    line(indent);
    out += "}";
  } else if (node.is_list() && !node.items().empty()) {
    out += "[";
    bool first = true;
    for (const auto& item : node.items()) {
      if (!std::exchange(first, false)) out += ",";
      line(indent + 2);
      json(out, item, indent + 2);
    }
    line(indent);
    out += "]";
  } else if (node.is_map() || node.is_list()) {
    out += flow(node);
  } else if (node.is_null()) {
    out += "null";
  } else if (const auto truth = node.boolean()) {
    out += *truth ? "true" : "false";
  } else if (const auto whole = node.integer()) {
    out += std::to_string(*whole);
  } else if (const auto real = node.real(); real && std::isfinite(*real)) {
    out += fmt::format("{}", *real);
  } else {
    out += quoted(node.text());
  }
}

}  // namespace

std::string to_yaml(const Node& root, YamlStyle style) {
  std::string out;
  YamlWriter writer(out, style);
  if (is_block(root))
    writer.block(root, 0);
  else
    out = flow(root) + "\n";
  return out;
}

std::string to_json(const Node& root) {
  std::string out;
  json(out, root, 0);
  return out + "\n";
}

}  // namespace gleaner::config
