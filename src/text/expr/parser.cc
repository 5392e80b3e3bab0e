// A precedence climber with expr-lang's grammar, precedences and error words.
#include <array>
#include <charconv>
#include <cstdlib>

#include "text/expr/builtins.h"
#include "text/expr/token.h"
#include "text/go_format.h"

namespace gleaner::text::expr {
namespace {

constexpr int kMaxNodes = 10000, kMaxDepth = 250, kMaxRun = 1000;  // a run: a + b + c ..., a.b.c ...

struct Operator {
  std::string_view text;
  Op op;
  int precedence;
  bool right = false;
};
constexpr std::array<Operator, 25> kBinary = {{
    {"or", Op::or_, 10},
    {"||", Op::or_, 10},
    {"and", Op::and_, 15},
    {"&&", Op::and_, 15},
    {"==", Op::equal, 20},
    {"!=", Op::unequal, 20},
    {"<", Op::less, 20},
    {">", Op::more, 20},
    {">=", Op::more_equal, 20},
    {"<=", Op::less_equal, 20},
    {"in", Op::in, 20},
    {"matches", Op::matches, 20},
    {"contains", Op::contains, 20},
    {"startsWith", Op::starts_with, 20},
    {"endsWith", Op::ends_with, 20},
    {"..", Op::range, 25},
    {"+", Op::add, 30},
    {"-", Op::subtract, 30},
    {"*", Op::multiply, 60},
    {"/", Op::divide, 60},
    {"%", Op::modulo, 60},
    {"**", Op::power, 100, true},
    {"^", Op::power, 100, true},
    {"??", Op::coalesce, 500},
    {"|", Op::none, 0},
}};
const Operator* binary(const Token& token) {
  if (!token.is(Token::Kind::op)) return nullptr;
  for (const auto& op : kBinary)
    if (op.text == token.text) return &op;
  return nullptr;
}
bool comparison(const Operator& op) {
  return op.op == Op::less || op.op == Op::more || op.op == Op::less_equal || op.op == Op::more_equal;
}
bool negatable(const Token& token) {
  const auto* op = binary(token);
  return op && (op->op == Op::in || op->op == Op::matches || op->op == Op::contains ||
                op->op == Op::starts_with || op->op == Op::ends_with);
}

class Parser {
 public:
  Parser(std::string_view source, Flaw& flaw) : lexer_(source), flaw_(flaw) {}

  NodePtr run() {
    next();
    NodePtr root = sequence();
    if (!failed_ && !now_.is(Token::Kind::end)) unexpected(now_);
    return failed_ ? nullptr : std::move(root);
  }

 private:
  using Kind = Node::Kind;

  void next() {
    if (failed_) return;
    if (stashed_) {
      now_ = std::move(stash_);
      stashed_ = false;
      return;
    }
    if (!lexer_.next(now_, flaw_)) failed_ = true;
  }
  void error(const Token& at, std::string what) {
    if (failed_) return;
    failed_ = true;
    flaw_ = {at.at, std::move(what)};
  }
  void unexpected(const Token& token) { error(token, "unexpected token " + token.name()); }
  void too_deep() { error(now_, "compilation failed: expression is nested too deep"); }
  bool expect_op(std::string_view text) { return expect(now_.is_op(text)); }
  bool expect_bracket(std::string_view text) { return expect(now_.is_bracket(text)); }
  bool expect(bool there) {
    if (there)
      next();
    else
      unexpected(now_);
    return there;
  }
  NodePtr make(Kind kind, std::uint32_t at) {
    if (++nodes_ > kMaxNodes) error(now_, "compilation failed: expression exceeds maximum allowed nodes");
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->at = at;
    return node;
  }
  NodePtr constant(pdata::Value value, std::uint32_t at) {
    auto node = make(Kind::constant, at);
    node->value = value;
    return node;
  }
  NodePtr text(std::string value, std::uint32_t at, bool bytes = false) {
    auto node = make(Kind::constant, at);
    node->text = std::move(value);
    node->value = bytes ? pdata::Value::bytes(node->text) : pdata::Value::string(node->text);
    return node;
  }
  template <class... Kids>
  NodePtr with(NodePtr node, Kids... kids) {
    (node->kids.push_back(std::move(kids)), ...);
    return node;
  }

