#include "text/ottl/ottl.h"

#include <gtest/gtest.h>

#include "text/json.h"
#include "text/ottl/ottl_cases.h"
#include "text/ottl/parser.h"
#include "text/ottl/sequence.h"
#include "text/ottl/walk.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

/// The record of ottl_cases.h in its resource and scope.
struct World {
  Arena arena;
  pdata::ResourceLogs resource;
  pdata::ScopeLogs scope;
  pdata::LogRecord record;
  Env env{arena};

  World() {
    JsonReader reader({.parse_ints = true});
    record.attributes = *reader.read_object(
        R"({"s":"Hello World","i":42,"neg":-5,"d":2.5,"b":true,"e":null,"num":"123","flt":"1.5",
            "list":["b","a",3],"ints":[3,1,2.5],"map":{"x":"y","n":1,"deep":{"z":false}},
            "maps":[{"name":"k1","v":1},{"name":"k2","v":2}],
            "json":"{\"a\":1,\"b\":[true,null,\"x\"],\"c\":{\"d\":1.5}}",
            "url":"http://user:pw@example.com:8080/path/to.html?a=1&b=2#frag","utf":"héllo wörld €",
            "ua":"curl/7.81.0","t":"2023-05-26 12:34:56","email":"bob@example.com","key":"s"})",
        arena);
    record.attributes.set(arena, "by", Value::bytes("\1\2\3"));
    record.attributes.set(arena, "eby", Value::bytes(""));
    record.time = 1700000000123456789;
    record.observed_time = 1700000001000000000;
    record.severity_number = 9;
    record.severity_text = "INFO";
    record.body = Value::string("user=anna code=42 <a&b>");
    record.has_body = true;
    record.flags = 1;
    record.dropped_attributes_count = 3;
    record.event_name = "ev";
    record.trace_id.assign("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20");
    record.span_id.assign("\1\2\3\4\5\6\7\10");
    resource.resource.attributes.set(arena, "service.name", Value::string("shop"));
    resource.resource.dropped_attributes_count = 2;
    resource.schema_url = "http://r";
    scope.scope.name = "sc";
    scope.scope.version = "1.2";
    scope.scope.attributes.set(arena, "sa", Value::string("x"));
    scope.schema_url = "http://s";
    enter_resource(env, resource);
    enter_scope(env, scope);
    enter(env, record);
  }
  /// As in ottl_cases.h.
  std::string run(const std::string& statement) {
    auto made = Statement::compile(statement, {.context = Context::log, .functions = kTransform});
    if (!made) return "!compile";
    if (made->run(env) == Ran::failed) return "!error";
    const Value* out = record.attributes.find("out");
    if (!out || out->is_empty()) return "!nothing";
    std::string text;
    pdata::append_json(text, *out);
    return text;
  }
};

class Expression : public testing::TestWithParam<ottl::cases::ExpressionCase> {};
TEST_P(Expression, IsWhatTheReferenceMakesOfIt) {
  World world;
  EXPECT_EQ(world.run("set(attributes[\"out\"], " + std::string(GetParam().expression) + ")"),
            GetParam().want)
      << GetParam().expression << "\n"
      << world.env.error;
}
INSTANTIATE_TEST_SUITE_P(Recorded, Expression, testing::ValuesIn(ottl::cases::kExpressions));

