#include "text/ottl/compile.h"

#include <algorithm>

#include "text/go_format.h"
#include "text/ottl/lexer.h"
#include "text/ottl/parser.h"

namespace gleaner::text::ottl {

tl::unexpected<Error> Compiler::refuse(const Expr& at, const std::string& why) const {
  return fail(Fault::config, why + " (at " + place(text_, at.offset) + ")");
}

const Function* Compiler::function(std::string_view name) const {
  const Function* found = find_function(name);
  const bool here =
      found && (found->contexts & bit(options_.context)) && (found->sets & (kStandard | options_.functions));
  return here ? found : nullptr;
}

Result<Keys> Compiler::keys(const std::vector<Expr>& exprs) {
  Keys out;
  for (const auto& expr : exprs) {
    auto node = value(expr);
    if (!node) return fail(std::move(node.error()));
    Key& key = out.emplace_back();
    const Any* literal = (*node)->constant();
    if (!literal) {
      key.node = std::move(*node);
      continue;
    }
    if (!literal->is_string() && !literal->is(Any::Kind::integer))
      return refuse(expr, "a key is a string or an int, not " + std::string(literal->type()));
    key.literal = *literal;
  }
  return out;
}

namespace {
std::span<const PathRow> rows_of(Context context) {
  switch (context) {
    case Context::log:
      return log_paths();
    case Context::exemplar:
      return exemplar_paths();
    case Context::datapoint:
      return point_paths();
    case Context::metric:
      return metric_paths();
    case Context::spanevent:
      return event_paths();
    case Context::span:
      return span_paths();
    case Context::scope:
      return scope_paths();
    case Context::resource:
      return resource_paths();
  }
  return {};
}
constexpr PathRow kCache = {.name = "cache", .map = [](Env& e) { return &e.cache; }};

std::string allowed_contexts(Context context) {
  std::string out;
  for (int i = 0; i < 8; ++i)
    if (around(context) & 1u << i) out += (out.empty() ? "" : ", ") + go_quote(kContextNames[i]);
  return out;
}
}  // namespace

Result<std::unique_ptr<Path>> Compiler::path(const Expr& expr) {
  const auto& steps = expr.steps;
  const std::string written = print(expr);
  Context context = options_.context;
  std::size_t from = 0;
  Context named{};
  const bool begins = steps.size() > 1 && steps[0].keys.empty() && find_context(steps[0].name, named) &&
                      (around(options_.context) & bit(named));
  if (begins) {
    context = named;
    from = 1;
  } else if (options_.prefixed) {
    if (steps.size() > 1 && steps[0].keys.empty())
      return refuse(expr, "context " + go_quote(steps[0].name) + " from path " + go_quote(written) +
                              " is not valid, it must be replaced by one of: " + allowed_contexts(context));
    return refuse(expr, "missing context name for path " + go_quote(written) +
                            ", possibly valid options are: " + allowed_contexts(context));
  }
  std::string name;
  for (std::size_t i = from; i < steps.size(); ++i) {
    name += (i > from ? "." : "") + steps[i].name;
    if (i + 1 < steps.size() && !steps[i].keys.empty())
      return refuse(expr, "the path section " + go_quote(steps[i].name) + " of " + go_quote(written) +
                              " cannot be indexed and go on");
  }
  auto indexes = keys(steps.back().keys);
  if (!indexes) return fail(std::move(indexes.error()));
  if (name == "cache") {
    if (context != options_.context)
      return refuse(expr, "access to cache must be performed using the same context, please replace " +
                              go_quote(written));
    return std::make_unique<Path>(kCache, std::move(*indexes));
  }
  const auto rows = rows_of(context);
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const PathRow& r) { return r.name == name; });
  const bool outside = row != rows.end() && name == "event_index" && options_.context != Context::spanevent;
  if (row == rows.end() || outside)
    return refuse(expr, "segment " + go_quote(name) + " from path " + go_quote(written) +
                            " is not a valid path nor a valid OTTL keyword for the " +
                            std::string(context_name(context)) + " context");
  if (!indexes->empty() && !row->map && !row->value && !row->trace_state)
    return refuse(expr,
                  "the keys indexing " + go_quote(steps.back().name) +
                      " were not used by the context - this likely means you are trying to index a path that "
                      "does not support indexing");
  if (row->trace_state && indexes->size() > 1)
    return refuse(expr, "must provide exactly 1 key when accessing trace_state");
  return std::make_unique<Path>(*row, std::move(*indexes));
}

