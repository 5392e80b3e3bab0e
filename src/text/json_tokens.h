#pragma once
// JSON as valyala/fastjson reads it: tokens are found, not looked into.
#include <string>
#include <string_view>

#include "base/arena.h"

namespace gleaner::text {

/// A value as it stands in the text.
struct JsonToken {
  enum class Kind : std::uint8_t { null, boolean, number, string, object, array };
  Kind kind = Kind::null;
  std::string_view raw;  ///< of strings without the quotes; of objects with their blanks
};

/// Walks over an array's elements. Numbers may be any row of the characters numbers are made of, and inf and
/// nan; strings hold anything, escapes are not looked at; nothing may follow but blanks. Nesting deeper than
/// 300 is an error. Source: fastjson 1.6, which json_array_parser of the collector uses.
class JsonTokens {
 public:
  static constexpr int kMaxDepth = 300;

  explicit JsonTokens(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// Reads the whole text; `take(const JsonToken&)` is called for every element of a top-level array, before
  /// it is known whether the rest is good. @return false: this is no JSON
  template <class Take>
  bool elements(const Take& take) {
    blanks();
    JsonToken token;
    if (at_ < end_ && *at_ == '[') {
      ++at_;
      blanks();
      if (at_ < end_ && *at_ == ']') {
        ++at_;
      } else {
        do {
          if (!value(token, 1)) return false;
          take(token);
        } while (more());
        if (at_ == end_ || *at_++ != ']') return false;
      }
    } else if (!value(token, 0)) {
      return false;
    }
    blanks();
    return at_ == end_;
  }

 private:
  void blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool more() {
    blanks();
    if (at_ == end_ || *at_ != ',') return false;
    ++at_;
    return true;
  }
  bool value(JsonToken& out, int depth);
  bool inside(char close, int depth);
  bool string(std::string_view& out);
  bool number(std::string_view& out);
  bool word(std::string_view as);

  const char* at_;
  const char* end_;
};

/// What a string of JsonTokens says: escapes that mean nothing stay as they are.
std::string_view unescape_json(std::string_view raw, Arena& arena);
/// An object without blanks between its tokens.
void append_compact_json(std::string& out, std::string_view raw);
/// A whole number as fastjson's GetInt64: 0 for everything else.
std::int64_t whole_number(std::string_view raw);

}  // namespace gleaner::text
