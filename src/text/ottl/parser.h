#pragma once
#include <string_view>

#include "base/result.h"
#include "text/ottl/ast.h"

namespace gleaner::text::ottl {

/// Deepest nesting of brackets that is read.
inline constexpr int kMaxDepth = 100;

/// Reads `editor(arguments) [where condition]`.
/// @return Fault::config "statement has invalid syntax: 1:9: ..." with line and column in `text`
Result<StatementText> parse_statement(std::string_view text);
/// Reads a condition. @return Fault::config "condition has invalid syntax: 1:9: ..."
Result<Cond> parse_condition(std::string_view text);

/// The text again, in one fixed spelling. Reading it gives the same tree.
std::string print(const StatementText& statement);
std::string print(const Cond& condition);
std::string print(const Expr& expr);

}  // namespace gleaner::text::ottl
