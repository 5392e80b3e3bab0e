// XML in texts.
#include <algorithm>

#include "text/ottl/casing.h"
#include "text/ottl/function.h"
#include "text/ottl/xml.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

struct PathState : CallState {
  explicit PathState(XPath made) : path(std::move(made)) {}
  XPath path;
};
/// Argument 1 is the path; `otherwise` when it is not given.
Result<> prepare_path(Call& call, std::string_view otherwise) {
  auto made = XPath::compile(call.text(1, otherwise));
  if (!made) return fail(std::move(made.error()));
  call.state = std::make_unique<PathState>(std::move(*made));
  return {};
}
Result<> prepare_given(Call& call) { return prepare_path(call, ""); }
Result<> prepare_attributes(Call& call) { return prepare_path(call, "//@*"); }
Result<> prepare_texts(Call& call) { return prepare_path(call, "/"); }

bool read(const Call& call, Env& env, std::size_t argument, std::string_view& text, XmlDocument& out) {
  if (!call.string(env, argument, text)) return false;
  auto made = XmlDocument::parse(text);
  if (!made) return env.fail("parse xml: " + made.error().what);
  out = std::move(*made);
  return true;
}
bool give(Env& env, const XmlDocument& document, Any& out) {
  out = Any::string(env.keep(document.write()));
  return true;
}
std::vector<XmlHit> found(const Call& call, XmlDocument& document) {
  return call.state_as<PathState>().path.find(document.root());
}
void remove_attribute(XmlNode& node, const std::string& name) {
  std::erase_if(node.attributes, [&](const auto& attribute) { return attribute.name == name; });
}
std::string attribute_of(const XmlNode& node, const std::string& name) {
  for (const auto& attribute : node.attributes)
    if (attribute.name == name) return attribute.value;
  return {};
}
void adopt(XmlNode& parent, XmlNode* child) {
  child->parent = &parent;
  parent.children.push_back(child);
}
std::string_view local(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool get_xml(const Call& call, Env& env, Any& out) {
  std::string_view text;
  XmlDocument document;
  if (!read(call, env, 0, text, document)) return false;
  XmlDocument result;
  for (const auto& hit : found(call, document)) {
    const bool text_node = hit.attribute || hit.node->kind == XmlNode::Kind::cdata;
    if (text_node) {
      XmlNode* made = result.make(XmlNode::Kind::text);
      made->data = hit.attribute ? attribute_of(*hit.node, *hit.attribute) : hit.node->data;
      adopt(result.root(), made);
    } else if (hit.node->kind == XmlNode::Kind::element || hit.node->kind == XmlNode::Kind::text) {
      result.root().children.push_back(hit.node);
    }
  }
  return give(env, result, out);
}

bool insert_xml(const Call& call, Env& env, Any& out) {
  std::string_view text, part;
  XmlDocument document, inserted;
  if (!read(call, env, 0, text, document) || !read(call, env, 2, part, inserted)) return false;
  bool wrong = false;
  for (const auto& hit : found(call, document)) {
    const bool holds = !hit.attribute && (hit.node->kind == XmlNode::Kind::element ||
                                          hit.node->kind == XmlNode::Kind::document);
    if (!holds) {
      wrong = true;
      continue;
    }
    for (XmlNode* child : inserted.root().children) adopt(*hit.node, child);  // places share the nodes
  }
  if (wrong) return env.fail("InsertXML XPath selected non-element");
  return give(env, document, out);
}

bool remove_xml(const Call& call, Env& env, Any& out) {
  std::string_view text;
  XmlDocument document;
  if (!read(call, env, 0, text, document)) return false;
  for (const auto& hit : found(call, document)) {
    if (hit.attribute)
      remove_attribute(*hit.node, *hit.attribute);
    else if (hit.node->parent)
      std::erase(hit.node->parent->children, hit.node);
  }
  return give(env, document, out);
}

bool attributes_to_elements(const Call& call, Env& env, Any& out) {
  std::string_view text;
  XmlDocument document;
  if (!read(call, env, 0, text, document)) return false;
  for (const auto& hit : found(call, document)) {
    if (!hit.attribute) continue;
    XmlNode* element = document.make(XmlNode::Kind::element);
    element->name = local(*hit.attribute);
    XmlNode* inside = document.make(XmlNode::Kind::text);
    inside->data = attribute_of(*hit.node, *hit.attribute);
    adopt(*element, inside);
    adopt(*hit.node, element);
    remove_attribute(*hit.node, *hit.attribute);
  }
  return give(env, document, out);
}

/// Texts beside elements or other texts become elements of their own.
void wrap_texts(XmlDocument& document, XmlNode& parent, std::string_view name) {
  std::size_t texts = 0, elements = 0;
  for (XmlNode* child : parent.children) {
    if (child->kind == XmlNode::Kind::element) {
      wrap_texts(document, *child, name);
      ++elements;
    }
    texts += child->kind == XmlNode::Kind::text;
  }
  if (texts == 0 || texts + elements <= 1) return;
  for (XmlNode* child : parent.children) {
    if (child->kind != XmlNode::Kind::text) continue;
    XmlNode* inside = document.make(XmlNode::Kind::text);
    inside->data = std::move(child->data);
    child->kind = XmlNode::Kind::element;
    child->name = name;
    adopt(*child, inside);
  }
}
bool texts_to_elements(const Call& call, Env& env, Any& out) {
  std::string_view text;
  XmlDocument document;
  if (!read(call, env, 0, text, document)) return false;
  for (const auto& hit : found(call, document))
    if (!hit.attribute) wrap_texts(document, *hit.node, call.text(2, "value"));
  return give(env, document, out);
}

Value as_map(Arena& arena, const XmlNode& node) {
  Value made = Value::new_map(arena);
  auto& map = made.as_map();
  map.set(arena, "tag", Value::string(arena.copy(local(node.name))));
  std::string content;
  Value children;
  for (const auto* child : node.children) {
    if (child->kind == XmlNode::Kind::text || child->kind == XmlNode::Kind::cdata)
      content += trimmed(child->data);
    if (child->kind != XmlNode::Kind::element) continue;
    if (children.is_empty()) children = Value::new_array(arena);
    children.as_array().push_back(arena, as_map(arena, *child));
  }
  if (!content.empty()) map.set(arena, "content", Value::string(arena.copy(content)));
  if (!node.attributes.empty()) {
    Value attributes = Value::new_map(arena);
    for (const auto& attribute : node.attributes)
      attributes.as_map().set(arena, arena.copy(local(attribute.name)),
                              Value::string(arena.copy(attribute.value)));
    map.set(arena, "attributes", attributes);
  }
  if (!children.is_empty()) map.set(arena, "children", children);
  return made;
}
bool parse_xml(const Call& call, Env& env, Any& out) {
  std::string_view text;
  if (!call.string(env, 0, text)) return false;
  std::size_t end = 0;
  auto document = XmlDocument::parse(text, true, &end);
  if (!document) return env.fail("unmarshal xml: " + document.error().what);
  if (end != text.size()) return env.fail("trailing bytes after parsing xml");
  for (const auto* child : document->root().children)
    if (child->kind == XmlNode::Kind::element) out = Any::of(as_map(*env.arena, *child));
  return true;
}

/// The text of an element without elements in it.
std::string_view leaf_of(const XmlNode& node) {
  for (const auto* child : node.children)
    if (child->kind == XmlNode::Kind::element) return {};
  for (const auto* child : node.children)
    if (child->kind == XmlNode::Kind::text || child->kind == XmlNode::Kind::cdata) return child->data;
  return {};
}
void simplify(Arena& arena, const XmlNode& parent, pdata::Map& into) {
  for (const auto* child : parent.children) {
    if (child->kind != XmlNode::Kind::element || child->children.empty()) continue;
    const auto same =
        std::count_if(parent.children.begin(), parent.children.end(), [&](const XmlNode* other) {
          return other->kind == XmlNode::Kind::element && other->name == child->name;
        });
    const auto leaf = leaf_of(*child);
    Value made = leaf.empty() ? Value::new_map(arena) : Value::string(arena.copy(leaf));
    if (leaf.empty()) simplify(arena, *child, made.as_map());
    const auto name = arena.copy(local(child->name));
    if (same > 1) {
      Value* list = into.find(name);
      if (!list || !list->is_array()) list = &into.set(arena, name, Value::new_array(arena));
      if (!leaf.empty() || !made.as_map().empty()) list->as_array().push_back(arena, made);
    } else if (!leaf.empty() || !made.as_map().empty()) {
      into.set(arena, name, made);
    }
  }
}
bool parse_simplified(const Call& call, Env& env, Any& out) {
  std::string_view text;
  XmlDocument document;
  if (!read(call, env, 0, text, document)) return false;
  Value made = Value::new_map(*env.arena);
  simplify(*env.arena, document.root(), made.as_map());
  out = Any::of(made);
  return true;
}

constexpr ParamRow kTarget{"Target", Param::string};

}  // namespace

std::span<const Function> xml_functions() {
  static constexpr Function kRows[] = {
      {"ParseXML", {{kTarget}}, parse_xml},
      {"ParseSimplifiedXML", {{kTarget}}, parse_simplified},
      {"GetXML", {{kTarget, {"XPath", Param::text}}}, get_xml, prepare_given},
      {"InsertXML",
       {{kTarget, {"XPath", Param::text}, {"SubDocument", Param::string}}},
       insert_xml,
       prepare_given},
      {"RemoveXML", {{kTarget, {"XPath", Param::text}}}, remove_xml, prepare_given},
      {"ConvertAttributesToElementsXML",
       {{kTarget, {"XPath", Param::text, true}}},
       attributes_to_elements,
       prepare_attributes},
      {"ConvertTextToElementsXML",
       {{kTarget, {"XPath", Param::text, true}, {"ElementName", Param::text, true}}},
       texts_to_elements,
       prepare_texts},
  };
  return kRows;
}

}  // namespace gleaner::text::ottl
