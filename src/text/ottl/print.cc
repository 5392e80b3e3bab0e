// Trees back to text, in one spelling: for error words and for the fuzz target's round trip.
#include "base/shortest.h"
#include "pdata/common.h"
#include "text/go_format.h"
#include "text/ottl/parser.h"

namespace gleaner::text::ottl {
namespace {

void quote(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < ' ' || byte >= 0x7f) {
      ((out += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void put(std::string& out, const Expr& expr);
void put_keys(std::string& out, const std::vector<Expr>& keys) {
  for (const auto& key : keys) {
    out += '[';
    put(out, key);
    out += ']';
  }
}
/// Operands of arithmetic that are arithmetic themselves stand in parentheses.
void put_operand(std::string& out, const Expr& expr) {
  const bool nested = expr.kind == Expr::Kind::math || expr.kind == Expr::Kind::negate;
  if (nested) out += '(';
  put(out, expr);
  if (nested) out += ')';
}

void put_real(std::string& out, double value) {
  const std::string text = shortest(value, DoubleForm::fixed);
  out += text;
  if (text.find('.') == std::string_view::npos) out += ".0";
}

void put(std::string& out, const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::nil:
      out += "nil";
      return;
    case Expr::Kind::boolean:
      out += expr.number ? "true" : "false";
      return;
    case Expr::Kind::integer:
      out += std::to_string(expr.number);
      return;
    case Expr::Kind::real:
      put_real(out, expr.real);
      return;
    case Expr::Kind::string:
      quote(out, expr.text);
      return;
    case Expr::Kind::bytes:
      out += "0x" + pdata::hex(expr.text);
      return;
    case Expr::Kind::symbol:
      out += expr.text;
      return;
    case Expr::Kind::path:
      for (std::size_t i = 0; i < expr.steps.size(); ++i) {
        if (i) out += '.';
        out += expr.steps[i].name;
        put_keys(out, expr.steps[i].keys);
      }
      return;
    case Expr::Kind::call:
      out += expr.text + "(";
      for (std::size_t i = 0; i < expr.arguments.size(); ++i) {
        if (i) out += ", ";
        if (!expr.arguments[i].name.empty()) out += expr.arguments[i].name + "=";
        put(out, expr.arguments[i].value);
      }
      out += ')';
      put_keys(out, expr.keys);
      return;
    case Expr::Kind::negate:
      out += '-';
      put_operand(out, expr.items[0]);
      return;
    case Expr::Kind::math:
      put_operand(out, expr.items[0]);
      ((out += ' ') += expr.op) += ' ';
      put_operand(out, expr.items[1]);
      return;
    case Expr::Kind::list:
      out += '[';
      for (std::size_t i = 0; i < expr.items.size(); ++i) {
        if (i) out += ", ";
        put(out, expr.items[i]);
      }
      out += ']';
      return;
    case Expr::Kind::map:
      out += '{';
      for (std::size_t i = 0; i < expr.items.size(); ++i) {
        if (i) out += ", ";
        quote(out, expr.names[i]);
        out += ": ";
        put(out, expr.items[i]);
      }
      out += '}';
      return;
  }
}

void put(std::string& out, const Cond& cond) {
  static constexpr std::string_view kOps[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
  const auto part = [&](const Cond& inner) {
    const bool nested = inner.kind >= Cond::Kind::negate;
    if (nested) out += '(';
    put(out, inner);
    if (nested) out += ')';
  };
  switch (cond.kind) {
    case Cond::Kind::always:
      out += "true";
      return;
    case Cond::Kind::never:
      out += "false";
      return;
    case Cond::Kind::call:
      put(out, cond.operands[0]);
      return;
    case Cond::Kind::compare:
      put(out, cond.operands[0]);
      out += kOps[static_cast<std::size_t>(cond.op)];
      put(out, cond.operands[1]);
      return;
    case Cond::Kind::negate:
      out += "not ";
      part(cond.parts[0]);
      return;
    case Cond::Kind::all:
    case Cond::Kind::any:
      for (std::size_t i = 0; i < cond.parts.size(); ++i) {
        if (i) out += cond.kind == Cond::Kind::all ? " and " : " or ";
        part(cond.parts[i]);
      }
      return;
  }
}

}  // namespace

std::string print(const Expr& expr) {
  std::string out;
  put(out, expr);
  return out;
}
std::string print(const Cond& condition) {
  std::string out;
  put(out, condition);
  return out;
}
std::string print(const StatementText& statement) {
  std::string out = print(statement.editor);
  if (statement.conditional) out += " where " + print(statement.where);
  return out;
}

}  // namespace gleaner::text::ottl
