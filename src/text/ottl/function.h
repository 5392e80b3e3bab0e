#pragma once
// What a function is, and what it gets when it is called.
#include <array>
#include <span>

#include "base/result.h"
#include "text/ottl/node.h"

namespace gleaner::text::ottl {

/// How an argument is compiled and read. Those with "like" convert; the others take their type only.
/// Constants of a wrong type are errors at compile time.
enum class Param : std::uint8_t {
  any,
  string,
  string_like,
  integer,
  int_like,
  real,
  real_like,
  boolean,
  bytes_like,
  bool_like,
  map,
  list,
  time,
  duration,
  path,       ///< something to set
  map_path,   ///< a map to change
  list_path,  ///< a list to change
  // Written in the statement itself:
  text,
  number,
  decimal,
  flag,
  texts,
  decimals,
  function,
  // Lists of expressions:
  anys,
  strings,
  string_likes,
};

struct ParamRow {
  std::string_view name;  ///< as the reference spells its field: PairDelimiter for pair_delimiter=
  Param type = Param::any;
  bool optional = false;
};

class Call;

/// A row of a function table.
struct Function {
  std::string_view name;
  std::array<ParamRow, 6> params;
  bool (*run)(const Call& call, Env& env, Any& out);
  /// Checks constant arguments and compiles patterns, once.
  Result<> (*prepare)(Call& call) = nullptr;
  ContextSet contexts = kEveryContext;
  FunctionSets sets = kStandard;

  std::size_t count() const {
    std::size_t n = 0;
    while (n < params.size() && !params[n].name.empty()) ++n;
    return n;
  }
};

// The tables, one a file.
std::span<const Function> editor_functions();
std::span<const Function> replace_functions();
std::span<const Function> conversion_functions();
std::span<const Function> string_functions();
std::span<const Function> collection_functions();
std::span<const Function> parse_functions();
std::span<const Function> hash_functions();
std::span<const Function> id_functions();
std::span<const Function> time_functions();
std::span<const Function> net_functions();
std::span<const Function> xml_functions();
std::span<const Function> metric_functions();
std::span<const Function> log_line_functions();
std::span<const Function> span_functions();

/// The function of this name, nullptr when there is none anywhere.
const Function* find_function(std::string_view name);

/// An argument that was given.
struct Argumented {
  bool given = false;
  NodePtr node;                ///< expressions
  const Path* path = nullptr;  ///< of path, map_path and list_path: the node
  std::vector<NodePtr> nodes;  ///< anys, strings, string_likes
  std::string text;
  std::int64_t number = 0;
  double decimal = 0;
  std::vector<std::string> texts;
  std::vector<double> decimals;
  std::unique_ptr<Call> inner;  ///< function: a call whose only argument is a slot
};

/// What a function computes in prepare(), or caches.
struct CallState {
  virtual ~CallState() = default;
};

/// A node that is given its value from outside.
class Slot final : public Node {
 public:
  bool get(Env&, Any& out) const override {
    out = value;
    return true;
  }
  Any value;
};

/// A call. Accessors read argument `i`; they answer false with env.error set.
class Call final : public Node {
 public:
  explicit Call(const Function& function) : function_(&function), args(function.count()) {}
  bool get(Env& env, Any& out) const override {
    return function_->run(*this, env, out) && (keys.empty() || get_indexed(env, keys, out));
  }
  const Function& function() const { return *function_; }
  bool given(std::size_t i) const { return args[i].given; }

  bool any(Env& env, std::size_t i, Any& out) const { return args[i].node->get(env, out); }
  bool string(Env& env, std::size_t i, std::string_view& out) const;
  /// Nothing for nil.
  bool string_like(Env& env, std::size_t i, std::optional<std::string_view>& out) const;
  bool integer(Env& env, std::size_t i, std::int64_t& out) const;
  bool int_like(Env& env, std::size_t i, std::optional<std::int64_t>& out) const;
  bool real(Env& env, std::size_t i, double& out) const;
  bool real_like(Env& env, std::size_t i, std::optional<double>& out) const;
  bool bool_like(Env& env, std::size_t i, std::optional<bool>& out) const;
  /// A view; empty for nil.
  bool bytes_like(Env& env, std::size_t i, std::string_view& out) const;
  bool map(Env& env, std::size_t i, pdata::Map*& out) const;
  bool list(Env& env, std::size_t i, pdata::Array*& out) const;
  bool time(Env& env, std::size_t i, Any& out) const;
  bool duration(Env& env, std::size_t i, std::int64_t& out) const;
  bool set(Env& env, std::size_t i, const Any& value) const { return args[i].path->set(env, value); }
  /// A text written in the statement, or `otherwise`.
  std::string_view text(std::size_t i, std::string_view otherwise = {}) const {
    return args[i].given ? std::string_view(args[i].text) : otherwise;
  }
  /// The argument's text when it is the same for every item.
  std::optional<std::string_view> constant_string(std::size_t i) const;

  template <class T>
  T& state_as() const {
    return static_cast<T&>(*state);
  }

 private:
  const Function* function_;

 public:
  std::vector<Argumented> args;
  Keys keys;
  std::unique_ptr<CallState> state;
};

/// Conversions of one value, shared by arguments and lists of arguments. @return false with env.error set
bool as_string(Env& env, const Any& value, std::string_view& out);
bool as_string_like(Env& env, const Any& value, std::optional<std::string_view>& out);
bool as_list(Env& env, const Any& value, pdata::Array*& out);
/// Whether a constant can be argument of `type`; `error` says why not.
bool fits(Arena& arena, Param type, const Any& value, std::string& error);

}  // namespace gleaner::text::ottl
