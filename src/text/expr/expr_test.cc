#include <gtest/gtest.h>

#include <cstdlib>

#include "text/expr/expr.h"
#include "text/expr/expr_cases.h"
#include "text/go_format.h"
#include "text/json.h"

namespace gleaner::text::expr {
namespace {

constexpr std::string_view kAttributes =
    R"({"n":3,"f":1.5,"s":"text","b":true,"nul":null,"list":[1,2,3],"tags":["a","b"],"m":{"x":{"y":1},"k":"v"},)"
    R"("objs":[{"id":2,"g":"p"},{"id":1,"g":"q"},{"id":3,"g":"p"}],"empty":[],"code":404})";

class Expr : public testing::TestWithParam<ExprCase> {};
TEST_P(Expr, MatchesExprLang) {
  ::setenv("WHERE", "lab", 1);
  Arena arena;
  const auto attributes = *JsonReader().read_object(kAttributes, arena);
  pdata::Map resource;
  resource.set(arena, "service", pdata::Value::string("shop"));
  const Environment environment{pdata::Value::string("GET /x?a=1 200"), &attributes, &resource,
                                1720000000000000005};

  std::string_view source = GetParam().source;
  const bool condition = source.starts_with("BOOL ");
  if (condition) source.remove_prefix(5);
  const auto got = [&]() -> std::string {
    const auto program = condition ? Program::compile_bool(source) : Program::compile(source);
    if (!program) return "C " + go_quote(program.error().what);
    if (condition) {
      const auto truth = program->test(environment, arena);
      return truth ? *truth ? "R true" : "R false" : "E " + go_quote(truth.error().what);
    }
    const auto result = program->run(environment, arena);
    if (!result) return "E " + go_quote(result.error().what);
    std::string out = "R ";
    pdata::append_json(out, *result);
    return out;
  };
  EXPECT_EQ(got(), GetParam().want) << source;
}
INSTANTIATE_TEST_SUITE_P(Table, Expr, testing::ValuesIn(kExprCases));

TEST(ExprLimits, BoundsWhatAnExpressionMayTake) {
  Arena arena;
  const auto error = [&](std::string_view source) {
    const auto program = Program::compile(source);
    if (!program) return program.error().what;
    const auto result = program->run({}, arena);
    return result ? std::string("none") : result.error().what;
  };
  EXPECT_NE(error("1..2000000").find("memory budget exceeded"), std::string::npos);
  EXPECT_NE(error("reduce(1..100, #acc + #acc, 'aaaa')").find("memory budget exceeded"), std::string::npos);
  EXPECT_NE(error("let r = 1..9000; all(r, {all(r, {# > 0})})").find("too many steps"), std::string::npos);
  EXPECT_NE(error(std::string(10000, '(')).find("nested too deep"), std::string::npos);
  EXPECT_NE(error(std::string(10000, '!') + "true").find("nested too deep"), std::string::npos);
  std::string sum = "1";
  for (int i = 0; i < 20000; ++i) sum += "+1";
  EXPECT_NE(error(sum).find("compilation failed"), std::string::npos);
}

TEST(ExprLimits, KeepsAbsentMapsApart) {
  Arena arena;
  EXPECT_TRUE(Program::compile("resource.x")
                  ->run({}, arena)
                  .error()
                  .what.starts_with("cannot fetch x from <nil> (1:10)"));
  EXPECT_TRUE(*Program::compile_bool("resource == nil")->test({}, arena));
}

}  // namespace
}  // namespace gleaner::text::expr
