#pragma once
// Regular expressions that need no machine: at every point one way at most can lead to a match.
#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::text {

/// A pattern such as ^(?P<time>[^ ]+Z) (?P<stream>stdout|stderr) (?P<tag>[^ ]*) ?(?P<log>.*)$: anchored at
/// the front; literals, classes with * + ? {n}, alternatives of literals, groups around them, `.*` at the
/// end. Whatever repeats must be followed by something that it cannot take itself; then the greedy way is
/// the only one, and the result is RE2's. Ten times as fast. fuzz/linear_regex_fuzz.cc holds it to RE2.
class LinearRegex {
 public:
  /// @return nothing for patterns of any other kind
  static std::optional<LinearRegex> compile(std::string_view pattern);

  enum class Answer : std::uint8_t { no, yes, ask };  ///< ask: RE2, as the text is not UTF-8
  /// @param groups  as of Regex::match: groups[0] is the whole match, then as many as wanted
  Answer match(std::string_view text, std::span<std::string_view> groups) const;

 private:
  using Set = std::bitset<256>;
  struct Step {
    enum class Kind : std::uint8_t {
      literal,  ///< `text`
      fixed,    ///< `count` of `set`
      run,      ///< of `set`, `count` at least
      maybe,    ///< one of `set`, or none
      words,    ///< one of `words`
      rest,     ///< up to a newline or the end, `count` at least
      open,     ///< of group `count`
      close,
      end,
    };
    Kind kind = Kind::literal;
    std::size_t count = 0;
    Set set;
    int stop = -1;  ///< run: the only byte that is not in `set`
    std::string text;
    std::vector<std::string> words;
  };
  class Compiler;
  /// Whether what follows steps_[at] cannot begin with one of `set`.
  bool parts(std::size_t at, const Set& set) const;

  std::vector<Step> steps_;
};

}  // namespace gleaner::text
