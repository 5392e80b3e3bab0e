// Calls: which function, and its arguments by position and by name.
#include "text/go_format.h"
#include "text/ottl/casing.h"
#include "text/ottl/compile.h"

namespace gleaner::text::ottl {

Result<std::unique_ptr<Call>> Compiler::call(const Expr& expr) {
  const Function* found = function(expr.text);
  if (!found) return refuse(expr, "undefined function " + go_quote(expr.text));
  const auto wrong = [&](const std::string& why) {
    return refuse(expr, "error while parsing arguments for call to " + go_quote(expr.text) + ": " + why);
  };
  auto made = std::make_unique<Call>(*found);
  const std::size_t count = found->count();
  std::size_t required = 0;
  for (std::size_t i = 0; i < count; ++i) required += !found->params[i].optional;
  // A function without any parameters takes what it is given, as the reference does.
  if (count > 0 && (expr.arguments.size() < required || expr.arguments.size() > count))
    return wrong("incorrect number of arguments. Expected: " + std::to_string(count) +
                 " Received: " + std::to_string(expr.arguments.size()));
  bool named = false;
  for (std::size_t i = 0; i < expr.arguments.size() && count > 0; ++i) {
    const Argument& argument = expr.arguments[i];
    std::size_t at = i;
    if (!argument.name.empty()) {
      named = true;
      const std::string name = camel(argument.name);
      at = 0;
      while (at < count && found->params[at].name != name) ++at;
      if (at == count) return wrong("no such parameter: " + argument.name);
    } else if (named) {
      return wrong("unnamed argument used after named argument");
    }
    auto ok = this->argument(argument.value, found->params[at], made->args[at]);
    if (!ok) return wrong("invalid argument at position " + std::to_string(i) + ": " + ok.error().what);
    made->args[at].given = true;
  }
  for (std::size_t i = 0; i < count; ++i)
    if (!made->args[i].given && !found->params[i].optional)
      return wrong("argument " + std::string(found->params[i].name) + " is missing");
  auto indexes = keys(expr.keys);
  if (!indexes) return fail(std::move(indexes.error()));
  made->keys = std::move(*indexes);
  if (found->prepare)
    if (auto ok = found->prepare(*made); !ok)
      return refuse(expr, "couldn't create function: " + ok.error().what);
  return made;
}

namespace {
std::string_view type_word(Param type) {
  switch (type) {
    case Param::text:
      return "must be a string";
    case Param::number:
      return "must be an int";
    case Param::decimal:
      return "must be a float";
    case Param::flag:
      return "must be a bool";
    default:
      return "must be a list of literals";
  }
}
Expr::Kind literal_kind(Param type) {
  switch (type) {
    case Param::text:
      return Expr::Kind::string;
    case Param::number:
      return Expr::Kind::integer;
    case Param::decimal:
      return Expr::Kind::real;
    case Param::flag:
      return Expr::Kind::boolean;
    default:
      return Expr::Kind::list;
  }
}
}  // namespace

Result<> Compiler::literal(const Expr& expr, const ParamRow& param, Argumented& into) {
  if (expr.kind != literal_kind(param.type)) return refuse(expr, std::string(type_word(param.type)));
  into.text = expr.text;
  into.number = expr.number;
  into.decimal = expr.real;
  for (std::size_t i = 0; i < expr.items.size(); ++i) {
    const auto& item = expr.items[i];
    const bool right = item.kind == (param.type == Param::texts ? Expr::Kind::string : Expr::Kind::real);
    if (!right)
      return refuse(item,
                    "error while parsing list argument at index " + std::to_string(i) + ": " +
                        std::string(type_word(param.type == Param::texts ? Param::text : Param::decimal)));
    if (param.type == Param::texts)
      into.texts.push_back(item.text);
    else
      into.decimals.push_back(item.real);
  }
  return {};
}

Result<> Compiler::inner_function(const Expr& expr, Argumented& into) {
  if (expr.kind != Expr::Kind::symbol) return refuse(expr, "invalid function name given");
  const Function* found = function(expr.text);
  if (!found) return refuse(expr, "undefined function " + expr.text);
  std::size_t required = 0;
  for (std::size_t i = 0; i < found->count(); ++i) required += !found->params[i].optional;
  if (required != 1 ||
      (found->params[0].type != Param::string && found->params[0].type != Param::string_like))
    return refuse(expr, "function " + expr.text + " does not take one string");
  into.inner = std::make_unique<Call>(*found);
  into.inner->args[0].node = std::make_unique<Slot>();
  into.inner->args[0].given = true;
  if (found->prepare) return found->prepare(*into.inner);
  return {};
}

Result<> Compiler::argument(const Expr& expr, const ParamRow& param, Argumented& into) {
  switch (param.type) {
    case Param::text:
    case Param::number:
    case Param::decimal:
    case Param::flag:
    case Param::texts:
    case Param::decimals:
      return literal(expr, param, into);
    case Param::function:
      return inner_function(expr, into);
    case Param::path:
    case Param::map_path:
    case Param::list_path: {
      if (expr.kind != Expr::Kind::path) return refuse(expr, "must be a path");
      auto made = path(expr);
      if (!made) return fail(std::move(made.error()));
      into.path = made->get();
      into.node = std::move(*made);
      return {};
    }
    case Param::anys:
    case Param::strings:
    case Param::string_likes: {
      if (expr.kind != Expr::Kind::list) return refuse(expr, "must be a list");
      for (std::size_t i = 0; i < expr.items.size(); ++i) {
        auto made = value(expr.items[i]);
        if (!made) return fail(std::move(made.error()));
        std::string why;
        if (const Any* constant = (*made)->constant(); constant && !fits(arena_, param.type, *constant, why))
          return refuse(expr.items[i],
                        "error while parsing list argument at index " + std::to_string(i) + ": " + why);
        into.nodes.push_back(std::move(*made));
      }
      return {};
    }
    default:
      break;
  }
  auto made = value(expr);
  if (!made) return fail(std::move(made.error()));
  std::string why;
  if (const Any* constant = (*made)->constant(); constant && !fits(arena_, param.type, *constant, why))
    return refuse(expr, why);
  into.node = std::move(*made);
  return {};
}

}  // namespace gleaner::text::ottl
