#include "text/ottl/xml.h"

#include <algorithm>

#include "text/utf8.h"

namespace gleaner::text::ottl {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

std::string XmlNode::inner_text() const {
  if (kind == Kind::text || kind == Kind::cdata) return data;
  std::string out;
  if (kind == Kind::comment) return out;
  for (const auto* child : children) out += child->inner_text();
  return out;
}

XmlNode* XmlDocument::make(XmlNode::Kind kind) {
  XmlNode& node = nodes_.emplace_back();
  node.kind = kind;
  return &node;
}

/// One pass over a text.
class XmlReader {
 public:
  XmlReader(std::string_view text, XmlDocument& into) : text_(text), into_(into), at_node_(&into.root()) {}

  bool run(bool one) {
    while (at_ < text_.size()) {
      if (text_[at_] != '<') {
        if (!characters()) return false;
      } else if (rest().starts_with("<!--")) {
        if (!until(4, "-->", XmlNode::Kind::comment)) return false;
      } else if (rest().starts_with("<![CDATA[")) {
        if (!until(9, "]]>", XmlNode::Kind::cdata)) return false;
      } else if (rest().starts_with("<?")) {
        const bool declaration = rest().starts_with("<?xml") && rest().size() > 5 && blank(rest()[5]);
        if (!until(2, "?>", declaration ? XmlNode::Kind::declaration : XmlNode::Kind::instruction))
          return false;
      } else if (rest().starts_with("<!")) {
        const auto end = text_.find('>', at_);
        if (end == std::string_view::npos) return fail("a directive does not end");
        at_ = end + 1;
      } else if (rest().starts_with("</")) {
        if (!close()) return false;
      } else if (!open()) {
        return false;
      }
      if (one && depth_ == 0 && elements_ > 0) break;
    }
    if (depth_ > 0) return fail("an element is not closed: " + at_node_->name);
    return elements_ > 0 || !one || fail("no element");
  }
  std::string error() const { return "XML syntax error at byte " + std::to_string(at_) + ": " + error_; }
  std::size_t end() const { return at_; }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool fail(std::string what) {
    error_ = std::move(what);
    return false;
  }
  XmlNode* add(XmlNode::Kind kind) {
    XmlNode* node = into_.make(kind);
    node->parent = at_node_;
    at_node_->children.push_back(node);
    return node;
  }
  bool until(std::size_t skip, std::string_view mark, XmlNode::Kind kind) {
    const auto end = text_.find(mark, at_ + skip);
    if (end == std::string_view::npos) return fail("\"" + std::string(mark) + "\" is missing");
    add(kind)->data = text_.substr(at_ + skip, end - at_ - skip);
    at_ = end + mark.size();
    return true;
  }
  bool characters() {
    const auto end = std::min(text_.find('<', at_), text_.size());
    const auto raw = text_.substr(at_, end - at_);
    std::string made;
    if (!decode(raw, made)) return false;
    if (depth_ == 0 && !trimmed(raw).empty()) return fail("text outside of elements");
    if (depth_ > 0 || !at_node_->children.empty()) add(XmlNode::Kind::text)->data = std::move(made);
    at_ = end;
    return true;
  }
  bool decode(std::string_view raw, std::string& out) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '&') {
        out += raw[i];
        continue;
      }
      const auto end = raw.find(';', i);
      if (end == std::string_view::npos || end - i > 12) return fail("an entity does not end");
      const auto name = raw.substr(i + 1, end - i - 1);
      static constexpr std::pair<std::string_view, char> kNames[] = {
          {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"apos", '\''}, {"quot", '"'}};
      const auto* known =
          std::find_if(std::begin(kNames), std::end(kNames), [&](auto& n) { return n.first == name; });
      if (known != std::end(kNames)) {
        out += known->second;
      } else if (!reference(name, out)) {
        return fail("unknown entity &" + std::string(name) + ";");
      }
      i = end;
    }
    return true;
  }
  /// &#65; and &#x41;
  static bool reference(std::string_view name, std::string& out) {
    if (name.size() < 2 || name[0] != '#') return false;
    const bool hex = name[1] == 'x';
    const auto digits = name.substr(hex ? 2 : 1);
    char32_t code = 0;
    if (digits.empty()) return false;
    for (const char c : digits) {
      const char low = static_cast<char>(c | 0x20);
      const int digit = c >= '0' && c <= '9'              ? c - '0'
                        : hex && low >= 'a' && low <= 'f' ? low - 'a' + 10
                                                          : -1;
      if (digit < 0) return false;
      code = code * (hex ? 16 : 10) + static_cast<char32_t>(digit);
      if (code > 0x10ffff) return false;
    }
    if (code >= 0xd800 && code < 0xe000) return false;
    append_utf8(out, code);
    return true;
  }
  std::string_view name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && name_character(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  void blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  bool open() {
    ++at_;
    const auto tag = name();
    if (tag.empty()) return fail("expected element name after <");
    if (depth_ >= XmlDocument::kMaxDepth) return fail("nested too deeply");
    XmlNode* node = add(XmlNode::Kind::element);
    node->name = tag;
    ++elements_;
    while (true) {
      blanks();
      if (at_ >= text_.size()) return fail("a tag does not end");
      if (rest().starts_with("/>")) {
        at_ += 2;
        return true;
      }
      if (text_[at_] == '>') {
        ++at_;
        at_node_ = node;
        ++depth_;
        return true;
      }
      XmlNode::Attribute attribute;
      attribute.name = name();
      if (attribute.name.empty()) return fail("expected attribute name in element");
      blanks();
      if (at_ >= text_.size() || text_[at_] != '=') return fail("attribute name without = in element");
      ++at_;
      blanks();
      const char quote = at_ < text_.size() ? text_[at_] : '\0';
      if (quote != '"' && quote != '\'') return fail("unquoted or missing attribute value in element");
      const auto end = text_.find(quote, at_ + 1);
      if (end == std::string_view::npos) return fail("an attribute does not end");
      const auto raw = text_.substr(at_ + 1, end - at_ - 1);
      if (raw.find('<') != std::string_view::npos) return fail("unescaped < inside quoted string");
      if (!decode(raw, attribute.value)) return false;
      at_ = end + 1;
      node->attributes.push_back(std::move(attribute));
    }
  }
  bool close() {
    at_ += 2;
    const auto tag = name();
    blanks();
    if (at_ >= text_.size() || text_[at_] != '>') return fail("an end tag does not end");
    ++at_;
    if (depth_ == 0 || at_node_->name != tag)
      return fail("element <" + at_node_->name + "> closed by </" + std::string(tag) + ">");
    at_node_ = at_node_->parent;
    --depth_;
    return true;
  }

  std::string_view text_;
  XmlDocument& into_;
  XmlNode* at_node_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t elements_ = 0;
  std::string error_;
};

