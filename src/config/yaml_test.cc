#include "config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::config {
namespace {
using testing::HasSubstr;
using testing::StartsWith;

std::string error_of(std::string_view text) {
  auto node = parse_yaml(text, "a.yaml");
  return node ? "no error" : node.error().what;
}

TEST(Yaml, MarksKeysAndValues) {
  auto node = parse_yaml("a:\n  b: 1\n  c: [x, y]\n", "a.yaml");
  ASSERT_TRUE(node);
  const Node* b = node->find("a")->find("b");
  EXPECT_EQ(b->mark().text(), "a.yaml:2:6");
  EXPECT_EQ(node->find("a")->entries()[1].mark.text(), "a.yaml:3:3");
}

struct TypeCase {
  std::string_view text;
  ScalarType want;
};
class YamlTypes : public testing::TestWithParam<TypeCase> {};
TEST_P(YamlTypes, FollowGo) { EXPECT_EQ(scalar_type(GetParam().text), GetParam().want) << GetParam().text; }
INSTANTIATE_TEST_SUITE_P(Table, YamlTypes,
                         testing::ValuesIn<TypeCase>({{"yes", ScalarType::string},
                                                      {"on", ScalarType::string},
                                                      {"true", ScalarType::boolean},
                                                      {"~", ScalarType::null},
                                                      {"", ScalarType::null},
                                                      {"0123", ScalarType::integer},
                                                      {"0o17", ScalarType::integer},
                                                      {"0x1F", ScalarType::integer},
                                                      {"1_000", ScalarType::integer},
                                                      {"1.50", ScalarType::real},
                                                      {".inf", ScalarType::real},
                                                      {"2024-01-02", ScalarType::timestamp},
                                                      {"127.0.0.1", ScalarType::string},
                                                      {"1h30m", ScalarType::string}}));

TEST(Yaml, OctalsAreNumbers) {
  EXPECT_EQ(parse_yaml("0123", "x")->integer(), 83);
  EXPECT_EQ(parse_yaml("0x1F", "x")->integer(), 31);
  EXPECT_EQ(parse_yaml("\"0x1F\"", "x")->integer(), std::nullopt);
}

TEST(Yaml, AnchorsAndMergeKeys) {
  auto node = parse_yaml("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n", "a.yaml");
  ASSERT_TRUE(node) << node.error().what;
  EXPECT_EQ(node->find("use")->find("x")->integer(), 1);
  EXPECT_EQ(node->find("use")->find("y")->integer(), 3);
}

TEST(Yaml, ErrorsPointAtTheLine) {
  EXPECT_THAT(error_of("a: 1\na: 2\n"), StartsWith("a.yaml:2:1: key \"a\" is already defined at line 1"));
  EXPECT_THAT(error_of("receivers:\n\totlp: {}\n"), HasSubstr("tab"));
  EXPECT_THAT(error_of("receivers:\n\totlp: {}\n"), StartsWith("a.yaml:2:1"));
  EXPECT_THAT(error_of("receivers: ["), StartsWith("a.yaml:1:"));
  EXPECT_THAT(error_of("a: *nope\n"), HasSubstr("unknown anchor 'nope'"));
}

TEST(Yaml, OutdentedListItemIsExplained) {
  const std::string error = error_of(
      "filelog:\n    operators:\n    - type: regex_parser\n      regex: x\n  - type: regex_parser\n    id: "
      "y\n");
  EXPECT_THAT(error, StartsWith("a.yaml:5:3"));
  EXPECT_THAT(error, HasSubstr("this list item is indented by 2 spaces"));
}

TEST(Yaml, AliasBombIsRefused) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) text += (k ? ",*a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("more than 1000000 values"));
}

TEST(Yaml, OnlyTheFirstDocumentCounts) {
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 2\n", "x")->entries().size(), 1u);
}

}  // namespace
}  // namespace gleaner::config
