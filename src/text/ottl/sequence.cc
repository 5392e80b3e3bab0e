#include "text/ottl/sequence.h"

namespace gleaner::text::ottl {

ErrorMode error_mode(std::string_view word, ErrorMode otherwise) {
  for (std::size_t i = 0; i < 3; ++i)
    if (word == kErrorModes[i]) return static_cast<ErrorMode>(i);
  return otherwise;
}

namespace {
template <class T>
Result<> compile_all(std::span<const std::string> texts, const Options& options, std::vector<T>& into) {
  for (const auto& text : texts) {
    auto made = T::compile(text, options);
    if (!made) return fail(std::move(made.error()));
    into.push_back(std::move(*made));
  }
  return {};
}
}  // namespace

Result<Conditions> Conditions::compile(std::span<const std::string> texts, const Options& options,
                                       ErrorMode mode) {
  Conditions out;
  out.mode_ = mode;
  if (auto ok = compile_all(texts, options, out.list_); !ok) return fail(std::move(ok.error()));
  return out;
}

bool Conditions::any(Env& env, const Report& report, bool& out) const {
  out = false;
  for (const auto& condition : list_) {
    if (!condition.test(env, out)) {
      out = false;
      if (mode_ == ErrorMode::propagate) {
        env.error = "failed to eval condition: " + condition.text() + ", " + env.error;
        return false;
      }
      if (mode_ == ErrorMode::ignore) report(condition.text(), env.error);
      continue;
    }
    if (out) return true;
  }
  return true;
}

Result<Statements> Statements::compile(std::span<const std::string> texts, const Options& options,
                                       ErrorMode mode) {
  Statements out;
  out.mode_ = mode;
  if (auto ok = compile_all(texts, options, out.list_); !ok) return fail(std::move(ok.error()));
  return out;
}

bool Statements::run(Env& env, const Report& report) const {
  for (const auto& statement : list_) {
    if (statement.run(env) != Ran::failed) continue;
    if (mode_ == ErrorMode::propagate) {
      env.error = "failed to execute statement: " + statement.text() + ", " + env.error;
      return false;
    }
    if (mode_ == ErrorMode::ignore) report(statement.text(), env.error);
  }
  return true;
}

}  // namespace gleaner::text::ottl
