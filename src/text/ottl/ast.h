#pragma once
// The shape of OTTL texts after parsing, before names mean anything.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gleaner::text::ottl {

struct Expr;

/// One step of a path: a name, and what stands in brackets behind it.
struct PathStep {
  std::string name;
  std::vector<Expr> keys;
};

/// An argument of a call; `name` is empty for positional ones.
struct Argument;

/// Anything that has a value.
struct Expr {
  enum class Kind : std::uint8_t {
    nil,
    boolean,  ///< number
    integer,  ///< number
    real,     ///< real
    string,   ///< text
    bytes,    ///< text: the bytes themselves
    symbol,   ///< text: an enum, or the name of a function without arguments behind it
    path,     ///< steps
    call,     ///< text: the function; arguments; keys
    negate,   ///< items[0]
    math,     ///< items[0] op items[1]
    list,     ///< items
    map,      ///< keys are `names`, values `items`
  };
  Kind kind = Kind::nil;
  char op = 0;               ///< + - * /
  std::uint32_t offset = 0;  ///< bytes from the start of the text
  std::int64_t number = 0;
  double real = 0;
  std::string text;
  std::vector<PathStep> steps;
  std::vector<Argument> arguments;
  std::vector<Expr> keys;
  std::vector<std::string> names;
  std::vector<Expr> items;
};

struct Argument {
  std::string name;
  Expr value;
};

enum class Compare : std::uint8_t { eq, ne, lt, lte, gt, gte };

/// A condition.
struct Cond {
  enum class Kind : std::uint8_t {
    always,   ///< true
    never,    ///< false
    call,     ///< operands[0], a converter
    compare,  ///< operands[0] op operands[1]
    negate,   ///< parts[0]
    all,      ///< every one of parts
    any,      ///< one of parts
  };
  Kind kind = Kind::always;
  Compare op = Compare::eq;
  std::vector<Expr> operands;
  std::vector<Cond> parts;
};

/// An editor call and when it applies.
struct StatementText {
  Expr editor;
  bool conditional = false;
  Cond where;
};

}  // namespace gleaner::text::ottl