  NodePtr sequence();
  NodePtr expression(int precedence);
  NodePtr infix(NodePtr left, int precedence);
  NodePtr comparisons(NodePtr left, Token op, const Operator& how);
  NodePtr copy(const Node& node);
  NodePtr let();
  NodePtr if_else();
  NodePtr ternary(NodePtr node);
  NodePtr primary();
  NodePtr secondary();
  NodePtr number();
  NodePtr call(const Token& name, std::vector<NodePtr> arguments);
  NodePtr over(const Predicate& what, const Token& name, std::vector<NodePtr> arguments);
  std::vector<NodePtr> arguments(std::vector<NodePtr> given);
  NodePtr predicate();
  NodePtr array();
  NodePtr map();
  NodePtr postfix(NodePtr node);
  NodePtr property(NodePtr node, bool optional);
  NodePtr brackets(NodePtr node, bool optional);

  Lexer lexer_;
  Flaw& flaw_;
  Token now_, stash_;
  bool stashed_ = false, failed_ = false;
  int nodes_ = 0, depth_ = 0, predicates_ = 0;
};

NodePtr Parser::sequence() {
  const std::uint32_t at = now_.at;
  std::vector<NodePtr> parts;
  parts.push_back(expression(0));
  while (!failed_ && now_.is_op(";")) {
    next();
    if (now_.is(Token::Kind::end)) break;
    parts.push_back(expression(0));
  }
  if (parts.size() == 1) return std::move(parts[0]);
  auto node = make(Kind::sequence, at);
  node->kids = std::move(parts);
  return node;
}

NodePtr Parser::expression(int precedence) {
  if (failed_) return nullptr;
  if (++depth_ > kMaxDepth) too_deep();
  NodePtr node;
  if (failed_) {
  } else if (precedence == 0 && now_.is_op("let")) {
    node = let();
  } else if (precedence == 0 && now_.is_op("if")) {
    node = if_else();
  } else {
    node = infix(primary(), precedence);
    if (precedence == 0) node = ternary(std::move(node));
  }
  --depth_;
  return node;
}

NodePtr Parser::infix(NodePtr left, int precedence) {
  bool coalesced = false;
  for (int run = 0; !failed_ && now_.is(Token::Kind::op); ++run) {
    if (run == kMaxRun) too_deep();
    Token op = now_;
    Token negation;
    const bool negate = op.is_op("not");
    if (negate) {
      const Token backup = now_;
      next();
      if (failed_) break;
      if (!negatable(now_)) {
        unexpected(now_);
        break;
      }
      if (binary(now_)->precedence < precedence) {
        stash_ = std::exchange(now_, backup);
        stashed_ = true;
        break;
      }
      negation = op = now_;
    }
    const Operator* how = binary(op);
    if (!how || how->precedence < precedence) break;
    next();
    if (op.is_op("|")) {
      const Token name = now_;
      if (!expect(now_.is(Token::Kind::identifier))) break;
      std::vector<NodePtr> first;
      first.push_back(std::move(left));
      left = call(name, std::move(first));
      coalesced = false;
      continue;
    }
    if (coalesced && how->op != Op::coalesce) {
      error(op, "Operator (" + op.text +
                    ") and coalesce expressions (?\?) cannot be mixed. Wrap either by parentheses.");
      break;
    }
    if (comparison(*how)) {
      left = comparisons(std::move(left), op, *how);
    } else {
      NodePtr right = expression(how->right ? how->precedence : how->precedence + 1);
      auto node = make(Kind::binary, op.at);
      node->op = how->op;
      node->text = op.text;
      left = with(std::move(node), std::move(left), std::move(right));
      if (negate) {
        auto no = make(Kind::unary, negation.at);
        no->op = Op::not_;
        no->text = "not";
        left = with(std::move(no), std::move(left));
      }
    }
    coalesced = how->op == Op::coalesce;
  }
  return left;
}

/// a < b < c is (a < b) && (b < c), with b evaluated twice.
NodePtr Parser::comparisons(NodePtr left, Token op, const Operator& how) {
  NodePtr all;
  for (const Operator* with_op = &how; !failed_;) {
    NodePtr right = expression(how.precedence + 1);
    if (failed_) break;
    const Operator* again = binary(now_);
    if (again && !comparison(*again)) again = nullptr;
    NodePtr next_left = again ? copy(*right) : nullptr;
    auto node = make(Kind::binary, op.at);
    node->op = with_op->op;
    node->text = op.text;
    node = with(std::move(node), std::move(left), std::move(right));
    if (all) {
      auto both = make(Kind::binary, op.at);
      both->op = Op::and_;
      both->text = "&&";
      all = with(std::move(both), std::move(all), std::move(node));
    } else {
      all = std::move(node);
    }
    if (!again) break;
    op = now_;
    with_op = again;
    left = std::move(next_left);
    next();
  }
  return all;
}

NodePtr Parser::copy(const Node& node) {
  auto out = make(node.kind, node.at);
  out->op = node.op;
  out->optional = node.optional;
  out->method = node.method;
  out->slot = node.slot;
  out->text = node.text;
  out->value = node.value;
  if (node.value.is_string()) out->value = pdata::Value::string(out->text);
  if (node.value.kind() == pdata::Value::Kind::bytes) out->value = pdata::Value::bytes(out->text);
  out->function = node.function;
  for (const auto& kid : node.kids) out->kids.push_back(kid ? copy(*kid) : nullptr);
  return out;
}

NodePtr Parser::let() {
  next();
  const Token name = now_;
  expect(now_.is(Token::Kind::identifier));
  expect_op("=");
  NodePtr value = expression(0);
  expect_op(";");
  if (failed_) return nullptr;
  NodePtr rest = sequence();
  auto node = make(Kind::let, name.at);
  node->text = name.text;
  return with(std::move(node), std::move(value), std::move(rest));
}

NodePtr Parser::if_else() {
  const std::uint32_t at = now_.at;
  next();
  NodePtr condition = expression(0);
  expect_bracket("{");
  if (failed_) return nullptr;
  NodePtr yes = sequence();
  expect_bracket("}");
  expect_op("else");
  if (failed_) return nullptr;
  NodePtr no;
  if (now_.is_op("if")) {
    if (++depth_ > kMaxDepth) too_deep();
    no = failed_ ? nullptr : if_else();
    --depth_;
  } else {
    expect_bracket("{");
    if (failed_) return nullptr;
    no = sequence();
    expect_bracket("}");
  }
  return with(make(Kind::conditional, at), std::move(condition), std::move(yes), std::move(no));
}

NodePtr Parser::ternary(NodePtr node) {
  while (!failed_ && now_.is_op("?")) {
    next();
    if (!node) return nullptr;
    NodePtr yes;
    if (now_.is_op(":")) {  // a ?: b
      next();
      yes = copy(*node);
    } else {
      yes = expression(0);
      expect_op(":");
    }
    if (failed_) return nullptr;
    NodePtr no = expression(0);
    node = with(make(Kind::conditional, now_.at), std::move(node), std::move(yes), std::move(no));
  }
  return node;
}

NodePtr Parser::primary() {
  const Token token = now_;
  struct Unary {
    std::string_view text;
    Op op;
    int precedence;
  };
  static constexpr Unary kUnary[] = {
      {"not", Op::not_, 50}, {"!", Op::not_, 50}, {"-", Op::minus, 90}, {"+", Op::plus, 90}};
  for (const auto& unary : kUnary) {
    if (!token.is_op(unary.text)) continue;
    next();
    NodePtr operand = expression(unary.precedence);
    auto node = make(Kind::unary, token.at);
    node->op = unary.op;
    node->text = token.text;
    return postfix(with(std::move(node), std::move(operand)));
  }
  if (token.is_bracket("(")) {
    next();
    NodePtr inside = sequence();
    expect_bracket(")");
    return postfix(std::move(inside));
  }
  if (predicates_ > 0 && (token.is_op("#") || token.is_op("."))) {
    auto node = make(Kind::pointer, token.at);
    if (token.is_op("#")) {
      next();
      if (now_.is(Token::Kind::identifier)) {
        node->text = now_.text;
        next();
      }
    }
    return postfix(std::move(node));
  }
  if (token.is_op("::")) {
    next();
    const Token name = now_;
    expect(now_.is(Token::Kind::identifier));
    return postfix(call(name, {}));
  }
  return secondary();
}

NodePtr Parser::number() {
  const Token token = now_;
  std::string digits;
  for (const char c : token.text)
    if (c != '_') digits += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  next();
  const auto whole = [&](std::string_view part, int base, const char* kind) {
    std::int64_t value = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), value, base);
    if (read.ec != std::errc() || read.ptr != part.data() + part.size() || part.empty())
      error(now_,
            std::string("invalid ") + kind + " literal: strconv.ParseInt: parsing " + go_quote(digits) +
                (read.ec == std::errc::result_out_of_range ? ": value out of range" : ": invalid syntax"));
    return constant(pdata::Value::integer(value), token.at);
  };
  const std::string_view all = digits;
  if (all.starts_with("0x")) return whole(all.substr(2), 16, "hex");
  if (all.find_first_of(".e") != std::string_view::npos) {
    double value = 0;
    const auto read = std::from_chars(all.data(), all.data() + all.size(), value);
    if (read.ec != std::errc() || read.ptr != all.data() + all.size())
      error(now_,
            "invalid float literal: strconv.ParseFloat: parsing " + go_quote(digits) +
                (read.ec == std::errc::result_out_of_range ? ": value out of range" : ": invalid syntax"));
    return constant(pdata::Value::real(value), token.at);
  }
  if (all.starts_with("0b")) return whole(all.substr(2), 2, "binary");
  if (all.starts_with("0o")) return whole(all.substr(2), 8, "octal");
  return whole(all, 10, "integer");
}

