#pragma once
// Walks a JSON document once, without a tree: the caller asks for what it wants and steps over the rest.
//
//   cursor.object([&](std::string_view key) {
//     if (key == "name") return cursor.text(node.name);
//     return cursor.skip();
//   });
//
// Every function returns false after the first flaw, which error() then words. null counts as "not there", as
// in Go: it leaves what was asked for as it was. Source: Go's encoding/json, which the reference reads with;
// keys are compared exactly here.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"
#include "k8s/json_skip.h"
#include "text/json_scan.h"

namespace gleaner::k8s {

class JsonCursor {
 public:
  static constexpr int kMaxDepth = 1000;

  /// Strings that are asked for are copied into `arena`; `text` may die after the walk.
  JsonCursor(std::string_view text, Arena& arena)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), arena_(arena) {
    blanks();
  }

  /// Calls member(key) with the cursor at each value; member must read or skip exactly that value.
  template <class F>
  bool object(F&& member) {
    if (peek() == 'n') return literal("null");
    if (!enter('{', "an object")) return false;
    if (leave('}')) return true;
    for (std::string_view key; next_key(key);) {
      if (!member(key)) return false;
      if (leave('}')) return true;
      if (!comma()) return false;
    }
    return false;
  }
  /// Calls item() with the cursor at each value of a list.
  template <class F>
  bool array(F&& item) {
    if (peek() == 'n') return literal("null");
    if (!enter('[', "a list")) return false;
    if (leave(']')) return true;
    for (;;) {
      if (!item()) return false;
      if (leave(']')) return true;
      if (!comma()) return false;
    }
  }
  bool text(std::string_view& out);
  /// A whole number within 64 bits, 0 or more.
  bool number(std::optional<std::uint64_t>& out);
  /// RFC 3339, to nanoseconds since 1970.
  bool time(std::uint64_t& out);
  /// A text, or a number as it is written: what a Kubernetes quantity may be.
  bool text_or_number(std::string_view& out);
  bool boolean(bool& out);
  bool skip() {
    if (peek() == '{' || peek() == '[')
      if (const char* behind = skip_container(at_, end_)) return at_ = behind, true;
    return skip(0);
  }
  /// skip() without the fast way, which is tried against it.
  bool skip_by_token() { return skip(0); }
  /// Steps over a value and gives it as it is written: a view into the document.
  bool raw(std::string_view& out) {
    const char* const from = at_;
    if (!skip()) return false;
    out = {from, static_cast<std::size_t>(at_ - from)};
    return true;
  }
  /// Bytes of the document that are behind the cursor.
  std::ptrdiff_t offset() const { return at_ - begin_; }
  bool is_null() const { return peek() == 'n'; }
  bool is_negative() const { return peek() == '-'; }
  /// True when nothing but blanks is left.
  bool finish();
  /// Refuses the document for a reason of the caller's.
  bool refuse(std::string what);

  /// Fault::permanent, with the key or the byte at which the trouble is.
  tl::unexpected<Error> error() const { return fail(Fault::permanent, what_); }

 private:
  char peek() const { return at_ < end_ ? *at_ : '\0'; }
  void blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool enter(char open, std::string_view wanted) {
    if (peek() != open) return mismatch(wanted);
    ++at_;
    blanks();
    return true;
  }
  bool leave(char close) {
    blanks();
    if (peek() != close) return false;
    ++at_;
    return true;
  }
  bool comma() {
    if (peek() != ',') return syntax();
    ++at_;
    blanks();
    return true;
  }
  bool next_key(std::string_view& key) {
    // Nearly all keys are like this: short, of plain ASCII, and the colon behind them.
    if (end_ - at_ > 18 && *at_ == '"') {
      std::uint64_t seen = 0;
      const char* const stop = text::string_stop_in_blocks(at_ + 1, at_ + 17, seen);
      if (stop && *stop == '"' && stop[1] == ':' && !seen) {
        key_ = key = {at_ + 1, static_cast<std::size_t>(stop - at_ - 1)};
        at_ = stop + 2;
        blanks();
        return true;
      }
    }
    return any_key(key);
  }
  bool any_key(std::string_view& key);
  bool literal(std::string_view word);
  bool raw_string(std::string_view& out, bool keep);
  bool escape(std::string& out);
  bool raw_number(std::string_view& out);
  bool skip(int depth);
  bool mismatch(std::string_view wanted);
  bool syntax();

  const char* begin_;
  const char* at_;
  const char* end_;
  Arena& arena_;
  std::string_view key_;  ///< read last, for error words
  std::string scratch_;   ///< of strings with escapes
  std::string what_;
};

}  // namespace gleaner::k8s
