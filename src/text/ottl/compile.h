#pragma once
// Names get their meaning: trees of ast.h become trees of node.h.
#include "text/ottl/function.h"
#include "text/ottl/ottl.h"

namespace gleaner::text::ottl {

class Compiler {
 public:
  Compiler(std::string_view text, const Options& options, Arena& arena)
      : text_(text), options_(options), arena_(arena) {}

  Result<NodePtr> value(const Expr& expr);
  Result<std::unique_ptr<Path>> path(const Expr& expr);
  Result<std::unique_ptr<Call>> call(const Expr& expr);
  Result<TestPtr> condition(const Cond& cond);

 private:
  tl::unexpected<Error> refuse(const Expr& at, const std::string& why) const;
  Result<Keys> keys(const std::vector<Expr>& exprs);
  Result<> argument(const Expr& expr, const ParamRow& param, Argumented& into);
  Result<> literal(const Expr& expr, const ParamRow& param, Argumented& into);
  Result<> inner_function(const Expr& expr, Argumented& into);
  const Function* function(std::string_view name) const;

  std::string_view text_;
  const Options& options_;
  Arena& arena_;
};

/// The number of an enum in a context. @return false when the context has no such enum
bool find_symbol(Context context, std::string_view name, std::int64_t& out);
/// The contexts whose fields a program for `context` may read and set.
ContextSet around(Context context);
/// The context a path may begin with; false when `name` is none ("instrumentation_scope" is "scope").
bool find_context(std::string_view name, Context& out);

}  // namespace gleaner::text::ottl
