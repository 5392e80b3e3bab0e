#include "text/ottl/casing.h"

namespace gleaner::text::ottl {
namespace {
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool between(char c) { return c == '_' || c == ' ' || c == '-' || c == '.'; }
}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const auto from = text.find_first_not_of(kBlanks);
  return from == std::string_view::npos ? std::string_view()
                                        : text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

std::string camel(std::string_view text) {
  text = trimmed(text);
  if (text == "ID") return "Id";
  std::string out;
  bool next_up = true, capital_before = false;
  for (char c : text) {
    const bool capital = upper(c);
    if (next_up && lower(c))
      c = static_cast<char>(c - 32);
    else if (!next_up && capital_before && capital)
      c = static_cast<char>(c + 32);
    capital_before = capital;
    if (upper(c) || lower(c)) {
      out += c;
      next_up = false;
    } else if (digit(c)) {
      out += c;
      next_up = true;
    } else {
      next_up = between(c);
    }
  }
  return out;
}

std::string snake(std::string_view text) {
  text = trimmed(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char low = upper(c) ? static_cast<char>(c + 32) : c;
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    // A border lies where the kind of character changes; of a run of capitals the last belongs to what
    // follows.
    const bool border = (upper(c) && (lower(next) || digit(next))) ||
                        (lower(c) && (upper(next) || digit(next))) ||
                        (digit(c) && (upper(next) || lower(next)));
    if (border) {
      if (upper(c) && lower(next) && i > 0 && upper(text[i - 1])) out += '_';
      out += low;
      if (lower(c) || digit(c) || digit(next)) out += '_';
    } else {
      out += between(c) ? '_' : low;
    }
  }
  return out;
}

}  // namespace gleaner::text::ottl
