#pragma once
// OTTL: statements that change telemetry, conditions that pick it. Compiled once, run over records.
//
//   auto statement = ottl::Statement::compile("set(attributes[\"a\"], 1) where body == \"x\"",
//   {Context::log}); Env env(arena); env.log = &record; ... if (statement->run(env) == ottl::Ran::failed)
//   log(env.error);
//
// Source: spec/collector.md 6.6.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/ottl/node.h"

namespace gleaner::text::ottl {

struct Options {
  Context context = Context::log;
  /// Every path begins with its context ("log.body"); otherwise a bare path belongs to `context`.
  bool prefixed = false;
  FunctionSets functions = 0;  ///< besides the standard ones
};

enum class Ran : std::uint8_t { done, skipped, failed };

/// Errors of both: Fault::config with the text, what is wrong, and line:column in it.
class Statement {
 public:
  static Result<Statement> compile(std::string_view text, const Options& options);
  /// skipped: its condition is false. failed: env.error says why; what it changed before stays changed.
  Ran run(Env& env) const;
  const std::string& text() const { return text_; }

 private:
  Statement() = default;
  std::string text_;
  std::unique_ptr<Arena> constants_;  // what nodes point to
  NodePtr editor_;
  TestPtr where_;
};

class Condition {
 public:
  static Result<Condition> compile(std::string_view text, const Options& options);
  /// @return false with env.error set when it cannot be told
  bool test(Env& env, bool& out) const { return test_->test(env, out); }
  const std::string& text() const { return text_; }

 private:
  Condition() = default;
  std::string text_;
  std::unique_ptr<Arena> constants_;
  TestPtr test_;
};

/// The context that texts with prefixed paths are for: the innermost that a path, a function or an enum of
/// theirs needs. @return Fault::config when there is none among `candidates`, or a text has invalid syntax
Result<Context> infer_context(std::span<const std::string> statements,
                              std::span<const std::string> conditions, ContextSet candidates,
                              FunctionSets functions);

}  // namespace gleaner::text::ottl