Result<XmlDocument> XmlDocument::parse(std::string_view text, bool one, std::size_t* end) {
  XmlDocument out;
  XmlReader reader(text, out);
  if (!reader.run(one)) return fail(Fault::permanent, reader.error());
  if (end) *end = reader.end();
  return out;
}

namespace {
void put(std::string& out, const XmlNode& node, bool keep) {
  for (const auto& attribute : node.attributes)
    if (attribute.name == "xml:space") keep = attribute.value != "default";
  switch (node.kind) {
    case XmlNode::Kind::text:
      escape(out, keep ? std::string_view(node.data) : trimmed(node.data));
      return;
    case XmlNode::Kind::cdata:
      out += "<![CDATA[" + node.data + "]]>";
      return;
    case XmlNode::Kind::comment:
      out += "<!--" + node.data + "-->";
      return;
    case XmlNode::Kind::instruction:
    case XmlNode::Kind::declaration:
      out += "<?" + node.data + "?>";
      return;
    case XmlNode::Kind::document:
      break;
    case XmlNode::Kind::element:
      out += "<" + node.name;
      for (const auto& attribute : node.attributes) {
        out += " " + attribute.name + "=\"";
        escape(out, attribute.value);
        out += '"';
      }
      out += '>';
      break;
  }
  for (const auto* child : node.children) put(out, *child, keep);
  if (node.kind == XmlNode::Kind::element) out += "</" + node.name + ">";
}
}  // namespace

std::string XmlDocument::write() const {
  std::string out;
  put(out, *root_, true);
  return out;
}

}  // namespace gleaner::text::ottl
