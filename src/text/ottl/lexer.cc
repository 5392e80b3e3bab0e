#include "text/ottl/lexer.h"

#include <algorithm>

#include "text/go_format.h"
#include "text/utf8.h"

namespace gleaner::text::ottl {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool word(char c) { return digit(c) || lower(c) || upper(c) || c == '_'; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
int hex(char c) {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <class Is>
std::size_t run(std::string_view text, std::size_t from, Is is) {
  while (from < text.size() && is(text[from])) ++from;
  return from;
}

/// The size of a number with a point in front of `text`, 0 if there is none.
std::size_t real_size(std::string_view text) {
  const std::size_t whole = run(text, 0, digit);
  if (whole >= text.size() || text[whole] != '.') return 0;
  std::size_t end = run(text, whole + 1, digit);
  if (whole == 0 && end == 1) return 0;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t power = end + 1;
    if (power < text.size() && (text[power] == '-' || text[power] == '+')) ++power;
    if (const std::size_t done = run(text, power, digit); done > power) end = done;
  }
  return end;
}

std::size_t string_size(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      // The reference's pattern takes any character but a line break behind a backslash.
      if (++i >= text.size() || text[i] == '\n') return 0;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

struct Found {
  Token kind;
  std::size_t size;
};

Found keyword(std::string_view name) {
  if (name == "nil") return {Token::nil, 3};
  if (name == "not") return {Token::not_, 3};
  if (name == "or") return {Token::or_, 2};
  if (name == "and") return {Token::and_, 3};
  if (name == "true" || name == "false") return {Token::boolean, name.size()};
  return {Token::lower, 0};
}

Found punctuation(char c) {
  static constexpr std::string_view kMarks = "(){}:,.[]";
  static constexpr Token kKinds[] = {Token::left_paren,  Token::right_paren,  Token::left_brace,
                                     Token::right_brace, Token::colon,        Token::comma,
                                     Token::dot,         Token::left_bracket, Token::right_bracket};
  const auto at = kMarks.find(c);
  return at == std::string_view::npos ? Found{Token::end, 0} : Found{kKinds[at], 1};
}

Found next(std::string_view rest) {
  const char c = rest[0];
  if (c == '0' && rest.size() > 2 && rest[1] == 'x' && hex(rest[2]) >= 0)
    return {Token::bytes, run(rest, 2, [](char d) { return hex(d) >= 0; })};
  if (const auto size = real_size(rest)) return {Token::real, size};
  if (digit(c)) return {Token::integer, run(rest, 0, digit)};
  if (c == '"') return {Token::string, string_size(rest)};
  const auto two = rest.substr(0, 2);
  if (two == "==" || two == "!=" || two == ">=" || two == "<=") return {Token::comparison, 2};
  if (c == '>' || c == '<') return {Token::comparison, 1};
  if (two == "=>") return {Token::arrow, 2};
  if (c == '+' || c == '-') return {Token::add_sub, 1};
  if (c == '/' || c == '*') return {Token::mult_div, 1};
  if (c == '=') return {Token::equal, 1};
  if (upper(c)) return {Token::upper, run(rest, 0, [](char d) { return upper(d) || digit(d) || d == '_'; })};
  if (lower(c)) {
    // A keyword is one only when the whole word is it.
    if (const auto key = keyword(rest.substr(0, run(rest, 0, word))); key.size) return key;
    return {Token::lower, run(rest, 0, [](char d) { return lower(d) || digit(d) || d == '_'; })};
  }
  return punctuation(c);
}

}  // namespace

std::string place(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
  const auto start = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return std::to_string(line) + ":" +
         std::to_string(offset - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

Result<std::vector<Lexeme>> lex(std::string_view text) {
  if (text.size() > kMaxText)
    return fail(Fault::config, "longer than " + std::to_string(kMaxText) + " bytes");
  std::vector<Lexeme> out;
  for (std::size_t at = 0;;) {
    at = run(text, at, blank);
    if (at == text.size()) break;
    const auto found = next(text.substr(at));
    if (!found.size)
      return fail(Fault::config, place(text, at) + ": invalid input text " + go_quote(text.substr(at, 40)));
    out.push_back({found.kind, static_cast<std::uint32_t>(at), text.substr(at, found.size)});
    at += found.size;
  }
  out.push_back({Token::end, static_cast<std::uint32_t>(text.size()), {}});
  return out;
}

bool unquote(std::string_view literal, std::string& out) {
  const auto text = literal.substr(1, literal.size() - 2);
  const auto number = [&](std::size_t& at, int digits, int base, std::uint32_t& value) {
    value = 0;
    for (int i = 0; i < digits; ++i, ++at) {
      const int d = at < text.size() ? hex(text[at]) : -1;
      if (d < 0 || d >= base) return false;
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(d);
    }
    return true;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') return false;
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    if (++i == text.size()) return false;
    static constexpr std::string_view kLetters = "abfnrtv\\\"", kMeanings = "\a\b\f\n\r\t\v\\\"";
    if (const auto at = kLetters.find(text[i]); at != std::string_view::npos) {
      out += kMeanings[at];
      ++i;
      continue;
    }
    std::uint32_t code = 0;
    const char kind = text[i];
    if (kind >= '0' && kind <= '7') {
      if (!number(i, 3, 8, code) || code > 255) return false;
      out += static_cast<char>(code);
    } else if (kind == 'x') {
      if (!number(++i, 2, 16, code)) return false;
      out += static_cast<char>(code);
    } else if (kind == 'u' || kind == 'U') {
      if (!number(++i, kind == 'u' ? 4 : 8, 16, code)) return false;
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
      append_utf8(out, code);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace gleaner::text::ottl