struct EditorCase {
  std::string_view statement, path, want;
};
class Editor : public testing::TestWithParam<EditorCase> {};
TEST_P(Editor, ChangesTheRecord) {
  World world;
  auto made = Statement::compile(GetParam().statement, {.context = Context::log});
  ASSERT_TRUE(made) << made.error().what;
  ASSERT_NE(made->run(world.env), Ran::failed) << world.env.error;
  EXPECT_EQ(world.run("set(attributes[\"out\"], " + std::string(GetParam().path) + ")"), GetParam().want)
      << GetParam().statement;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Editor,
    testing::ValuesIn<EditorCase>({
        {R"(set(time, Unix(5)))", "time_unix_nano", "5000000000"},
        {R"(set(body["x"], 1) where IsMap(body))", "body", R"("user=anna code=42 <a&b>")"},
        {R"(set(attributes["new"]["k"][1], "v"))", R"(attributes["new"])", R"({"k":[null,"v"]})"},
        {R"(set(attributes["map"], attributes["map"]["deep"]))", R"(attributes["map"])", R"({"z":false})"},
        {R"(set(trace_id.string, "ffffffffffffffffffffffffffffffff"))", "trace_id.string",
         R"("ffffffffffffffffffffffffffffffff")"},
        {R"(set(scope.name, "n"))", "scope.name", R"("n")"},
        {R"(set(attributes["s"], nil))", R"(attributes["s"])", R"("Hello World")"},
        {R"(delete_key(attributes["map"], "x"))", R"(attributes["map"])", R"({"deep":{"z":false},"n":1})"},
        {R"(delete_matching_keys(attributes["map"], "^[dn]"))", R"(attributes["map"])", R"({"x":"y"})"},
        {R"(keep_matching_keys(attributes["map"], "^x"))", R"(attributes["map"])", R"({"x":"y"})"},
        {R"(keep_keys(attributes["map"], ["n", "q"]))", R"(attributes["map"])", R"({"n":1})"},
        {R"(limit(attributes["map"], 1, ["n"]))", R"(attributes["map"])", R"({"n":1})"},
        {R"(truncate_all(attributes, 2))", R"(attributes["utf"])", R"("h")"},
        {R"(truncate_all(attributes, 5, true, "..."))", R"(attributes["s"])", R"("He...")"},
        {R"(merge_maps(attributes["map"], {"x": 2, "w": 3}, "insert"))", R"(attributes["map"]["x"])",
         R"("y")"},
        {R"(merge_maps(attributes["map"], {"x": 2, "w": 3}, "update"))", R"(attributes["map"]["w"])",
         "!nothing"},
        {R"(merge_maps(attributes["map"], {"x": 2, "w": 3}, "upsert"))", R"(attributes["map"]["x"])", "2"},
        {R"(flatten(attributes["map"]))", R"(attributes["map"])", R"({"deep.z":false,"n":1,"x":"y"})"},
        {R"(flatten(attributes["map"], "p", depth=1))", R"(Keys(attributes["map"]))",
         R"(["p.x","p.n","p.deep.z"])"},
        {R"(append(attributes["list"], "x", values=[1, 2]))", R"(attributes["list"])",
         R"(["b","a",3,"x",1,2])"},
        {R"(append(attributes["nope"], "x"))", R"(attributes["nope"])", R"(["x"])"},
        {R"(delete_index(attributes["list"], 0, 2))", R"(attributes["list"])", "[3]"},
        {R"(stringify_all(attributes["map"]))", R"(attributes["map"])",
         R"({"deep":"{\"z\":false}","n":"1","x":"y"})"},
        {R"x(replace_pattern(attributes["s"], "(\\w+) (\\w+)", "$2 $1"))x", R"(attributes["s"])",
         R"("World Hello")"},
        {R"x(replace_pattern(attributes["s"], "(o)", "$1", ToUpperCase, "<%s>"))x", R"(attributes["s"])",
         R"("Hell<O> W<O>rld")"},
        {R"x(replace_all_patterns(attributes["map"], "key", "^(.)", "k.$1"))x", R"(Keys(attributes["map"]))",
         R"(["k.x","k.n","k.deep"])"},
        {R"(replace_all_patterns(attributes["map"], "value", "y", "z"))", R"(attributes["map"]["x"])",
         R"("z")"},
        {R"(replace_match(attributes["s"], "Hello*", "bye"))", R"(attributes["s"])", R"("bye")"},
        {R"(replace_all_matches(attributes["map"], "?", "bye"))", R"(attributes["map"]["x"])", R"("bye")"},
    }));

