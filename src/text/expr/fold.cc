// What expr-lang works out before the first run, as far as it can be seen: `x and false` is false although x
// would fail, and a remainder of zero is an error at the start. Source: expr-lang 1.17 optimizer/fold.
#include <optional>

#include "text/expr/ast.h"

namespace gleaner::text::expr {
namespace {

std::optional<bool> truth(const Node& node) {
  if (node.kind != Node::Kind::constant || node.value.kind() != pdata::Value::Kind::boolean)
    return std::nullopt;
  return node.value.as_bool();
}

void become(NodePtr& node, bool value) {
  auto constant = std::make_unique<Node>();
  constant->at = node->at;
  constant->value = pdata::Value::boolean(value);
  constant->type = {Type::Is::boolean};
  node = std::move(constant);
}

/// and: neutral = true; or: neutral = false.
void logic(NodePtr& node, bool neutral) {
  const auto a = truth(*node->kids[0]), b = truth(*node->kids[1]);
  if (a && *a == neutral)
    node = std::move(node->kids[1]);
  else if (b && *b == neutral)
    node = std::move(node->kids[0]);
  else if (a || b)
    become(node, !neutral);
}

bool equality(const Node& node, bool& equal) {
  const auto &a = *node.kids[0], &b = *node.kids[1];
  if (a.kind != Node::Kind::constant || b.kind != Node::Kind::constant || a.value.kind() != b.value.kind())
    return false;
  switch (a.value.kind()) {
    case pdata::Value::Kind::boolean:
      equal = a.value.as_bool() == b.value.as_bool();
      return true;
    case pdata::Value::Kind::integer:
      equal = a.value.as_int() == b.value.as_int();
      return true;
    case pdata::Value::Kind::string:
      equal = a.value.text() == b.value.text();
      return true;
    default:
      return false;
  }
}

bool whole(const Node& node) {
  return node.kind == Node::Kind::constant && node.value.kind() == pdata::Value::Kind::integer;
}

}  // namespace

bool fold(NodePtr& node, Flaw& flaw) {
  for (auto& kid : node->kids)
    if (kid && !fold(kid, flaw)) return false;
  if (node->kind == Node::Kind::unary && node->op == Op::not_) {
    if (const auto value = truth(*node->kids[0])) become(node, !*value);
  } else if (node->kind == Node::Kind::binary) {
    bool equal = false;
    if (node->op == Op::and_ || node->op == Op::or_) {
      logic(node, node->op == Op::and_);
    } else if (node->op == Op::equal && equality(*node, equal)) {
      become(node, equal);
    } else if (node->op == Op::modulo && whole(*node->kids[0]) && whole(*node->kids[1]) &&
               node->kids[1]->value.as_int() == 0) {
      flaw = {node->at, "integer divide by zero"};
      return false;
    }
  }
  return true;
}

}  // namespace gleaner::text::expr
