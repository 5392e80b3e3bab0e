#pragma once
// The tree of an expression, shared by parser, checker and evaluator. Not for other rooms.
#include <memory>
#include <string>
#include <vector>

#include "pdata/value.h"
#include "text/regex.h"

namespace gleaner::text::expr {

/// What is known about a value before it is there.
struct Type {
  enum class Is : std::uint8_t {
    unknown,
    nil,
    boolean,
    integer,
    real,
    string,
    bytes,
    array,
    map,
    time,
    duration,
    location
  };
  Is is = Is::unknown;
  Is element = Is::unknown;  ///< of an array

  bool number() const { return is == Is::integer || is == Is::real; }
  bool operator==(const Type&) const = default;
};

enum class Op : std::uint8_t {
  none,
  or_,
  and_,
  equal,
  unequal,
  less,
  more,
  less_equal,
  more_equal,
  in,
  matches,
  contains,
  starts_with,
  ends_with,
  range,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  coalesce,
  not_,
  plus,
  minus,
};

struct Function;  // builtins.h

struct Node {
  enum class Kind : std::uint8_t {
    constant,     ///< value
    array,        ///< kids
    map,          ///< kids: key, value, key, value
    name,         ///< text: a variable of the environment
    variable,     ///< slot: a let
    pointer,      ///< text: "" for #, else #text
    unary,        ///< op, kids[0]
    binary,       ///< op, kids[0], kids[1]
    chain,        ///< kids[0]: where a ?. that met nil ends
    member,       ///< kids[0] [ kids[1] ]
    slice,        ///< kids[0] [ kids[1] : kids[2] ], either may be null
    call,         ///< text: an unknown function, or a method of kids[0]; arguments behind
    environment,  ///< env(kids[0])
    builtin,      ///< function(kids)
    predicate,    ///< kids[0] over the elements of a list
    let,          ///< slot = kids[0]; kids[1]
    sequence,     ///< kids, the last one counts
    conditional,  ///< kids[0] ? kids[1] : kids[2]
  };
  Kind kind = Kind::constant;
  Op op = Op::none;
  bool optional = false;  ///< ?.
  bool method = false;    ///< a member that is called; a call of a member
  std::uint32_t slot = 0;
  std::uint32_t at = 0;  ///< characters in front of it, for error words
  std::string text;
  pdata::Value value;
  std::vector<std::unique_ptr<Node>> kids;
  const Function* function = nullptr;
  std::unique_ptr<Regex> regex;  ///< of a constant right side of `matches`
  Type type;
};
using NodePtr = std::unique_ptr<Node>;

/// A flaw and where it is.
struct Flaw {
  std::uint32_t at = 0;
  std::string what;
};
/// "what (line:column)" and a picture of the place, as expr-lang prints errors.
std::string describe(const Flaw& flaw, std::string_view source);

/// Turns source text into a tree. On failure the result is null and `flaw` says why.
NodePtr parse(std::string_view source, Flaw& flaw);

/// Finds out types, gives variables their slots, compiles constant patterns. False when types cannot fit.
bool check(Node& root, std::uint32_t& slots, Flaw& flaw);
/// Works out, after check(), what does not depend on values. False when that shows an error.
bool fold(NodePtr& root, Flaw& flaw);
/// "int", "[]string", "map[string]interface {}", as Go names types.
std::string name_of(const Type& type);

}  // namespace gleaner::text::expr