struct ConditionCase {
  std::string_view condition;
  bool want;
};
class Conditional : public testing::TestWithParam<ConditionCase> {};
TEST_P(Conditional, Compares) {
  World world;
  auto made = Condition::compile(GetParam().condition, {.context = Context::log});
  ASSERT_TRUE(made) << made.error().what;
  bool out = false;
  ASSERT_TRUE(made->test(world.env, out)) << world.env.error;
  EXPECT_EQ(out, GetParam().want) << GetParam().condition;
}
INSTANTIATE_TEST_SUITE_P(Table, Conditional,
                         testing::ValuesIn<ConditionCase>({
                             {R"(attributes["i"] > 41.5)", true},
                             {R"(attributes["i"] == "42")", false},
                             {R"(attributes["i"] != "42")", true},
                             {R"(attributes["nope"] == nil)", true},
                             {R"(attributes["eby"] == nil)", true},
                             {R"(nil <= attributes["nope"])", true},
                             {R"(nil < nil)", false},
                             {R"(attributes["list"] == ["b", "a", 3])", true},
                             {R"(attributes["map"] == {"x": "y", "n": 1, "deep": {"z": false}})", true},
                             {R"(attributes["map"] < {"x": "y"})", false},
                             {R"(attributes["by"] < 0x0104)", true},
                             {"false < true", true},
                             {"true or false and false", true},
                             {"not true or true", true},
                             {R"(not (attributes["i"] == 1) and IsString(body))", true},
                             {R"((attributes["i"] + 1) * 2 == 86)", true},
                             {"((severity_number >= SEVERITY_NUMBER_INFO))", true},
                             {R"(observed_time - time > Duration("500ms"))", true},
                             {"trace_id == TraceID(0x0102030405060708090a0b0c0d0e0f10)", true},
                             {"trace_id != SpanID(0x0102030405060708)", true},
                             {"true or 1 / 0 == 1", true},
                         }));

struct RefusalCase {
  std::string_view statement, says;
};
class Refusal : public testing::TestWithParam<RefusalCase> {};
TEST_P(Refusal, SaysWhatAndWhere) {
  auto made = Statement::compile(GetParam().statement, {.context = Context::log});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find(GetParam().says), std::string::npos) << made.error().what;
}
INSTANTIATE_TEST_SUITE_P(Table, Refusal,
                         testing::ValuesIn<RefusalCase>({
                             {"set(body,", "statement has invalid syntax: 1:10: unexpected end"},
                             {"Nope(body)", "editor names must start with a lowercase letter"},
                             {"nope(body)", R"(undefined function "nope" (at 1:1))"},
                             {"set(body, nope(1))", "converter names must start with an uppercase letter"},
                             {"set(body, Split(1, \",\"))", "expected string but got int64 (at 1:17)"},
                             {"set(nope, 1)", R"(segment "nope" from path "nope")"},
                             {"set(span.name, 1)", R"(segment "span.name" from path)"},
                             {"set(severity_text[\"x\"], 1)", "were not used by the context"},
                             {"set(body, SEVERITY_NUMBER_NOPE)",
                              "enum symbol, SEVERITY_NUMBER_NOPE, not found"},
                             {"set(body)", "incorrect number of arguments. Expected: 2 Received: 1"},
                             {"set(body, value=1, 2)", "incorrect number of arguments"},
                             {"set(1, body)", "must be a path"},
                             {"set(body, 1)[\"x\"]", "only paths and converters may be indexed"},
                             {"set(body, \"\\q\")", "invalid escape"},
                             {"set(body, 99999999999999999999)", "number out of range"},
                             {"delete_matching_keys(attributes, \"(\")", "is not a valid pattern"},
                             {"convert_sum_to_gauge()", "undefined function"},
                             {"set(body,\n  Nope(1))", "(at 2:3)"},
                         }));