NodePtr Parser::secondary() {
  const Token token = now_;
  switch (token.kind) {
    case Token::Kind::identifier: {
      next();
      if (token.text == "true" || token.text == "false")
        return constant(pdata::Value::boolean(token.text == "true"), token.at);
      if (token.text == "nil") return constant({}, token.at);
      if (now_.is_bracket("(")) return postfix(call(token, {}));
      auto node = make(Kind::name, token.at);
      node->text = token.text;
      return postfix(std::move(node));
    }
    case Token::Kind::number:
      return number();
    case Token::Kind::string:
    case Token::Kind::bytes:
      next();
      return postfix(text(token.text, token.at, token.is(Token::Kind::bytes)));
    default:
      if (token.is_bracket("[")) return postfix(array());
      if (token.is_bracket("{")) return postfix(map());
      unexpected(token);
      return nullptr;
  }
}

NodePtr Parser::call(const Token& name, std::vector<NodePtr> given) {
  if (const auto* what = find_predicate(name.text)) return over(*what, name, std::move(given));
  const Function* function = find_function(name.text);
  auto node = make(function                                           ? Kind::builtin
                   : name.text == "env" || name.text == "os_env_func" ? Kind::environment
                                                                      : Kind::call,
                   name.at);
  node->function = function;
  node->text = name.text;
  node->kids = arguments(std::move(given));
  return node;
}

