// What can be known about types before there is data; the words are expr-lang's.
#include <vector>

#include "text/expr/builtins.h"

namespace gleaner::text::expr {
namespace {

using Is = Type::Is;

std::string_view base_name(Is is) {
  switch (is) {
    case Is::boolean:
      return "bool";
    case Is::integer:
      return "int";
    case Is::real:
      return "float64";
    case Is::string:
      return "string";
    case Is::bytes:
      return "[]uint8";
    case Is::array:
      return "[]interface {}";
    case Is::map:
      return "map[string]interface {}";
    case Is::time:
      return "time.Time";
    case Is::duration:
      return "time.Duration";
    case Is::location:
      return "*time.Location";
    default:
      return "unknown";
  }
}

class Checker {
 public:
  Checker(std::uint32_t& slots, Flaw& flaw) : slots_(slots), flaw_(flaw) {}
  Type visit(Node& node) {
    if (!failed_) node.type = infer(node);
    return node.type;
  }
  bool failed() const { return failed_; }

 private:
  using Kind = Node::Kind;
  struct Scope {
    Type collection;
    bool index, accumulator;
  };
  struct Variable {
    std::string name;
    std::uint32_t slot;
    Type type;
  };

  Type error(const Node& node, std::string what) {
    if (!failed_) flaw_ = {node.at, std::move(what)};
    failed_ = true;
    return {};
  }
  static bool maybe(Type a, Type b, std::initializer_list<Is> ok) {
    const auto fits = [&](Type t) {
      for (const Is is : ok)
        if (t.is == is) return true;
      return false;
    };
    const bool a_open = a.is == Is::unknown, b_open = b.is == Is::unknown;
    return (a_open && b_open) || (a_open && fits(b)) || (b_open && fits(a));
  }

  Type infer(Node& node);
  Type unary(Node& node);
  Type binary(Node& node);
  Type member(Node& node);
  Type slice(Node& node);
  Type builtin(Node& node);
  Type over(Node& node);
  Type call(Node& node);

