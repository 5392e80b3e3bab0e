// Recursive descent over the tokens. The only place that looks twice is an opening parenthesis in a
// condition: arithmetic if a comparison follows, a condition otherwise.
#include "text/ottl/parser.h"

#include <charconv>

#include "text/go_format.h"
#include "text/ottl/lexer.h"

namespace gleaner::text::ottl {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Lexeme>& tokens) : text_(text), tokens_(tokens) {}

  bool statement(StatementText& out) {
    if (peek().kind == Token::upper) {
      const std::string name = function_name();
      return fail_with("editor names must start with a lowercase letter but got '" + name + "'");
    }
    if (peek().kind != Token::lower) return unexpected("an editor, such as set(...)");
    if (!call(out.editor)) return false;
    if (!out.editor.keys.empty())
      return fail_with("only paths and converters may be indexed, not editors, but got " + out.editor.text);
    if (peek().kind == Token::lower && peek().text == "where") {
      ++at_;
      out.conditional = true;
      if (!any_of(out.where)) return false;
    }
    return peek().kind == Token::end || unexpected(out.conditional ? "an operator" : "\"where\"");
  }
  bool condition(Cond& out) {
    return any_of(out) && (peek().kind == Token::end || unexpected("an operator"));
  }
  std::string error() const { return place(text_, error_at_) + ": " + error_; }

 private:
  struct Deeper {
    explicit Deeper(int& depth) : depth_(depth) { ++depth_; }
    ~Deeper() { --depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    int& depth_;
  };

  const Lexeme& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool accept(Token kind) {
    if (peek().kind != kind) return false;
    ++at_;
    return true;
  }
  bool expect(Token kind, std::string_view words) { return accept(kind) || unexpected(words); }
  /// Remembers the error that lies furthest in the text; always false.
  bool fail_at(std::size_t offset, std::string what) {
    if (error_.empty() || offset >= error_at_) {
      error_at_ = offset;
      error_ = std::move(what);
    }
    return false;
  }
  bool fail_with(std::string what) { return fail_at(peek().offset, std::move(what)); }
  bool unexpected(std::string_view wanted) {
    const auto& token = peek();
    const std::string seen =
        token.kind == Token::end ? "unexpected end" : "unexpected token " + go_quote(token.text);
    return fail_with(seen + " (expected " + std::string(wanted) + ")");
  }
  bool too_deep() { return depth_ > kMaxDepth && !fail_with("nested too deeply"); }

  std::string function_name() {
    std::string name;
    while (peek().kind == Token::upper || peek().kind == Token::lower) name += tokens_[at_++].text;
    return name;
  }
  /// Whether name parts begin here that `behind` follows.
  bool name_then(Token behind) const {
    std::size_t ahead = 0;
    while (peek(ahead).kind == Token::upper || peek(ahead).kind == Token::lower) ++ahead;
    return ahead > 0 && peek(ahead).kind == behind;
  }

  bool any_of(Cond& out) { return chain(out, Token::or_, Cond::Kind::any, &Parser::all_of); }
  bool all_of(Cond& out) { return chain(out, Token::and_, Cond::Kind::all, &Parser::one); }
  bool chain(Cond& out, Token joint, Cond::Kind kind, bool (Parser::*part)(Cond&)) {
    const Deeper deeper(depth_);
    if (too_deep() || !(this->*part)(out)) return false;
    if (peek().kind != joint) return true;
    Cond first = std::move(out);
    out = Cond();
    out.kind = kind;
    out.parts.push_back(std::move(first));
    while (accept(joint))
      if (!(this->*part)(out.parts.emplace_back())) return false;
    return true;
  }
  bool one(Cond& out) {
    if (accept(Token::not_)) {
      out.kind = Cond::Kind::negate;
      return positive(out.parts.emplace_back());
    }
    return positive(out);
  }
  bool positive(Cond& out) {
    const std::size_t start = at_;
    Expr left;
    if (value(left)) {
      if (peek().kind == Token::comparison) {
        out.kind = Cond::Kind::compare;
        out.op = compare_op(tokens_[at_++].text);
        out.operands.push_back(std::move(left));
        return value(out.operands.emplace_back());
      }
      if (left.kind == Expr::Kind::boolean) {
        out.kind = left.number ? Cond::Kind::always : Cond::Kind::never;
        return true;
      }
      if (left.kind == Expr::Kind::call && tokens_[start].kind != Token::left_paren) {
        out.kind = Cond::Kind::call;
        out.operands.push_back(std::move(left));
        return true;
      }
      unexpected("a comparison");
    }
    at_ = start;
    if (!accept(Token::left_paren)) return false;
    return any_of(out) && expect(Token::right_paren, "\")\"");
  }
  static Compare compare_op(std::string_view text) {
    if (text == "==") return Compare::eq;
    if (text == "!=") return Compare::ne;
    if (text == "<") return Compare::lt;
    if (text == "<=") return Compare::lte;
    return text == ">" ? Compare::gt : Compare::gte;
  }

  bool value(Expr& out) {
    const Deeper deeper(depth_);
    if (too_deep()) return false;
    out.offset = peek().offset;
    const auto& token = peek();
    switch (token.kind) {
      case Token::nil:
        ++at_;
        return true;
      case Token::boolean:
        ++at_;
        out.kind = Expr::Kind::boolean;
        out.number = token.text == "true";
        return true;
      case Token::bytes:
        return bytes(out);
      case Token::string:
        return string(out);
      case Token::left_bracket:
        return list(out);
      case Token::left_brace:
        return map(out);
      case Token::upper:
        if (name_then(Token::left_paren)) break;
        out.kind = Expr::Kind::symbol;
        if (peek(1).kind == Token::lower) {
          out.text = function_name();
        } else {
          out.text = token.text;
          ++at_;
        }
        return true;
      default:
        break;
    }
    return sum(out);
  }
  bool sum(Expr& out) { return left_to_right(out, Token::add_sub, &Parser::product); }
  bool product(Expr& out) { return left_to_right(out, Token::mult_div, &Parser::factor); }
  bool left_to_right(Expr& out, Token joint, bool (Parser::*part)(Expr&)) {
    const Deeper deeper(depth_);
    if (too_deep() || !(this->*part)(out)) return false;
    for (int terms = 0; peek().kind == joint; ++terms) {
      if (terms > kMaxDepth) return fail_with("too many terms");  // the tree leans left, one level a term
      Expr left = std::move(out);
      out = Expr();
      out.kind = Expr::Kind::math;
      out.offset = left.offset;
      out.op = tokens_[at_++].text[0];
      out.items.push_back(std::move(left));
      if (!(this->*part)(out.items.emplace_back())) return false;
    }
    return true;
  }
  bool factor(Expr& out) {
    out.offset = peek().offset;
    if (peek().kind == Token::add_sub) {
      const bool minus = tokens_[at_++].text == "-";
      if (!minus) return unsigned_factor(out);
      out.kind = Expr::Kind::negate;
      return unsigned_factor(out.items.emplace_back());
    }
    return unsigned_factor(out);
  }
  bool unsigned_factor(Expr& out) {
    out.offset = peek().offset;
    if (accept(Token::left_paren)) {
      if (is_lambda())
        return fail_with("lambda expressions need the feature gate ottl.functions.enableLambda");
      return sum(out) && expect(Token::right_paren, "\")\"");
    }
    return literal(out);
  }
  /// Behind an opening parenthesis: names, a closing one, an arrow.
  bool is_lambda() const {
    std::size_t ahead = 0;
    while (peek(ahead).kind == Token::lower || peek(ahead).kind == Token::comma) ++ahead;
    return peek(ahead).kind == Token::right_paren && peek(ahead + 1).kind == Token::arrow;
  }
  bool literal(Expr& out) {
    const auto& token = peek();
    out.offset = token.offset;
    if (token.kind == Token::real) {
      ++at_;
      out.kind = Expr::Kind::real;
      const std::string text = token.text[0] == '.' ? "0" + std::string(token.text) : std::string(token.text);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.real);
      return error == std::errc{} || fail_at(token.offset, "number out of range");
    }
    if (token.kind == Token::integer) {
      ++at_;
      out.kind = Expr::Kind::integer;
      const auto [end, error] =
          std::from_chars(token.text.data(), token.text.data() + token.text.size(), out.number);
      return error == std::errc{} || fail_at(token.offset, "number out of range");
    }
    if (token.kind == Token::lower && name_then(Token::left_paren)) {
      const std::string name = function_name();
      return fail_at(token.offset,
                     "converter names must start with an uppercase letter but got '" + name + "'");
    }
    if (token.kind == Token::upper && name_then(Token::left_paren)) return call(out);
    if (token.kind == Token::lower) return path(out);
    return unexpected("a value");
  }
  bool call(Expr& out) {
    const Deeper deeper(depth_);
    if (too_deep()) return false;
    out.kind = Expr::Kind::call;
    out.offset = peek().offset;
    out.text = function_name();
    if (!expect(Token::left_paren, "\"(\"")) return false;
    if (!accept(Token::right_paren)) {
      do {
        Argument& argument = out.arguments.emplace_back();
        if (peek().kind == Token::lower && name_then(Token::equal)) {
          argument.name = function_name();
          ++at_;
        }
        if (!value(argument.value)) return false;
      } while (accept(Token::comma));
      if (!expect(Token::right_paren, "\",\" or \")\"")) return false;
    }
    return keys(out.keys);
  }
  bool keys(std::vector<Expr>& out) {
    while (accept(Token::left_bracket)) {
      Expr& key = out.emplace_back();
      if (!(peek().kind == Token::string ? string(key) : sum(key))) return false;
      if (!expect(Token::right_bracket, "\"]\"")) return false;
    }
    return true;
  }
  bool path(Expr& out) {
    out.kind = Expr::Kind::path;
    do {
      PathStep& step = out.steps.emplace_back();
      step.name = peek().text;
      if (!expect(Token::lower, "a name")) return false;
      if (!keys(step.keys)) return false;
    } while (accept(Token::dot));
    return true;
  }
  bool string(Expr& out) {
    const auto& token = tokens_[at_++];
    out.kind = Expr::Kind::string;
    out.offset = token.offset;
    return unquote(token.text, out.text) ||
           fail_at(token.offset, "invalid escape or line break in string " + go_quote(token.text));
  }
  bool bytes(Expr& out) {
    const auto& token = tokens_[at_++];
    out.kind = Expr::Kind::bytes;
    if (token.text.size() % 2) return fail_at(token.offset, "odd number of hex digits");
    for (std::size_t i = 2; i < token.text.size(); i += 2) {
      unsigned byte = 0;
      std::from_chars(token.text.data() + i, token.text.data() + i + 2, byte, 16);
      out.text += static_cast<char>(byte);
    }
    return true;
  }
  bool list(Expr& out) {
    out.kind = Expr::Kind::list;
    ++at_;
    // The reference's grammar lets values stand side by side before the first comma.
    while (peek().kind != Token::comma && peek().kind != Token::right_bracket)
      if (!value(out.items.emplace_back())) return false;
    while (accept(Token::comma))
      if (!value(out.items.emplace_back())) return false;
    return expect(Token::right_bracket, "\",\" or \"]\"");
  }
  bool map(Expr& out) {
    out.kind = Expr::Kind::map;
    ++at_;
    while (peek().kind == Token::string) {
      Expr key;
      if (!string(key) || !expect(Token::colon, "\":\"")) return false;
      out.names.push_back(std::move(key.text));
      if (!value(out.items.emplace_back())) return false;
      accept(Token::comma);
    }
    return expect(Token::right_brace, "\"}\"");
  }

  std::string_view text_;
  const std::vector<Lexeme>& tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t error_at_ = 0;
  std::string error_;
};

template <class Out>
Result<Out> parse(std::string_view text, std::string_view what, bool (Parser::*rule)(Out&)) {
  const auto refuse = [&](const std::string& why) {
    return fail(Fault::config, std::string(what) + " has invalid syntax: " + why);
  };
  auto tokens = lex(text);
  if (!tokens) return refuse(tokens.error().what);
  Parser parser(text, *tokens);
  Out out;
  if (!(parser.*rule)(out)) return refuse(parser.error());
  return out;
}

}  // namespace

Result<StatementText> parse_statement(std::string_view text) {
  return parse(text, "statement", &Parser::statement);
}
Result<Cond> parse_condition(std::string_view text) { return parse(text, "condition", &Parser::condition); }

}  // namespace gleaner::text::ottl
