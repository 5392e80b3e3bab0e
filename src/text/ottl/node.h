#pragma once
// Compiled expressions: trees that read an Env. Immutable but for caches; one thread at a time.
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "text/ottl/env.h"
#include "text/ottl/paths.h"

namespace gleaner::text::ottl {

/// Something with a value.
class Node {
 public:
  virtual ~Node() = default;
  /// @return false with env.error set
  virtual bool get(Env& env, Any& out) const = 0;
  /// The value when it is the same for every item.
  virtual const Any* constant() const { return nullptr; }
};
using NodePtr = std::unique_ptr<Node>;

/// What stands in brackets: a text, a whole number, or what an expression says.
struct Key {
  Any literal;  ///< string or integer; nil: ask the node
  NodePtr node;
  bool get(Env& env, Any& out) const {
    if (!node) {
      out = literal;
      return true;
    }
    return node->get(env, out);
  }
};
using Keys = std::vector<Key>;

class Constant final : public Node {
 public:
  explicit Constant(Any value) : value_(value) {}
  bool get(Env&, Any& out) const override {
    out = value_;
    return true;
  }
  const Any* constant() const override { return &value_; }

 private:
  Any value_;
};

/// A field of the item or of what is around it; the only nodes that can be set.
class Path final : public Node {
 public:
  Path(const PathRow& row, Keys keys) : row_(row), keys_(std::move(keys)) {}
  bool get(Env& env, Any& out) const override;
  bool set(Env& env, const Any& value) const;

 private:
  bool get_inside(Env& env, pdata::Value value, std::size_t from, Any& out) const;
  bool set_inside(Env& env, pdata::Value* value, std::size_t from, const Any& to) const;
  bool map_key(Env& env, const Key& key, std::string_view& out) const;
  bool list_key(Env& env, const Key& key, std::size_t size, std::size_t& out) const;
  bool get_trace_state(Env& env, Any& out) const;
  bool set_trace_state(Env& env, const Any& value) const;
  const PathRow& row_;
  const Keys keys_;
};

/// What a converter answered, indexed. A key that is not there is an error, unlike in a path.
bool get_indexed(Env& env, const Keys& keys, Any& value);

/// Left op right for + - * /, on numbers, times and durations.
bool arithmetic(Env& env, char op, const Any& left, const Any& right, Any& out);
NodePtr make_math(char op, NodePtr left, NodePtr right);
NodePtr make_negate(NodePtr inner);
/// Folded into a constant in `arena` when every item is one.
Result<NodePtr> make_list(Arena& arena, std::vector<NodePtr> items);
Result<NodePtr> make_map(Arena& arena, std::vector<std::string_view> names, std::vector<NodePtr> items);

/// A condition.
class Test {
 public:
  virtual ~Test() = default;
  /// @return false with env.error set
  virtual bool test(Env& env, bool& out) const = 0;
  virtual std::optional<bool> constant() const { return std::nullopt; }
};
using TestPtr = std::unique_ptr<Test>;

TestPtr make_constant_test(bool value);
TestPtr make_not(TestPtr inner);
/// All of them (`every`) or one of them; left to right, no further than needed.
TestPtr make_chain(bool every, std::vector<TestPtr> parts);
TestPtr make_compare(Compare op, NodePtr left, NodePtr right);
TestPtr make_call_test(NodePtr call);

}  // namespace gleaner::text::ottl
