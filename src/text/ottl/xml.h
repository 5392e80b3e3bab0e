#pragma once
// XML as far as log lines need it: a tree, its text, and paths into it.
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gleaner::text::ottl {

struct XmlNode {
  enum class Kind : std::uint8_t { document, element, text, cdata, comment, instruction, declaration };
  struct Attribute {
    std::string name;  ///< as written, prefix included
    std::string value;
  };
  Kind kind = Kind::element;
  std::string name;  ///< elements: as written, prefix included
  std::string data;  ///< texts, comments, instructions: what stands inside
  std::vector<Attribute> attributes;
  std::vector<XmlNode*> children;
  XmlNode* parent = nullptr;

  std::string inner_text() const;
};

/// Owns its nodes. Limits: kMaxDepth levels; memory is a small multiple of the text's.
class XmlDocument {
 public:
  static constexpr int kMaxDepth = 1000;
  XmlDocument() { root_ = make(XmlNode::Kind::document); }
  XmlDocument(XmlDocument&&) = default;
  XmlDocument& operator=(XmlDocument&&) = default;
  /// @param one  stops behind the first element, whose end `rest` tells; otherwise several may stand side by
  /// side
  /// @return Fault::permanent with the place of what is no XML
  static Result<XmlDocument> parse(std::string_view text, bool one = false, std::size_t* end = nullptr);

  XmlNode& root() { return *root_; }
  XmlNode* make(XmlNode::Kind kind);
  /// The text; empty elements have two tags.
  std::string write() const;

 private:
  friend class XmlReader;
  std::deque<XmlNode> nodes_;
  XmlNode* root_ = nullptr;
};

/// What a path found: a node, or an attribute of one.
struct XmlHit {
  XmlNode* node = nullptr;
  std::optional<std::string> attribute;  ///< its name
};

/// The part of XPath 1.0 that picks nodes: / // . .. names, prefix:name, *, @name, @*, text(), node(),
/// comment(), unions with |, and predicates [n], [last()], [name], [@name], [. = 'x'], [name = 'x'], [@name
/// != 'x'], [text() = 'x'], [contains(@name, 'x')], [starts-with(name, 'x')] joined by `and` / `or`.
class XPath {
 public:
  /// @return Fault::config naming what is not understood
  static Result<XPath> compile(std::string_view text);
  /// In document order for each path, every node once.
  std::vector<XmlHit> find(XmlNode& root) const;

 private:
  enum class Axis : std::uint8_t { child, descendant, self, parent, attribute, anywhere_attribute };
  enum class What : std::uint8_t { name, any_element, text, node, comment };
  struct Term {
    enum class Of : std::uint8_t { position, last, child, attribute, self, text } of = Of::position;
    std::string name;
    std::size_t position = 0;
    enum class How : std::uint8_t { there, equal, differs, contains, starts } how = How::there;
    std::string value;
  };
  struct Predicate {
    std::vector<std::vector<Term>> any_of;  ///< of lists that must hold whole
  };
  struct Step {
    Axis axis = Axis::child;
    What what = What::name;
    std::string name;
    std::vector<Predicate> predicates;
  };
  friend class XPathReader;
  static bool holds(const Predicate& predicate, const XmlNode& node, std::size_t position, std::size_t size);
  static bool fits(const Step& step, const XmlNode& node);
  std::vector<std::vector<Step>> paths_;
};

}  // namespace gleaner::text::ottl
