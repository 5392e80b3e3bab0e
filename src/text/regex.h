#pragma once
// Regular expressions with Go's dialect and meaning, on RE2.
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace gleaner::text {

/// A compiled expression: leftmost-first, unanchored unless it says so, linear time. Immutable; matching is
/// const and safe from any thread.
///
/// Differences of RE2 from Go that are levelled here: `(?<n>)` is accepted, group names may repeat (the later
/// group wins), `\C` is refused, bytes that are not UTF-8 match as U+FFFD each, error words are Go's.
/// Source: spec/filelog.md 14.
class Regex {
 public:
  struct Options {
    bool latin1 = false;      ///< one byte is one character: for input that need not be UTF-8
    bool multi_line = false;  ///< ^ and $ match at lines too
  };
  struct Name {
    std::string name;
    int group;
  };

  /// @return Fault::config with Go's words, which quote the pattern or its wrong part
  /// Memory: 8 MiB of cache at most, 64 for patterns that need more to compile.
  static Result<Regex> compile(std::string_view pattern, const Options& options);
  static Result<Regex> compile(std::string_view pattern) { return compile(pattern, Options()); }
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// Whether there is a match at or behind `from`.
  bool search(std::string_view text, std::size_t from = 0) const;
  /// The leftmost match at or behind `from`. groups[0] is the whole match, groups[i] the i-th parenthesis;
  /// one that took no part is a view with a null data(). Asking for fewer groups is cheaper.
  bool match(std::string_view text, std::span<std::string_view> groups, std::size_t from = 0) const {
    return match_sound(text, groups, from, text);
  }
  /// The same where only `looked_at`, a beginning of `text`, is asked whether it is UTF-8: for those who look
  /// for the first match in a buffer again and again.
  bool match_sound(std::string_view text, std::span<std::string_view> groups, std::size_t from,
                   std::string_view looked_at) const;

  /// Parentheses that capture.
  int groups() const { return groups_; }
  /// Named groups in the order of the pattern; a repeated name is listed once, with its last group.
  const std::vector<Name>& names() const { return names_; }
  const std::string& pattern() const { return pattern_; }

 private:
  Regex();
  bool match_as_is(std::string_view text, std::span<std::string_view> groups, std::size_t from) const;
  bool match_damaged(std::string_view text, std::span<std::string_view> groups, std::size_t from) const;
  std::string pattern_;
  std::vector<Name> names_;
  int groups_ = 0;
  bool latin1_ = false;
  std::unique_ptr<re2::RE2> re_;
};

/// A replacement text as Go's regexp.Expand reads it: $1, ${1}, $name, ${name}, $$. The name is as long as
/// possible: $1x is the group "1x". Unknown groups are empty.
class Replacement {
 public:
  Replacement() = default;
  Replacement(const Regex& regex, std::string_view text);
  /// `text` with every match replaced, appended to `out`. An empty match directly behind a match is skipped.
  void replace_all(const Regex& regex, std::string_view text, std::string& out) const;
  /// Appends what one match becomes. `groups` are those of Regex::match(), at least groups() of them.
  void expand(std::span<const std::string_view> groups, std::string& out) const;
  std::size_t groups() const { return static_cast<std::size_t>(highest_) + 1; }

 private:
  struct Part {
    std::string literal;
    int group = -1;  ///< -1 = the literal
  };
  std::vector<Part> parts_;
  int highest_ = 0;
};

}  // namespace gleaner::text