  std::uint32_t& slots_;
  Flaw& flaw_;
  bool failed_ = false;
  std::vector<Scope> scopes_;
  std::vector<Variable> variables_;
};

Type Checker::infer(Node& node) {
  switch (node.kind) {
    case Kind::constant:
      switch (node.value.kind()) {
        case pdata::Value::Kind::empty:
          return {Is::nil};
        case pdata::Value::Kind::boolean:
          return {Is::boolean};
        case pdata::Value::Kind::integer:
          return {Is::integer};
        case pdata::Value::Kind::real:
          return {Is::real};
        case pdata::Value::Kind::bytes:
          return {Is::bytes};
        default:
          return {Is::string};
      }
    case Kind::array: {
      Type element;
      bool same = true;
      for (std::size_t i = 0; i < node.kids.size(); ++i) {
        const Type type = visit(*node.kids[i]);
        if (i && type.is != element.is) same = false;
        element = type;
      }
      return {Is::array, same && element.is != Is::nil ? element.is : Is::unknown};
    }
    case Kind::map:
      for (auto& kid : node.kids) visit(*kid);
      return {Is::map};
    case Kind::name:
      for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
        if (it->name != node.text) continue;
        node.kind = Kind::variable;
        node.slot = it->slot;
        return it->type;
      }
      return {};
    case Kind::variable:
      return node.type;
    case Kind::pointer: {
      if (scopes_.empty()) return error(node, "cannot use pointer accessor outside predicate");
      const Scope& scope = scopes_.back();
      if (node.text.empty())
        return {scope.collection.is == Is::array ? scope.collection.element : Is::unknown};
      if (node.text == "index" && scope.index) return {Is::integer};
      if (node.text == "acc" && scope.accumulator) return {};
      return error(node, "unknown pointer #" + node.text);
    }
    case Kind::unary:
      return unary(node);
    case Kind::binary:
      return binary(node);
    case Kind::chain:
      return visit(*node.kids[0]);
    case Kind::member:
      return member(node);
    case Kind::slice:
      return slice(node);
    case Kind::call:
      return call(node);
    case Kind::environment:
      for (auto& kid : node.kids) visit(*kid);
      return {};
    case Kind::builtin:
      return node.function ? builtin(node) : over(node);
    case Kind::predicate:
      return visit(*node.kids[0]);
    case Kind::let: {
      if (find_function(node.text) || find_predicate(node.text))
        return error(node, "cannot redeclare builtin " + node.text);
      for (const auto& variable : variables_)
        if (variable.name == node.text) return error(node, "cannot redeclare variable " + node.text);
      const Type type = visit(*node.kids[0]);
      node.slot = slots_++;
      variables_.push_back({node.text, node.slot, type});
      const Type result = visit(*node.kids[1]);
      variables_.pop_back();
      return result;
    }
    case Kind::sequence: {
      Type last;
      for (auto& kid : node.kids) last = visit(*kid);
      return last;
    }
    case Kind::conditional: {
      const Type condition = visit(*node.kids[0]);
      if (condition.is != Is::boolean && condition.is != Is::unknown)
        return error(*node.kids[0],
                     "non-bool expression (type " + name_of(condition) + ") used as condition");
      const Type a = visit(*node.kids[1]), b = visit(*node.kids[2]);
      if (a.is == Is::nil) return b;
      if (b.is == Is::nil) return a;
      if (a.is != b.is) return {};
      return a == b ? a : Type{a.is};
    }
  }
  return {};
}

Type Checker::unary(Node& node) {
  const Type type = visit(*node.kids[0]);
  if (failed_) return {};
  if (node.op == Op::not_) {
    if (type.is == Is::boolean || type.is == Is::unknown) return {Is::boolean};
  } else if (type.number() || type.is == Is::unknown) {
    return type;
  }
  return error(node, "invalid operation: " + node.text + " (mismatched type " + name_of(type) + ")");
}

Type Checker::binary(Node& node) {
  const Type a = visit(*node.kids[0]), b = visit(*node.kids[1]);
  if (failed_) return {};
  const Type truth{Is::boolean};
  const auto both = [&](Is is) { return a.is == is && b.is == is; };
  const bool numbers = a.number() && b.number();
  const auto promoted = [&] { return Type{a.is == Is::real || b.is == Is::real ? Is::real : Is::integer}; };
  switch (node.op) {
    case Op::equal:
    case Op::unequal:
      if (a.is == Is::unknown || b.is == Is::unknown || a.is == Is::nil || b.is == Is::nil || numbers ||
          a.is == b.is)
        return truth;
      break;
    case Op::or_:
    case Op::and_:
      if (both(Is::boolean) || maybe(a, b, {Is::boolean})) return truth;
      break;
    case Op::less:
    case Op::more:
    case Op::less_equal:
    case Op::more_equal:
      if (numbers || both(Is::string) || both(Is::time) || both(Is::duration) ||
          maybe(a, b, {Is::integer, Is::real, Is::string, Is::time, Is::duration}))
        return truth;
      break;
    case Op::subtract:
      if (numbers) return promoted();
      if (both(Is::time)) return {Is::duration};
      if (a.is == Is::time && b.is == Is::duration) return {Is::time};
      if (both(Is::duration)) return {Is::duration};
      if (maybe(a, b, {Is::integer, Is::real, Is::time, Is::duration})) return {};
      break;
    case Op::multiply:
      if (numbers) return promoted();
      if ((a.number() || a.is == Is::duration) && (b.number() || b.is == Is::duration)) return {Is::duration};
      if (maybe(a, b, {Is::integer, Is::real, Is::duration})) return {};
      break;
    case Op::divide:
    case Op::power:
      if (numbers || maybe(a, b, {Is::integer, Is::real})) return {Is::real};
      break;
    case Op::modulo:
      if (both(Is::integer) || maybe(a, b, {Is::integer})) return {Is::integer};
      break;
    case Op::add:
      if (numbers) return promoted();
      if (both(Is::string)) return {Is::string};
      if ((a.is == Is::time && b.is == Is::duration) || (a.is == Is::duration && b.is == Is::time))
        return {Is::time};
      if (both(Is::duration)) return {Is::duration};
      if (maybe(a, b, {Is::integer, Is::real, Is::string, Is::time, Is::duration})) return {};
      break;
    case Op::in:
      if (b.is == Is::map) {
        if (a.is != Is::unknown && a.is != Is::string)
          return error(node, "cannot use " + name_of(a) + " as type string in map key");
        return truth;
      }
      if (b.is == Is::array) {
        const bool fits = a.is == Is::unknown || a.is == Is::nil || b.element == Is::unknown ||
                          a.is == b.element || (a.number() && Type{b.element}.number());
        if (!fits)
          return error(node, "cannot use " + name_of(a) + " as type " + std::string(base_name(b.element)) +
                                 " in array");
        return truth;
      }
      if (a.is == Is::unknown && b.is == Is::string) return truth;
      if (b.is == Is::unknown) return truth;
      break;
    case Op::matches: {
      const Node& right = *node.kids[1];
      if (right.kind == Kind::constant && right.value.is_string()) {
        auto regex = Regex::compile(right.text);
        if (!regex) return error(node, regex.error().what);
        node.regex = std::make_unique<Regex>(std::move(*regex));
      }
      if (((a.is == Is::string || a.is == Is::bytes) && b.is == Is::string) || maybe(a, b, {Is::string}))
        return truth;
      break;
    }
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with:
      if (both(Is::string) || maybe(a, b, {Is::string})) return truth;
      break;
    case Op::range:
      if (both(Is::integer) || maybe(a, b, {Is::integer})) return {Is::array, Is::integer};
      break;
    case Op::coalesce:
      if (a.is == Is::nil) return b;
      if (b.is == Is::nil) return a;
      return a == b ? a : Type{};
    default:
      break;
  }
  return error(node, "invalid operation: " + node.text + " (mismatched types " + name_of(a) + " and " +
                         name_of(b) + ")");
}

Type Checker::member(Node& node) {
  const Type base = visit(*node.kids[0]), key = visit(*node.kids[1]);
  if (failed_ || base.is == Is::unknown) return {};
  const Node& property = *node.kids[1];
  const bool named = property.kind == Kind::constant && property.value.is_string();
  if (base.is == Is::nil && named) return error(node, "type nil has no field " + property.text);
  if (base.is == Is::map) {
    if (key.is != Is::string && key.is != Is::unknown)
      return error(property, "cannot use " + name_of(key) + " to get an element from " + name_of(base));
    return {};
  }
  if (base.is == Is::array || base.is == Is::bytes) {
    if (key.is != Is::integer && key.is != Is::unknown)
      return error(property,
                   "array elements can only be selected using an integer (got " + name_of(key) + ")");
    return {base.is == Is::array ? base.element : Is::unknown};
  }
  if (named) return error(node, "type " + name_of(base) + " has no field " + property.text);
  return error(node, "type " + name_of(base) + "[" + name_of(key) + "] is undefined");
}

Type Checker::slice(Node& node) {
  const Type base = visit(*node.kids[0]);
  if (failed_) return {};
  for (std::size_t i = 1; i <= 2; ++i) {
    if (!node.kids[i]) continue;
    const Type type = visit(*node.kids[i]);
    if (base.is != Is::unknown && type.is != Is::integer && type.is != Is::unknown)
      return error(*node.kids[i], "non-integer slice index " + name_of(type));
  }
  if (base.is != Is::unknown && base.is != Is::string && base.is != Is::array && base.is != Is::bytes)
    return error(node, "cannot slice " + name_of(base));
  return base;
}

Type Checker::call(Node& node) {
  Type self;
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    const Type type = visit(*node.kids[i]);
    if (i == 0) self = type;
  }
  if (node.method && self.is != Is::unknown && self.is != Is::time && self.is != Is::duration &&
      self.is != Is::map && self.is != Is::location)
    return error(node, "type " + std::string(self.is == Is::nil ? "nil" : name_of(self)) + " has no method " +
                           node.text);
  return {};
}

