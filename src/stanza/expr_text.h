#pragma once
// Text with EXPR(...) in it: values of `attributes` and `resource` in receivers and routes.
#include <string>
#include <vector>

#include "text/expr/expr.h"

namespace gleaner::stanza {

/// Literal text and expressions in turn. An expression ends at the last ')' before the next EXPR( or the end.
/// Source: spec/filelog.md 11.5.
class ExprText {
 public:
  /// @return Fault::config "compile embedded expression: ..."
  static Result<ExprText> compile(std::string_view text);
  /// @return Fault::permanent when an expression fails or gives anything but a string
  Result<std::string_view> render(const text::expr::Environment& environment, Arena& arena) const;
  /// True when there is no expression in it: render() always gives the same.
  bool constant() const { return programs_.empty(); }

 private:
  std::vector<std::string> literals_;  ///< one more than programs_
  std::vector<text::expr::Program> programs_;
};

}  // namespace gleaner::stanza
