#pragma once
// Patterns in arguments: compiled once when constant, else kept as long as the text stays the same.
#include <optional>

#include "text/ottl/function.h"
#include "text/regex.h"

namespace gleaner::text::ottl {

/// The state of a call with a regex.
struct RegexState : CallState {
  std::size_t argument = 0;    ///< which one the pattern is
  std::optional<Regex> regex;  ///< of `pattern`
  std::string pattern;
  bool fixed = false;
};

/// Finds the argument called Pattern or RegexPattern and compiles it if it is constant.
Result<> prepare_regex(Call& call);
/// The pattern for this item. @return false with env.error set when it is none
bool regex_of(const Call& call, Env& env, const Regex*& out);

/// The wild cards of the reference's match functions (gobwas/glob without separators): * and ** any run, ?
/// any character, [abc], [a-z], [!a], {a,b}, \x.
class Wildcard {
 public:
  static Result<Wildcard> compile(std::string_view pattern);
  bool match(std::string_view text) const { return regex_->search(text); }

 private:
  std::optional<Regex> regex_;
};
struct WildcardState : CallState {
  std::optional<Wildcard> wildcard;
  std::string pattern;
  bool fixed = false;
};
Result<> prepare_wildcard(Call& call);
bool wildcard_of(const Call& call, Env& env, const Wildcard*& out);

}  // namespace gleaner::text::ottl
