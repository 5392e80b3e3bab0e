#pragma once
// Path patterns as the collector's `include` and `exclude` lists write them.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gleaner::text {

/// One compiled pattern.
///
///   *      any run of characters of one path component, a leading dot included
///   **     zero or more components; only as a whole component, elsewhere the same as *
///   ?      one character (UTF-8)
///   [a-z]  a class; [^a-z] and [!a-z] its complement
///   {a,b}  alternatives, which may nest and hold patterns
///   \x     the character x itself
///
/// Matching never sees the file system; a pattern is relative when the paths are. Case-sensitive.
/// Source: spec/filelog.md 4.1 (bmatcuk/doublestar v4).
class Glob {
 public:
  /// @return Fault::config naming the pattern when a bracket or brace is not closed, a brace closes nothing,
  ///         a class is empty, the pattern ends in a backslash, or it has more than 1024 alternatives
  static Result<Glob> compile(std::string_view pattern);

  /// True when the whole of `path` matches. Cost: no allocation; time linear in the path per star.
  bool match(std::string_view path) const;
  /// True when something below the directory `path` could match. For pruning a walk.
  bool may_hold(std::string_view path) const;
  /// The directory where a walk starts: the leading components without any meta character.
  /// "/var/log/pods/*/*.log" gives "/var/log/pods", "*.log" gives "", "/*.log" gives "/".
  const std::string& base() const { return base_; }
  const std::string& pattern() const { return pattern_; }

 private:
  struct Component {
    std::string text;  ///< as written
    bool any_depth;    ///< it is **
  };
  using Path = std::vector<Component>;
  static bool match(const Path& pattern, std::string_view path, bool prefix);

  std::string pattern_;
  std::string base_;
  std::vector<Path> alternatives_;
};

}  // namespace gleaner::text
