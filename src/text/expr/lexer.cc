#include "text/expr/token.h"

#include "text/go_format.h"
#include "text/utf8.h"

namespace gleaner::text::expr {
namespace {

constexpr std::string_view kWords[] = {"in",       "or",  "and", "matches", "contains", "startsWith",
                                       "endsWith", "let", "if",  "else",    "not"};

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string Token::name() const {
  static constexpr std::string_view kKinds[] = {"Identifier", "Number",  "String", "Bytes",
                                                "Operator",   "Bracket", "EOF"};
  const std::string what(kKinds[static_cast<std::size_t>(kind)]);
  return text.empty() ? what : what + "(" + go_quote(text) + ")";
}

std::string describe(const Flaw& flaw, std::string_view source) {
  std::size_t line = 1, column = 0, begin = 0;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < source.size() && seen < flaw.at; ++seen) {
    const Rune rune = next_rune(source.substr(i));
    if (source[i] == '\n') {
      ++line;
      column = 0;
      begin = i + 1;
    } else {
      ++column;
    }
    i += rune.valid ? rune.size : 1;
  }
  auto shown = source.substr(begin, source.find('\n', begin) - begin);
  if (shown.empty()) return flaw.what;
  std::string out = flaw.what + " (" + std::to_string(line) + ":" + std::to_string(column + 1) + ")\n | ";
  for (const char c : shown) out += c == '\t' ? ' ' : c;
  return out + "\n | " + std::string(column, '.') + "^";
}

bool Lexer::refuse(Flaw& flaw, std::string what, int back) const {
  flaw.at = rune_ >= static_cast<std::uint32_t>(back) ? rune_ - static_cast<std::uint32_t>(back) : 0;
  flaw.what = std::move(what);
  return false;
}

void Lexer::step() {
  const Rune rune = next_rune(source_.substr(at_));
  at_ += rune.valid ? rune.size : 1;
  ++rune_;
}

bool Lexer::accept(std::string_view any) {
  if (at_end() || any.find(peek()) == std::string_view::npos) return false;
  step();
  return true;
}

bool Lexer::accept_run(std::string_view any) {
  bool some = false;
  while (accept(any)) some = true;
  return some;
}

/// A letter of a name: also digits, '_', '$' and everything beyond ASCII that is no space.
bool Lexer::letter() const {
  const auto c = static_cast<unsigned char>(peek());
  if (at_end()) return false;
  if (c < 0x80)
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  const Rune rune = next_rune(source_.substr(at_));
  return rune.valid && rune.code != 0x85 && rune.code != 0xa0 &&
         !(rune.code >= 0x2000 && rune.code < 0x2070) && rune.code != 0x3000;
}

bool Lexer::spaces_and_comments(Flaw& flaw) {
  for (;;) {
    if (accept_run(" \t\r\n\v\f")) continue;
    if (peek() == '/' && peek(1) == '/') {
      while (!at_end() && peek() != '\n') step();
      continue;
    }
    if (peek() == '/' && peek(1) == '*') {
      const auto close = source_.find("*/", at_ + 2);
      while (at_ < std::min(close, source_.size())) step();
      if (close == std::string_view::npos) return refuse(flaw, "unclosed comment", 0);
      step();
      step();
      continue;
    }
    return true;
  }
}

bool Lexer::number(Flaw& flaw) {
  const std::size_t from = at_;
  std::string_view digits = "0123456789_";
  if (accept("0")) {
    if (accept("xX"))
      digits = "0123456789abcdefABCDEF_";
    else if (accept("oO"))
      digits = "01234567_";
    else if (accept("bB"))
      digits = "01_";
  }
  accept_run(digits);
  if (peek() == '.' && peek(1) == '.') return true;  // 1..2 is a range
  if (accept(".")) accept_run(digits);
  if (accept("eE")) {
    accept("+-");
    accept_run(digits);
  }
  if (!letter()) return true;
  step();
  return refuse(flaw, "bad number syntax: " + go_quote(source_.substr(from, at_ - from)));
}

bool Lexer::escape(char quote, bool bytes, std::string& out, Flaw& flaw) {
  const char kind = peek();
  const auto put = [&](char32_t code) {
    if (bytes)
      out += static_cast<char>(code);
    else
      append_utf8(out, code >= 0xd800 && code < 0xe000 ? kReplacement : code);
  };
  const auto digits = [&](int count, int base) {
    char32_t code = 0;
    for (int i = 0; i < count; ++i) {
      const int digit = hex(peek());
      if (at_end() || digit < 0 || digit >= base) return refuse(flaw, "invalid char escape", 0);
      code = code * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
      step();
    }
    if (code > 0x10ffff) return refuse(flaw, "unable to unescape string");
    put(code);
    return true;
  };
  static constexpr std::string_view kNames = "abfnrtv\\", kCodes = "\a\b\f\n\r\t\v\\";
  const auto known = kNames.find(kind);
  if (!at_end() && (kind == quote || known != std::string_view::npos)) {
    out += kind == quote ? quote : kCodes[known];
    step();
    return true;
  }
  if (kind >= '0' && kind <= '3') return digits(3, 8);
  if (kind == 'x') return step(), digits(2, 16);
  if (bytes) return refuse(flaw, "unable to unescape string");
  if (kind == 'U') return step(), digits(8, 16);
  if (kind != 'u') {
    if (!at_end()) step();
    return refuse(flaw, "invalid char escape");
  }
  step();
  if (peek() != '{') return digits(4, 16);
  step();
  char32_t code = 0;
  int count = 0;
  for (; hex(peek()) >= 0 && count < 6; ++count, step())
    code = code * 16 + static_cast<char32_t>(hex(peek()));
  if (peek() != '}' || count == 0) return refuse(flaw, "invalid char escape", 0);
  step();
  if (code > 0x10ffff) return refuse(flaw, "unable to unescape string");
  put(code);
  return true;
}

bool Lexer::quoted(char quote, bool bytes, std::string& out, Flaw& flaw) {
  step();
  while (at_end() || peek() != quote) {
    if (at_end()) return refuse(flaw, "literal not terminated", 0);
    if (peek() == '\n') return step(), refuse(flaw, "literal not terminated");
    if (peek() == '\\') {
      step();
      if (!escape(quote, bytes, out, flaw)) return false;
      continue;
    }
    if (peek() == '\r') {
      out += '\n';
      step();
      continue;
    }
    const std::size_t from = at_;
    step();
    out.append(source_.substr(from, at_ - from));
  }
  step();
  return true;
}

/// Between backticks; two of them stand for one.
bool Lexer::raw(std::string& out, Flaw& flaw) {
  for (step();; step()) {
    if (at_end()) return refuse(flaw, "literal not terminated", 0);
    if (peek() == '`') {
      if (peek(1) != '`') break;
      step();
    }
    const Rune rune = next_rune(source_.substr(at_));
    out.append(source_.substr(at_, rune.valid ? rune.size : 1));
  }
  step();
  return true;
}

bool Lexer::next(Token& token, Flaw& flaw) {
  token.text.clear();
  if (after_hash_) {
    after_hash_ = false;
    if (letter()) {
      token.at = rune_;
      token.kind = Token::Kind::identifier;
      const std::size_t from = at_;
      while (letter()) step();
      token.text = source_.substr(from, at_ - from);
      return true;
    }
  }
  if (!spaces_and_comments(flaw)) return false;
  token.at = rune_;
  if (at_end()) {
    token.kind = Token::Kind::end;
    if (token.at > 0) --token.at;
    return true;
  }
  const std::size_t from = at_;
  const char c = peek();
  if (c == '\'' || c == '"') {
    token.kind = Token::Kind::string;
    return quoted(c, false, token.text, flaw);
  }
  if (c == '`') {
    token.kind = Token::Kind::string;
    return raw(token.text, flaw);
  }
  if ((c == 'b' || c == 'B') && (peek(1) == '\'' || peek(1) == '"')) {
    step();
    token.kind = Token::Kind::bytes;
    return quoted(peek(), true, token.text, flaw);
  }
  const auto digit = [](char d) { return d >= '0' && d <= '9'; };
  if (digit(c) || (c == '.' && digit(peek(1)))) {
    token.kind = Token::Kind::number;
    if (!number(flaw)) return false;
  } else if (letter()) {
    while (letter()) step();
    token.kind = Token::Kind::identifier;
    const auto word = source_.substr(from, at_ - from);
    for (const auto op : kWords)
      if (word == op) token.kind = Token::Kind::op;
  } else {
    step();
    token.kind = Token::Kind::op;
    if (std::string_view("([{)]}").find(c) != std::string_view::npos) {
      token.kind = Token::Kind::bracket;
    } else if (c == '?') {
      accept(".?");
    } else if (c == '|' || c == ':' || c == '.') {
      accept(std::string_view(&c, 1));
    } else if (c == '#') {
      accept("#");
      after_hash_ = true;
    } else if (std::string_view("&!=*<>").find(c) != std::string_view::npos) {
      accept("&=*");
    } else if (std::string_view(",;%+-^/").find(c) == std::string_view::npos) {
      const Rune rune = next_rune(source_.substr(from));
      char code[16];
      std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(rune.code));
      return refuse(flaw, std::string("unrecognized character: ") + code + " '" +
                              std::string(source_.substr(from, at_ - from)) + "'");
    }
  }
  token.text = source_.substr(from, at_ - from);
  return true;
}

}  // namespace gleaner::text::expr
