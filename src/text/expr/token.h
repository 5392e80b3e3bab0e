#pragma once
#include <string>
#include <string_view>

#include "text/expr/ast.h"

namespace gleaner::text::expr {

struct Token {
  enum class Kind : std::uint8_t { identifier, number, string, bytes, op, bracket, end };
  Kind kind = Kind::end;
  std::uint32_t at = 0;
  std::string text;  ///< strings are unescaped

  bool is(Kind k) const { return kind == k; }
  bool is(Kind k, std::string_view t) const { return kind == k && text == t; }
  bool is_op(std::string_view t) const { return is(Kind::op, t); }
  bool is_bracket(std::string_view t) const { return is(Kind::bracket, t); }
  /// `Operator("+")`, `EOF`: as error words name it.
  std::string name() const;
};

/// Cuts source text into tokens, one at a time.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  /// The next token. False at a flaw; behind the end it is the end again and again.
  bool next(Token& token, Flaw& flaw);

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  bool at_end() const { return at_ >= source_.size(); }
  void step();
  bool accept(std::string_view any);
  bool accept_run(std::string_view any);
  bool letter() const;
  bool spaces_and_comments(Flaw& flaw);
  bool number(Flaw& flaw);
  bool quoted(char quote, bool bytes, std::string& out, Flaw& flaw);
  bool escape(char quote, bool bytes, std::string& out, Flaw& flaw);
  bool raw(std::string& out, Flaw& flaw);
  bool refuse(Flaw& flaw, std::string what, int back = 1) const;

  std::string_view source_;
  std::size_t at_ = 0;      ///< bytes
  std::uint32_t rune_ = 0;  ///< characters
  bool after_hash_ = false;
};

}  // namespace gleaner::text::expr
