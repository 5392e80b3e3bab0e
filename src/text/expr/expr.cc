#include "text/expr/expr.h"

#include "base/duration.h"
#include "text/expr/ast.h"
#include "text/expr/eval.h"

namespace gleaner::text::expr {

Program::Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Result<Program> Program::make(std::string_view source, bool want_bool) {
  Program program;
  program.source_ = source;
  Flaw flaw;
  program.root_ = parse(program.source_, flaw);
  if (!program.root_ || !check(*program.root_, program.slots_, flaw))
    return fail(Fault::config, describe(flaw, source));
  const Type type = program.root_->type;
  if (!fold(program.root_, flaw)) return fail(Fault::config, describe(flaw, source));
  if (want_bool && type.is != Type::Is::boolean && type.is != Type::Is::unknown)
    return fail(Fault::config, "expected bool, but got " + name_of(type));
  return program;
}

Result<Program> Program::compile(std::string_view source) { return make(source, false); }
Result<Program> Program::compile_bool(std::string_view source) { return make(source, true); }

Result<pdata::Value> Program::run(const Environment& environment, Arena& arena) const {
  Evaluator eval(environment, arena, slots_);
  Val out;
  if (!eval.run(*root_, out)) return fail(Fault::permanent, describe(eval.flaw(), source_));
  return eval.plain(out);
}

Result<bool> Program::test(const Environment& environment, Arena& arena) const {
  Evaluator eval(environment, arena, slots_);
  Val out;
  if (!eval.run(*root_, out)) return fail(Fault::permanent, describe(eval.flaw(), source_));
  if (out.nil()) return false;
  if (!out.is(pdata::Value::Kind::boolean))
    return fail(Fault::permanent,
                describe({0, "invalid operation: bool(" + std::string(type_name(out)) + ")"}, source_));
  return out.value.as_bool();
}

}  // namespace gleaner::text::expr
