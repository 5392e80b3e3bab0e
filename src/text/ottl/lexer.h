#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gleaner::text::ottl {

enum class Token : std::uint8_t {
  bytes,
  real,
  integer,
  string,
  nil,
  not_,
  or_,
  and_,
  comparison,
  arrow,
  add_sub,
  mult_div,
  boolean,
  equal,
  left_paren,
  right_paren,
  left_brace,
  right_brace,
  colon,
  comma,
  dot,
  left_bracket,
  right_bracket,
  upper,  ///< [A-Z][A-Z0-9_]*: a part of a function's name, or an enum
  lower,  ///< [a-z][a-z0-9_]*: a part of a function's name, or of a path
  end,
};

struct Lexeme {
  Token kind = Token::end;
  std::uint32_t offset = 0;
  std::string_view text;  ///< as written
};

/// Longest text that is read: a statement is written by a person.
inline constexpr std::size_t kMaxText = 64 << 10;

/// Cuts `text` into tokens, the last of which is `end`. A name like IsMatch is several tokens, as in the
/// reference. @return Fault::config "1:9: invalid input text ..."
Result<std::vector<Lexeme>> lex(std::string_view text);

/// "line:column" of an offset, both from 1; columns count bytes.
std::string place(std::string_view text, std::size_t offset);

/// What a string literal (with its quotes) means, by Go's rules. @return false when an escape is none
bool unquote(std::string_view literal, std::string& out);

}  // namespace gleaner::text::ottl