Result<NodePtr> Compiler::value(const Expr& expr) {
  const auto constant = [](Any any) { return NodePtr(std::make_unique<Constant>(any)); };
  switch (expr.kind) {
    case Expr::Kind::nil:
      return constant(Any());
    case Expr::Kind::boolean:
      return constant(Any::boolean(expr.number != 0));
    case Expr::Kind::integer:
      return constant(Any::integer(expr.number));
    case Expr::Kind::real:
      return constant(Any::real(expr.real));
    case Expr::Kind::string:
      return constant(Any::string(arena_.copy(expr.text)));
    case Expr::Kind::bytes:
      return constant(Any::bytes(arena_.copy(expr.text)));
    case Expr::Kind::symbol: {
      std::int64_t number = 0;
      if (!find_symbol(options_.context, expr.text, number))
        return refuse(expr, "enum symbol, " + expr.text + ", not found");
      return constant(Any::integer(number));
    }
    case Expr::Kind::path: {
      auto made = path(expr);
      if (!made) return fail(std::move(made.error()));
      return NodePtr(std::move(*made));
    }
    case Expr::Kind::call: {
      auto made = call(expr);
      if (!made) return fail(std::move(made.error()));
      return NodePtr(std::move(*made));
    }
    case Expr::Kind::negate: {
      // A sign in front of a number is part of it.
      const Expr& inner = expr.items[0];
      if (inner.kind == Expr::Kind::integer)
        return constant(
            Any::integer(static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(inner.number))));
      if (inner.kind == Expr::Kind::real) return constant(Any::real(-inner.real));
      auto made = value(inner);
      if (!made) return fail(std::move(made.error()));
      return make_negate(std::move(*made));
    }
    case Expr::Kind::math: {
      auto left = value(expr.items[0]);
      if (!left) return fail(std::move(left.error()));
      auto right = value(expr.items[1]);
      if (!right) return fail(std::move(right.error()));
      return make_math(expr.op, std::move(*left), std::move(*right));
    }
    case Expr::Kind::list:
    case Expr::Kind::map: {
      std::vector<NodePtr> items;
      std::vector<std::string_view> names;
      for (const auto& item : expr.items) {
        auto made = value(item);
        if (!made) return fail(std::move(made.error()));
        items.push_back(std::move(*made));
      }
      names.reserve(expr.names.size());
      for (const auto& name : expr.names) names.push_back(arena_.copy(name));
      auto made = expr.kind == Expr::Kind::list ? make_list(arena_, std::move(items))
                                                : make_map(arena_, std::move(names), std::move(items));
      if (!made) return refuse(expr, made.error().what);
      return made;
    }
  }
  return refuse(expr, "not a value");
}

namespace {
Result<TestPtr> as_result(TestPtr test) { return test; }
}  // namespace

Result<TestPtr> Compiler::condition(const Cond& cond) {
  switch (cond.kind) {
    case Cond::Kind::always:
      return as_result(make_constant_test(true));
    case Cond::Kind::never:
      return as_result(make_constant_test(false));
    case Cond::Kind::call: {
      auto made = value(cond.operands[0]);
      if (!made) return fail(std::move(made.error()));
      return as_result(make_call_test(std::move(*made)));
    }
    case Cond::Kind::compare: {
      auto left = value(cond.operands[0]);
      if (!left) return fail(std::move(left.error()));
      auto right = value(cond.operands[1]);
      if (!right) return fail(std::move(right.error()));
      return as_result(make_compare(cond.op, std::move(*left), std::move(*right)));
    }
    case Cond::Kind::negate: {
      auto made = condition(cond.parts[0]);
      if (!made) return fail(std::move(made.error()));
      return as_result(make_not(std::move(*made)));
    }
    case Cond::Kind::all:
    case Cond::Kind::any:
      break;
  }
  std::vector<TestPtr> parts;
  for (const auto& part : cond.parts) {
    auto made = condition(part);
    if (!made) return fail(std::move(made.error()));
    parts.push_back(std::move(*made));
  }
  return as_result(make_chain(cond.kind == Cond::Kind::all, std::move(parts)));
}

namespace {

std::string could_not_parse(std::string_view what, std::string_view text, const std::string& why) {
  return "unable to parse OTTL " + std::string(what) + " " + go_quote(text) + ": " + why;
}

}  // namespace

Result<Statement> Statement::compile(std::string_view text, const Options& options) {
  auto parsed = parse_statement(text);
  if (!parsed) return fail(Fault::config, could_not_parse("statement", text, parsed.error().what));
  Statement out;
  out.text_ = text;
  out.constants_ = std::make_unique<Arena>();
  Compiler compiler(text, options, *out.constants_);
  auto editor = compiler.call(parsed->editor);
  if (!editor) return fail(Fault::config, could_not_parse("statement", text, editor.error().what));
  out.editor_ = std::move(*editor);
  if (!parsed->conditional) return out;
  auto where = compiler.condition(parsed->where);
  if (!where) return fail(Fault::config, could_not_parse("statement", text, where.error().what));
  out.where_ = std::move(*where);
  return out;
}

Ran Statement::run(Env& env) const {
  if (where_) {
    bool wanted = false;
    if (!where_->test(env, wanted)) return Ran::failed;
    if (!wanted) return Ran::skipped;
  }
  Any ignored;
  return editor_->get(env, ignored) ? Ran::done : Ran::failed;
}

Result<Condition> Condition::compile(std::string_view text, const Options& options) {
  auto parsed = parse_condition(text);
  if (!parsed) return fail(Fault::config, could_not_parse("condition", text, parsed.error().what));
  Condition out;
  out.text_ = text;
  out.constants_ = std::make_unique<Arena>();
  auto test = Compiler(text, options, *out.constants_).condition(*parsed);
  if (!test) return fail(Fault::config, could_not_parse("condition", text, test.error().what));
  out.test_ = std::move(*test);
  return out;
}

}  // namespace gleaner::text::ottl