NodePtr Parser::over(const Predicate& what, const Token& name, std::vector<NodePtr> given) {
  auto node = make(Kind::builtin, name.at);
  node->text = name.text;
  node->slot = static_cast<std::uint32_t>(what.over);
  expect_bracket("(");
  node->kids = std::move(given);
  const std::size_t piped = node->kids.size(), wanted = what.third ? 3 : 2;
  for (std::size_t i = node->kids.size(); i < wanted && !failed_; ++i) {
    const bool optional = i == 2 || (i == 1 && !what.needs_predicate);
    if (now_.is_bracket(")")) {
      if (!optional) error(now_, "expected at least " + std::to_string(wanted - piped) + " arguments");
      break;
    }
    if (i > piped) expect_op(",");
    if (failed_) break;
    node->kids.push_back(i == 1 ? predicate() : expression(0));
  }
  if (now_.is_op(",")) next();
  expect_bracket(")");
  return node;
}

std::vector<NodePtr> Parser::arguments(std::vector<NodePtr> all) {
  const std::size_t given = all.size();
  expect_bracket("(");
  while (!failed_ && !now_.is_bracket(")")) {
    if (all.size() > given) expect_op(",");
    if (failed_ || now_.is_bracket(")")) break;
    all.push_back(expression(0));
  }
  expect_bracket(")");
  return all;
}

