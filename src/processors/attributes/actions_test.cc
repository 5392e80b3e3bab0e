#include "processors/attributes/actions.h"

#include <gtest/gtest.h>

#include "config/yaml.h"

namespace gleaner::processors::attributes {
namespace {

struct Case {
  std::string action, before, after;
};
class ActionTable : public testing::TestWithParam<Case> {};
TEST_P(ActionTable, ChangesTheMap) {
  config::Problems problems;
  const auto config =
      config::decode<ActionConfig>(*config::parse_yaml(GetParam().action, "a"), "p", problems);
  ASSERT_FALSE(problems.any_errors()) << problems.errors_text();
  auto actions = Actions::compile({config});
  ASSERT_TRUE(actions);
  Arena arena;
  pdata::Value map = match::to_value(arena, *config::parse_yaml(GetParam().before, "b"));
  const Client client{"10.0.0.1", {{"Tenant", "a"}, {"tenant", "b"}}, {{"username", "alice"}}};
  actions->apply(arena, map.as_map(), &client);
  EXPECT_EQ(pdata::as_text(map), GetParam().after);
}
INSTANTIATE_TEST_SUITE_P(
    Spec63, ActionTable,
    testing::ValuesIn<Case>({
        {"{key: a, value: 1, action: insert}", "{}", R"({"a":1})"},
        {"{key: a, value: 1, action: insert}", "{a: x}", R"({"a":"x"})"},
        {"{key: a, value: 1, action: update}", "{}", "{}"},
        {"{key: a, value: [1, x], action: upsert}", "{a: x}", R"({"a":[1,"x"]})"},
        {"{key: a, from_attribute: b, action: insert}", "{b: true}", R"({"a":true,"b":true})"},
        {"{key: a, from_attribute: b, default_value: d, action: insert}", "{}", R"({"a":"d"})"},
        {"{key: a, from_context: metadata.TENANT, action: insert}", "{}", R"({"a":"a;b"})"},
        {"{key: a, from_context: auth.username, action: insert}", "{}", R"({"a":"alice"})"},
        {"{key: a, from_context: auth.raw, action: insert}", "{}", "{}"},
        {"{key: a, from_context: client.address, action: insert}", "{}", R"({"a":"10.0.0.1"})"},
        {"{key: a, action: delete}", "{a: 1, b: 2}", R"({"b":2})"},
        {"{pattern: '^r.*o$', action: delete}", "{ratio: 1, b: 2, radio: 3}", R"({"b":2})"},
        {"{key: a, action: hash}", "{a: abc}",
         R"({"a":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})"},
        {"{key: a, action: hash}", "{a: [1]}", R"({"a":""})"},
        {"{key: a, converted_type: int, action: convert}", "{a: '404'}", R"({"a":404})"},
        {"{key: a, converted_type: int, action: convert}", "{a: abc}", R"({"a":"abc"})"},
        {"{key: a, converted_type: int, action: convert}", "{a: 0.5}", R"({"a":0})"},
        {"{key: a, converted_type: double, action: convert}", "{a: true}", R"({"a":1})"},
        {"{key: a, converted_type: string, action: convert}", "{a: [b]}", R"({"a":"[\"b\"]"})"},
        {"{key: a, pattern: '^(?P<u>[^@]+)@(?P<h>.+)$', action: extract}", "{a: x@y}",
         R"({"a":"x@y","h":"y","u":"x"})"},
    }));

TEST(ActionConfig, SaysWhatIsWrong) {
  for (const char* bad :
       {"{key: a, action: explode}", "{key: a, action: insert}", "{action: delete}",
        "{key: a, action: extract}", "{key: a, pattern: '(x)', action: extract}",
        "{key: a, converted_type: x, action: convert}",
        "{key: a, value: 1, from_attribute: b, action: upsert}", "{key: a, pattern: '(', action: hash}"}) {
    config::Problems problems;
    (void)config::decode<ActionConfig>(*config::parse_yaml(bad, "a"), "p", problems);
    EXPECT_EQ(problems.errors(), 1u) << bad << ": " << problems.errors_text();
  }
}

}  // namespace
}  // namespace gleaner::processors::attributes
