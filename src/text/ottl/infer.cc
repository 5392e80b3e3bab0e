// Which contexts there are, what each sees, and which one a text is for.
#include <algorithm>

#include "text/go_format.h"
#include "text/ottl/compile.h"
#include "text/ottl/parser.h"

namespace gleaner::text::ottl {
namespace {

struct Symbol {
  std::string_view name;
  std::int64_t value;
};
constexpr Symbol kSpan[] = {
    {"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1}, {"SPAN_KIND_SERVER", 2},
    {"SPAN_KIND_CLIENT", 3},      {"SPAN_KIND_PRODUCER", 4}, {"SPAN_KIND_CONSUMER", 5},
    {"STATUS_CODE_UNSET", 0},     {"STATUS_CODE_OK", 1},     {"STATUS_CODE_ERROR", 2}};
constexpr Symbol kMetric[] = {{"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
                              {"AGGREGATION_TEMPORALITY_DELTA", 1},
                              {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
                              {"METRIC_DATA_TYPE_NONE", 0},
                              {"METRIC_DATA_TYPE_GAUGE", 1},
                              {"METRIC_DATA_TYPE_SUM", 2},
                              {"METRIC_DATA_TYPE_HISTOGRAM", 3},
                              {"METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM", 4},
                              {"METRIC_DATA_TYPE_SUMMARY", 5}};
constexpr Symbol kPoint[] = {{"FLAG_NONE", 0}, {"FLAG_NO_RECORDED_VALUE", 1}};

bool among(std::span<const Symbol> symbols, std::string_view name, std::int64_t& out) {
  for (const auto& symbol : symbols) {
    if (symbol.name != name) continue;
    out = symbol.value;
    return true;
  }
  return false;
}

bool severity(std::string_view name, std::int64_t& out) {
  constexpr std::string_view kPrefix = "SEVERITY_NUMBER_";
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  if (name == "UNSPECIFIED") {
    out = 0;
    return true;
  }
  static constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  for (int i = 0; i < 24; ++i) {
    const auto& level = kNames[i / 4];
    const auto rest = name.starts_with(level) ? name.substr(level.size()) : std::string_view("?");
    if (i % 4 ? rest.size() == 1 && rest[0] == '1' + i % 4 : rest.empty()) {
      out = i + 1;
      return true;
    }
  }
  return false;
}

/// What a text asks of its context.
struct Hints {
  ContextSet contexts = 0;
  std::string unknown;  ///< a path that begins with no context
  std::vector<std::string> functions, symbols;
};

void collect(const Expr& expr, Hints& hints);
void collect(const std::vector<Expr>& exprs, Hints& hints) {
  for (const auto& expr : exprs) collect(expr, hints);
}
void collect(const Expr& expr, Hints& hints) {
  if (expr.kind == Expr::Kind::path) {
    Context context{};
    if (expr.steps.size() > 1 && expr.steps[0].keys.empty() && find_context(expr.steps[0].name, context))
      hints.contexts |= bit(context);
    else
      hints.unknown = print(expr);
  }
  if (expr.kind == Expr::Kind::call) hints.functions.push_back(expr.text);
  if (expr.kind == Expr::Kind::symbol) hints.symbols.push_back(expr.text);
  for (const auto& step : expr.steps) collect(step.keys, hints);
  for (const auto& argument : expr.arguments) collect(argument.value, hints);
  collect(expr.keys, hints);
  collect(expr.items, hints);
}
void collect(const Cond& cond, Hints& hints) {
  collect(cond.operands, hints);
  for (const auto& part : cond.parts) collect(part, hints);
}

/// Why `context` cannot run what was asked, "" when it can. Symbols may also be names of functions.
std::string cannot(Context context, const Hints& hints, std::uint8_t functions) {
  const auto has = [&](std::string_view name) {
    const Function* found = find_function(name);
    return found && (found->contexts & bit(context)) && (found->sets & (kStandard | functions));
  };
  const std::string start = "inferred context " + go_quote(context_name(context)) + " does not support the ";
  for (const auto& name : hints.functions)
    if (!has(name)) return start + "function " + go_quote(name);
  for (const auto& name : hints.symbols) {
    std::int64_t ignored = 0;
    if (!has(name) && !find_symbol(context, name, ignored)) return start + "enum symbol " + go_quote(name);
  }
  return {};
}

}  // namespace

bool find_symbol(Context context, std::string_view name, std::int64_t& out) {
  switch (context) {
    case Context::log:
      return severity(name, out);
    case Context::span:
    case Context::spanevent:
      return among(kSpan, name, out);
    case Context::datapoint:
      return among(kPoint, name, out) || among(kMetric, name, out);
    case Context::metric:
      return among(kMetric, name, out);
    default:
      return false;
  }
}

ContextSet around(Context context) {
  constexpr ContextSet kBoth = bit(Context::scope) | bit(Context::resource);
  switch (context) {
    case Context::exemplar:
      return bit(Context::exemplar) | bit(Context::datapoint) | bit(Context::metric) | kBoth;
    case Context::datapoint:
      return bit(Context::datapoint) | bit(Context::metric) | kBoth;
    case Context::spanevent:
      return bit(Context::spanevent) | bit(Context::span) | kBoth;
    case Context::scope:
      return kBoth;
    case Context::resource:
      return bit(Context::resource);
    default:
      return bit(context) | kBoth;
  }
}

bool find_context(std::string_view name, Context& out) {
  if (name == "instrumentation_scope") name = "scope";
  const auto* found = std::find(std::begin(kContextNames), std::end(kContextNames), name);
  if (found == std::end(kContextNames)) return false;
  out = static_cast<Context>(found - std::begin(kContextNames));
  return true;
}

Result<Context> infer_context(std::span<const std::string> statements,
                              std::span<const std::string> conditions, ContextSet candidates,
                              std::uint8_t functions) {
  Hints hints;
  for (const auto& text : statements) {
    auto parsed = parse_statement(text);
    if (!parsed) return fail(std::move(parsed.error()));
    collect(parsed->editor, hints);
    collect(parsed->where, hints);
  }
  for (const auto& text : conditions) {
    auto parsed = parse_condition(text);
    if (!parsed) return fail(std::move(parsed.error()));
    collect(*parsed, hints);
  }
  if (!hints.contexts) {
    if (!hints.unknown.empty())
      return fail(Fault::config, "unable to infer a valid context from statements or conditions: path " +
                                     go_quote(hints.unknown) + " has no context in front, such as log.body");
    return fail(Fault::config, "unable to infer context from statements or conditions: they have no path");
  }
  // The innermost context that is named; if it lacks a function or an enum, one further in may have it.
  int first = 0;
  while (!(hints.contexts & 1u << first)) ++first;
  const auto named = static_cast<Context>(first);
  std::string why = cannot(named, hints, functions);
  if (!(candidates & bit(named)))
    return fail(Fault::config,
                "inferred context " + go_quote(context_name(named)) + " is not a valid candidate");
  if (why.empty()) return named;
  for (int i = 0; i < 8; ++i) {
    const auto inner = static_cast<Context>(i);
    if (inner == named || !(candidates & bit(inner)) || !(around(inner) & bit(named))) continue;
    if (cannot(inner, hints, functions).empty()) return inner;
  }
  return fail(Fault::config, std::move(why));
}

}  // namespace gleaner::text::ottl
