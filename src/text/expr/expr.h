#pragma once
// The expression language of `if`, filter, router, recombine and EXPR(): expr-lang as the collector uses it.
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pdata/value.h"

namespace gleaner::text::expr {

/// Names and functions of a host's own, for what is not an entry of a log.
class Host {
 public:
  virtual ~Host() = default;
  /// @return false when there is no such name
  virtual bool name(std::string_view name, pdata::Value& out) const = 0;
  /// @return false when there is no such function; `flaw` says what is wrong with the arguments
  virtual bool call(std::string_view name, std::span<const pdata::Value> arguments, pdata::Value& out,
                    std::string& flaw) const = 0;
};

/// What an expression sees. A null map is an absent one.
struct Environment {
  pdata::Value body;  ///< `body` and `$`
  const pdata::Map* attributes = nullptr;
  const pdata::Map* resource = nullptr;
  std::uint64_t timestamp = 0;  ///< ns since 1970, 0 = Go's zero time
  const Host* host = nullptr;   ///< asked for what is not here
};

struct Node;

/// A compiled expression. Immutable; run() is const and safe from any thread.
///
/// Names that are not in the environment are nil, functions nobody knows fail when they are called. Errors
/// read "what (line:column)" with a picture of the place, as the collector logs them. Source: spec/filelog.md
/// 11, expr-lang 1.17.8.
class Program {
 public:
  /// @return Fault::config for syntax errors and types that can never fit
  static Result<Program> compile(std::string_view source);
  /// The same; also refuses what is known not to be a bool ("expected bool, but got int").
  static Result<Program> compile_bool(std::string_view source);
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  /// @param arena where new texts and lists go; parts of the environment are passed through as they are
  /// @return Fault::permanent with expr's words
  Result<pdata::Value> run(const Environment& environment, Arena& arena) const;
  /// The result as a condition: nil is false, anything else but a bool is an error.
  Result<bool> test(const Environment& environment, Arena& arena) const;
  const std::string& source() const { return source_; }

 private:
  Program();
  static Result<Program> make(std::string_view source, bool want_bool);
  std::string source_;
  std::unique_ptr<Node> root_;
  std::uint32_t slots_ = 0;
};

}  // namespace gleaner::text::expr
