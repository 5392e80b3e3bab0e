#pragma once
// Lists of conditions and statements, and what happens when one of them fails.
#include <functional>
#include <string_view>
#include <vector>

#include "text/ottl/ottl.h"

namespace gleaner::text::ottl {

enum class ErrorMode : std::uint8_t {
  ignore,    ///< reported; the next one goes on
  silent,    ///< the next one goes on
  propagate  ///< the run ends with the error
};
inline constexpr std::string_view kErrorModes[] = {"ignore", "silent", "propagate"};
/// `otherwise` for anything else than the three words.
ErrorMode error_mode(std::string_view word, ErrorMode otherwise);

/// Called for a failure that is ignored: what failed, and why.
using Report = std::function<void(std::string_view text, const std::string& error)>;

/// True when one of them is. An empty list is false.
class Conditions {
 public:
  static Result<Conditions> compile(std::span<const std::string> texts, const Options& options,
                                    ErrorMode mode);
  /// @return false with env.error set, in mode propagate only
  bool any(Env& env, const Report& report, bool& out) const;
  bool empty() const { return list_.empty(); }

 private:
  std::vector<Condition> list_;
  ErrorMode mode_ = ErrorMode::ignore;
};

class Statements {
 public:
  static Result<Statements> compile(std::span<const std::string> texts, const Options& options,
                                    ErrorMode mode);
  /// Runs all, in order. @return false with env.error set, in mode propagate only
  bool run(Env& env, const Report& report) const;

 private:
  std::vector<Statement> list_;
  ErrorMode mode_ = ErrorMode::ignore;
};

}  // namespace gleaner::text::ottl
