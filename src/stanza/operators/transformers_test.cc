// add, copy, move, remove, retain, flatten, assign_keys, unquote, regex_replace, sanitize_utf8, filter,
// router, noop, and what `if` and on_error mean. Source: spec/filelog.md 10, 12, 17.
#include "stanza/operator_test.h"

namespace gleaner::stanza {
namespace {
using namespace testing_support;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

class Transformers : public OperatorTest, public testing::WithParamInterface<Row> {};
TEST_P(Transformers, Change) { check(GetParam()); }

const std::string kEntry = R"(@{"body":{"a":1,"n":{"x":"y"}},"attributes":{"k":"v"},"resource":{"r":"s"}})";
const std::string kSame = R"({"a":1,"n":{"x":"y"}} {"k":"v"} resource={"r":"s"})";

INSTANTIATE_TEST_SUITE_P(
    Operators, Transformers,
    testing::Values(
        Row{"noop", "[{type: noop}]", {kEntry}, {kSame}}, Row{"nothing", "[]", {kEntry}, {kSame}},
        // add
        Row{"add_attribute", "[{type: add, field: attributes.new, value: 7}]", {"b"}, {R"("b" {"new":7})"}},
        Row{"add_flat_key",
            "[{type: add, field: 'attributes[\"a.b\"]', value: x}]",
            {"b"},
            {R"("b" {"a.b":"x"})"}},
        Row{"add_nested",
            "[{type: add, field: attributes.a.b, value: x}]",
            {"b"},
            {R"("b" {"a":{"b":"x"}})"}},
        Row{"add_map_merges",
            "[{type: add, field: body, value: {a: 2, z: true}}]",
            {kEntry},
            {R"({"a":2,"n":{"x":"y"},"z":true} {"k":"v"} resource={"r":"s"})"}},
        Row{"add_map_replaces_text", "[{type: add, field: body, value: {a: 2}}]", {"text"}, {R"({"a":2})"}},
        Row{"add_replaces_what_is_no_map",
            "[{type: add, field: attributes.k.deep, value: x}]",
            {kEntry},
            {R"({"a":1,"n":{"x":"y"}} {"k":{"deep":"x"}} resource={"r":"s"})"}},
        Row{"add_expression",
            "[{type: add, field: attributes.up, value: 'EXPR(upper(body))'}]",
            {"abc"},
            {R"("abc" {"up":"ABC"})"}},
        Row{"add_expression_any_type",
            "[{type: add, field: attributes.len, value: 'EXPR(len(body))'}]",
            {"abc"},
            {R"("abc" {"len":3})"}},
        Row{"add_no_value", "[{type: add, field: attributes.x}]", {"b"}, {R"("b")"}, {""}},
        Row{"add_to_root",
            "[{type: add, field: resource.host, value: h}]",
            {"b"},
            {R"("b" resource={"host":"h"})"}},
        // copy, move, remove
        Row{"copy",
            "[{type: copy, from: body.n.x, to: attributes.c}]",
            {kEntry},
            {R"({"a":1,"n":{"x":"y"}} {"c":"y","k":"v"} resource={"r":"s"})"}},
        Row{"copy_missing", "[{type: copy, from: body.no, to: attributes.c}]", {kEntry}, {kSame}, {""}},
        Row{"move",
            "[{type: move, from: attributes.k, to: resource.k}]",
            {kEntry},
            {R"({"a":1,"n":{"x":"y"}} resource={"k":"v","r":"s"})"}},
        Row{"move_to_body",
            "[{type: move, from: body.n.x, to: body}]",
            {kEntry},
            {R"("y" {"k":"v"} resource={"r":"s"})"}},
        Row{"move_missing",
            "[{type: move, from: attributes.no, to: body}]",
            {kEntry},
            {kSame},
            {"move: field does not exist"}},
        Row{"move_map_to_attributes",
            "[{type: move, from: body.n, to: attributes.m}]",
            {kEntry},
            {R"({"a":1} {"k":"v","m":{"x":"y"}} resource={"r":"s"})"}},
        Row{"remove",
            "[{type: remove, field: body.n}]",
            {kEntry},
            {R"({"a":1} {"k":"v"} resource={"r":"s"})"}},
        Row{"remove_all",
            "[{type: remove, field: attributes}, {type: remove, field: resource}]",
            {kEntry},
            {R"({"a":1,"n":{"x":"y"}})"}},
        Row{"remove_missing", "[{type: remove, field: attributes.no}]", {kEntry}, {kSame}, {""}},
        // retain
        Row{"retain",
            "[{type: retain, fields: [body.a]}]",
            {kEntry},
            {R"({"a":1} {"k":"v"} resource={"r":"s"})"}},
        Row{"retain_nested",
            "[{type: retain, fields: [body.n.x, attributes.k]}]",
            {kEntry},
            {R"({"n":{"x":"y"}} {"k":"v"} resource={"r":"s"})"}},
        Row{"retain_missing",
            "[{type: retain, fields: [body.no]}]",
            {kEntry},
            {R"(null {"k":"v"} resource={"r":"s"})"}},
        Row{"retain_keeps_severity",
            "[{type: severity_parser, parse_from: attributes.s}, {type: retain, fields: [resource.r]}]",
            {R"(@{"body":"b","attributes":{"s":"error"}})"},
            {R"("b" {"s":"error"} sev=17/error)"}},
        // flatten, assign_keys
        Row{"flatten",
            "[{type: flatten, field: body.n}]",
            {R"(@{"body":{"a":1,"n":{"a":2,"b":3}}})"},
            {R"({"a":2,"b":3})"}},
        Row{"flatten_no_map", "[{type: flatten, field: body.a}]", {kEntry}, {kSame}, {""}},
        Row{"flatten_missing", "[{type: flatten, field: body.no}]", {kEntry}, {kSame}, {""}},
        Row{"assign_keys",
            "[{type: assign_keys, field: body, keys: [a, b]}]",
            {R"(@{"body":[1,"x"]})"},
            {R"({"a":1,"b":"x"})"}},
        Row{"assign_keys_too_few",
            "[{type: assign_keys, field: body, keys: [a]}]",
            {R"(@{"body":[1,"x"]})"},
            {R"([1,"x"])"},
            {""}},
        // unquote, regex_replace, sanitize_utf8
        Row{"unquote",
            "[{type: unquote, field: body}]",
            {R"("a\tb")", "`c\\d`", "'e'"},
            {R"("a\tb")", R"("c\\d")", R"("e")"}},
        Row{"unquote_bare", "[{type: unquote, field: body}]", {"bare"}, {R"("bare")"}, {""}},
        Row{"unquote_absent", "[{type: unquote, field: attributes.no}]", {"b"}, {R"("b")"}},
        Row{"regex_replace",
            "[{type: regex_replace, field: body, regex: '(\\w)=(\\w)', replace_with: '$2:${1}'}]",
            {"a=b, c=d"},
            {R"("b:a, d:c")"}},
        Row{"regex_replace_ansi",
            "[{type: regex_replace, field: body, regex_name: ansi_control_sequences}]",
            {"\x1b[31mred\x1b[0m"},
            {R"("red")"}},
        Row{"sanitize", "[{type: sanitize_utf8}]", {"a\xff"}, {"\"a\xef\xbf\xbd\""}},
        // filter
        Row{"filter",
            "[{type: filter, expr: 'body contains \"debug\"'}]",
            {"debug 1", "error", "debug 2"},
            {R"("error")"}},
        Row{"filter_nothing", "[{type: filter, expr: 'true', drop_ratio: 0}]", {"a"}, {R"("a")"}},
        Row{"filter_fails", "[{type: filter, expr: 'body.x.y == 1'}]", {"text"}, {}},
        Row{"filter_typo_is_nil", "[{type: filter, expr: 'atributes == \"y\"'}]", {"a"}, {R"("a")"}},
        // router
        Row{"router",
            "[{type: router, default: other, routes: [{expr: 'body == \"a\"', output: first}, {expr: 'body "
            "in [\"a\", \"b\"]', output: second, attributes: {by: 'EXPR(body)!'}}]},"
            " {type: add, id: first, field: attributes.first, value: 1, output: end}, {type: add, id: "
            "second, field: attributes.second, value: 2, output: end},"
            " {type: add, id: other, field: attributes.other, value: 3, output: end}, {type: noop, id: end}]",
            {"a", "b", "c", "a"},
            {R"("a" {"first":1})", R"("b" {"by":"b!","second":2})", R"("c" {"other":3})",
             R"("a" {"first":1})"}},
        Row{"router_falls_to_the_next",
            "[{type: router, routes: [{expr: 'true', output: one}]}, {type: add, id: one, field: "
            "attributes.a, value: 1}, {type: add, id: two, field: attributes.b, value: 2}]",
            {"x"},
            {R"("x" {"a":1,"b":2})"}},
        Row{"router_without_default",
            "[{type: router, routes: [{expr: 'body == \"a\"', output: end}]}, {type: noop, id: end}]",
            {"a", "b"},
            {R"("a")"}},
        Row{"router_expression_fails",
            "[{type: router, routes: [{expr: 'body.x == 1', output: end}, {expr: 'true', output: end}]}, "
            "{type: noop, id: end}]",
            {"a"},
            {R"("a")"}},
        // several outputs get copies
        Row{"two_outputs",
            "[{type: noop, output: [one, two]}, {type: add, id: one, field: attributes.a, value: 1, output: "
            "end}, {type: add, id: two, field: attributes.b, value: 2}, {type: noop, id: end}]",
            {kEntry},
            {R"({"a":1,"n":{"x":"y"}} {"a":1,"k":"v"} resource={"r":"s"})",
             R"({"a":1,"n":{"x":"y"}} {"b":2,"k":"v"} resource={"r":"s"})"}},
        // if
        Row{"if",
            "[{type: add, if: 'body == \"a\"', field: attributes.x, value: 1}]",
            {"a", "b"},
            {R"("a" {"x":1})", R"("b")"}},
        Row{"if_fails",
            "[{type: add, if: 'body.x == 1', field: attributes.x, value: 1}]",
            {"b"},
            {R"("b")"},
            {""}},
        Row{"if_fails_drop",
            "[{type: add, on_error: drop, if: 'body.x == 1', field: attributes.x, value: 1}]",
            {"b"},
            {},
            {""}},
        // on_error
        Row{"on_error_send",
            "[{type: remove, field: attributes.no, on_error: send}]",
            {"b", "c"},
            {R"("b")", R"("c")"},
            {"", ""}},
        Row{"on_error_send_quiet",
            "[{type: remove, field: attributes.no, on_error: send_quiet}]",
            {"b"},
            {R"("b")"}},
        Row{"on_error_drop",
            "[{type: remove, field: attributes.no, on_error: drop}]",
            {"b", R"(@{"body":"c","attributes":{"no":1}})", "d"},
            {R"("c")"},
            {"", ""}},
        Row{"on_error_drop_quiet",
            "[{type: remove, field: attributes.no, on_error: drop_quiet}]",
            {"b"},
            {}}),
    RowName());

TEST_F(OperatorTest, OnErrorLogs) {
  for (const char* mode : {"send", "drop", "send_quiet", "drop_quiet"}) {
    log.lines.clear();
    ASSERT_EQ(build(std::string("[{type: remove, field: attributes.no, on_error: ") + mode + "}]"), "");
    feed({R"(@{"body":"b","attributes":{"k":"v"}})"});
    const bool quiet = std::string(mode).find("quiet") != std::string::npos;
    EXPECT_EQ(log.count("Failed to process entry"), quiet ? 0 : 1) << mode;
    if (!quiet)
      EXPECT_THAT(log.lines,
                  Each(AllOf(HasSubstr(mode), HasSubstr("operator_type"), HasSubstr("\"k\": \"v\""))));
  }
}

TEST_F(OperatorTest, FilterDropsAShare) {
  ASSERT_EQ(build("[{type: filter, expr: 'true', drop_ratio: 0.5}]"), "");
  for (int i = 0; i < 20; ++i) feed(Texts(500, "x"));
  EXPECT_GT(out.size(), 4'000u);  // 5000 +- 50: twenty standard deviations away
  EXPECT_LT(out.size(), 6'000u);
  EXPECT_EQ(pipeline->tally().filtered, 10'000 - out.size());
}

struct Wrong {
  const char* operators;
  const char* words;
};
class OperatorConfigs : public OperatorTest, public testing::WithParamInterface<Wrong> {};
TEST_P(OperatorConfigs, AreRefused) {
  const std::string words = build(GetParam().operators);
  EXPECT_NE(words, "");
  EXPECT_THAT(words, HasSubstr(GetParam().words));
}
INSTANTIATE_TEST_SUITE_P(
    Operators, OperatorConfigs,
    testing::Values(Wrong{"[{field: body}]", "missing required field 'type'"},
                    Wrong{"[{type: nope}]", "unsupported type 'nope'"},
                    Wrong{"[{type: move, from: message, to: body}]", "unrecognized prefix"},
                    Wrong{"[{type: move, from: body}]", "to"},
                    Wrong{"[{type: add, field: 'attributes[x]', value: 1}]", ""},
                    Wrong{"[{type: noop, on_error: never}, {type: nope}]", "nope"},
                    Wrong{"[{type: remove, field: body, on_error: never}]",
                          "send, send_quiet, drop, drop_quiet"},
                    Wrong{"[{type: remove, field: body, if: '1 +'}]", "if"},
                    Wrong{"[{type: retain}]", "fields"}, Wrong{"[{type: filter}]", "expr"},
                    Wrong{"[{type: noop, id: a}, {type: noop, id: a}]", "already exists in pipeline"},
                    Wrong{"[{type: noop, output: nowhere}]", "does not exist"},
                    Wrong{"[{type: noop, id: a, output: b}, {type: noop, id: b, output: a}]", "circular"},
                    Wrong{"[{type: noop, output: [log_emitter, log_emitter]}]", "already exists"},
                    Wrong{"{type: noop}", "a list of operators"}));

TEST_F(OperatorTest, UnknownKeysAndNumberedIds) {
  EXPECT_EQ(build("[{type: noop, typo: 1}, {type: noop, id: noop1}, {type: noop, output: noop3}, {type: "
                  "noop}, {type: noop}]"),
            "");
  feed({"x"});
  EXPECT_EQ(out.size(), 1u);
}

}  // namespace
}  // namespace gleaner::stanza