NodePtr Parser::predicate() {
  const std::uint32_t at = now_.at;
  const bool braces = now_.is_bracket("{");
  if (braces) next();
  ++predicates_;
  NodePtr body = braces ? sequence() : expression(0);
  if (!braces && now_.is_op(";")) error(now_, "wrap predicate with brackets { and }");
  --predicates_;
  if (braces) expect_bracket("}");
  return with(make(Kind::predicate, at), std::move(body));
}

NodePtr Parser::array() {
  auto node = make(Kind::array, now_.at);
  next();
  while (!failed_ && !now_.is_bracket("]")) {
    if (!node->kids.empty()) expect_op(",");
    if (failed_ || now_.is_bracket("]")) break;
    node->kids.push_back(expression(0));
  }
  expect_bracket("]");
  return node;
}

NodePtr Parser::map() {
  auto node = make(Kind::map, now_.at);
  next();
  while (!failed_ && !now_.is_bracket("}")) {
    if (!node->kids.empty()) expect_op(",");
    if (failed_ || now_.is_bracket("}")) break;
    if (now_.is(Token::Kind::number) || now_.is(Token::Kind::string) || now_.is(Token::Kind::identifier)) {
      node->kids.push_back(text(now_.text, now_.at));
      next();
    } else if (now_.is_bracket("(")) {
      node->kids.push_back(expression(0));
    } else {
      error(now_,
            "a map key must be a quoted string, a number, a identifier, or an expression enclosed in "
            "parentheses (unexpected token " +
                now_.name() + ")");
      break;
    }
    expect_op(":");
    node->kids.push_back(expression(0));
  }
  expect_bracket("}");
  return node;
}

NodePtr Parser::postfix(NodePtr node) {
  for (int run = 0; !failed_; ++run) {
    if (run == kMaxRun) too_deep();
    if (now_.is_op(".") || now_.is_op("?.")) {
      const bool optional = now_.text == "?.";
      next();
      node = optional && now_.is_bracket("[") ? brackets(std::move(node), true)
                                              : property(std::move(node), optional);
    } else if (now_.is_bracket("[")) {
      node = brackets(std::move(node), false);
    } else {
      break;
    }
  }
  return node;
}

NodePtr Parser::property(NodePtr node, bool optional) {
  const Token name = now_;
  const auto c = name.text.empty() ? '\0' : name.text[0];
  const bool word = name.is(Token::Kind::identifier) ||
                    (name.is(Token::Kind::op) && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')));
  if (!failed_ && word) next();
  if (!word) error(now_, "expected name");
  const bool chain = node && node->kind == Kind::chain;
  if (chain) node = std::move(node->kids[0]);
  auto member = make(Kind::member, name.at);
  member->optional = optional;
  member = with(std::move(member), std::move(node), text(name.text, name.at));
  if (now_.is_bracket("(")) {
    auto called = make(Kind::call, name.at);
    called->method = member->method = true;
    called->optional = optional;
    called->text = name.text;
    called->kids = arguments([&] {
      std::vector<NodePtr> self;
      self.push_back(std::move(member->kids[0]));
      return self;
    }());
    member = std::move(called);
  }
  return chain || optional ? with(make(Kind::chain, name.at), std::move(member)) : std::move(member);
}

NodePtr Parser::brackets(NodePtr node, bool optional) {
  const std::uint32_t at = now_.at;
  next();
  NodePtr from, to, out;
  const auto slice = [&] {
    next();
    if (!now_.is_bracket("]")) to = expression(0);
    out = with(make(Kind::slice, at), std::move(node), std::move(from), std::move(to));
  };
  if (now_.is_op(":")) {
    slice();
  } else {
    from = expression(0);
    if (now_.is_op(":")) {
      slice();
    } else {
      out = make(Kind::member, at);
      out->optional = optional;
      out = with(std::move(out), std::move(node), std::move(from));
      if (optional) out = with(make(Kind::chain, at), std::move(out));
    }
  }
  expect_bracket("]");
  return out;
}

}  // namespace

NodePtr parse(std::string_view source, Flaw& flaw) { return Parser(source, flaw).run(); }

}  // namespace gleaner::text::expr