TEST(Refusals, NestingIsBounded) {
  const std::string open(1000, '('), lists(1000, '[');
  EXPECT_FALSE(parse_condition(open + "true"));
  EXPECT_FALSE(parse_statement("set(body, " + lists));
  EXPECT_FALSE(parse_statement("set(body, \"" + std::string(70'000, 'x') + "\")"));
}

TEST(Inference, TakesTheInnermostContext) {
  const auto infer = [](std::vector<std::string> statements, ContextSet among) {
    auto made = infer_context(statements, {}, among, kTransform);
    return made ? std::string(context_name(*made)) : "!" + made.error().what;
  };
  constexpr auto kTraces = contexts_of<Traces>(), kMetrics = contexts_of<Metrics>();
  EXPECT_EQ(infer({"set(resource.attributes[\"a\"], span.name)"}, kTraces), "span");
  EXPECT_EQ(infer({"set(resource.attributes[\"a\"], 1)"}, kTraces), "resource");
  EXPECT_EQ(infer({"set(resource.attributes[\"a\"], SPAN_KIND_SERVER)"}, kTraces), "spanevent");
  EXPECT_EQ(infer({"convert_summary_sum_val_to_sum(\"delta\", true) where metric.name == \"a\""}, kMetrics),
            "datapoint");
  EXPECT_EQ(infer({"set(name, 1)"}, kTraces)[0], '!');
  EXPECT_EQ(infer({"set(log.body, 1)"}, kTraces)[0], '!');
}

TEST(Printing, ReadsBackTheSame) {
  for (const auto& row : ottl::cases::kExpressions) {
    auto first = parse_statement("set(attributes[\"out\"], " + std::string(row.expression) +
                                 ") where not (a == -1) or B()");
    if (!first) continue;
    const std::string text = print(*first);
    auto second = parse_statement(text);
    ASSERT_TRUE(second) << text << ": " << second.error().what;
    EXPECT_EQ(print(*second), text);
  }
}

TEST(TraceState, ReadsAndPuts) {
  std::string_view found;
  EXPECT_TRUE(trace_state_get("a=1,b=2", "b", found));
  EXPECT_EQ(found, "2");
  std::string made;
  EXPECT_TRUE(trace_state_put("a=1,b=2", "b", "9", made));
  EXPECT_EQ(made, "b=9,a=1");
  EXPECT_FALSE(trace_state_put("a=1", "A!", "9", made));
}

TEST(DropWhere, TakesWhatIsEmptyAfterwards) {
  Records<Metrics> records;
  Arena& arena = records.arena;
  pdata::ResourceMetrics resource;
  pdata::ScopeMetrics scope;
  pdata::Metric metric;
  metric.kind = pdata::Metric::Kind::gauge;
  metric.name = "a";
  for (int i = 0; i < 3; ++i) {
    pdata::NumberPoint point;
    point.value = Value::integer(i);
    metric.numbers.push_back(arena, point);
  }
  scope.records.push_back(arena, metric);
  metric.kind = pdata::Metric::Kind::none;
  metric.numbers = {};
  scope.records.push_back(arena, metric);
  resource.scopes.push_back(arena, scope);
  records.resources.push_back(arena, resource);
  Env env(arena);
  drop_where(records, Context::datapoint, env, [&] { return env.number->value.as_int() < 2; });
  ASSERT_EQ(records.resources.size(), 1u);
  EXPECT_EQ(records.resources[0].scopes[0].records[0].numbers.size(), 1u);
  drop_where(records, Context::datapoint, env, [] { return true; });
  EXPECT_EQ(records.resources[0].scopes[0].records.size(), 1u);  // the one without a kind stays
  drop_where(records, Context::metric, env, [] { return true; });
  EXPECT_TRUE(records.resources.empty());
}

}  // namespace
}  // namespace gleaner::text::ottl