Type Checker::builtin(Node& node) {
  const Function& function = *node.function;
  std::vector<Type> types;
  types.reserve(node.kids.size());
  for (auto& kid : node.kids) types.push_back(visit(*kid));
  if (failed_) return {};
  const std::string name(function.name);
  if (function.validate) {
    Type result{function.gives};
    std::string why;
    return function.validate(types, result, why) ? result : error(node, why);
  }
  const Node* where = nullptr;
  std::string why;
  for (std::string_view rest = function.takes;;) {
    const auto bar = rest.find('|');
    const auto takes = rest.substr(0, bar);
    where = nullptr;
    if (types.size() != takes.size()) {
      where = &node;
      why = (types.size() > takes.size() ? "too many arguments to call " : "not enough arguments to call ") +
            name;
    }
    for (std::size_t i = 0; !where && i < takes.size(); ++i) {
      const Is is = types[i].is;
      const bool fits = is == Is::unknown || takes[i] == '*' || (takes[i] == 's' && is == Is::string) ||
                        (takes[i] == 'i' && is == Is::integer) || (takes[i] == 'f' && Type{is}.number()) ||
                        (takes[i] == 'a' && is == Is::array);
      if (fits) continue;
      where = node.kids[i].get();
      const std::string wanted = takes[i] == 's'   ? "string"
                                 : takes[i] == 'i' ? "int"
                                 : takes[i] == 'f' ? "float64"
                                                   : "[]interface {}";
      why = is == Is::nil ? "cannot use nil as argument (type " + wanted + ") to call " + name
                          : "cannot use " + name_of(types[i]) + " as argument (type " + wanted +
                                ") to call " + name + " ";
    }
    if (!where) return {function.gives};
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  return error(*where, why);
}

Type Checker::over(Node& node) {
  const Over what = static_cast<Over>(node.slot);
  const Type list = visit(*node.kids[0]);
  if (failed_) return {};
  if (list.is != Is::array && list.is != Is::unknown)
    return error(*node.kids[0], "builtin " + node.text + " takes only array (got " + name_of(list) + ")");
  Type result;
  if (node.kids.size() > 1) {
    scopes_.push_back({list, what == Over::map || what == Over::reduce, what == Over::reduce});
    result = visit(*node.kids[1]);
    scopes_.pop_back();
  }
  if (node.kids.size() > 2) {
    const Type third = visit(*node.kids[2]);
    if (what == Over::sort_by && third.is != Is::string && third.is != Is::unknown)
      return error(*node.kids[2], "sortBy order argument must be a string (got " + name_of(third) + ")");
  }
  if (failed_) return {};
  const bool tests = what != Over::map && what != Over::sum && what != Over::group_by &&
                     what != Over::sort_by && what != Over::reduce;
  if (tests && node.kids.size() > 1 && result.is != Is::boolean && result.is != Is::unknown)
    return error(*node.kids[1], "predicate should return boolean (got " + name_of(result) + ")");
  switch (what) {
    case Over::all:
    case Over::none:
    case Over::any:
    case Over::one:
      return {Is::boolean};
    case Over::filter:
      return {Is::array, list.element};
    case Over::map:
      return {Is::array, result.is};
    case Over::count:
    case Over::find_index:
    case Over::find_last_index:
      return {Is::integer};
    case Over::sum:
      return node.kids.size() > 1 ? result : Type{list.element};
    case Over::find:
    case Over::find_last:
      return {list.element};
    case Over::group_by:
      return {Is::map};
    case Over::sort_by:
      return list;
    case Over::reduce:
      return result;
  }
  return {};
}

}  // namespace

std::string name_of(const Type& type) { return std::string(base_name(type.is)); }

bool check(Node& root, std::uint32_t& slots, Flaw& flaw) {
  Checker checker(slots, flaw);
  checker.visit(root);
  return !checker.failed();
}

}  // namespace gleaner::text::expr
