#include "config/write.h"

#include <gtest/gtest.h>

#include "config/yaml.h"

namespace gleaner::config {
namespace {

bool same(const Node& a, const Node& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.kind() != b.kind()) return false;
  if (a.is_scalar()) return a.type() == b.type() && a.text() == b.text();
  if (a.is_list()) {
    if (a.items().size() != b.items().size()) return false;
    for (std::size_t i = 0; i < a.items().size(); ++i)
      if (!same(a.items()[i], b.items()[i])) return false;
    return true;
  }
  if (a.entries().size() != b.entries().size()) return false;
  for (const auto& entry : a.entries()) {
    const Node* there = b.find(entry.key);
    if (!there || !same(entry.value, *there)) return false;
  }
  return true;
}

class RoundTrip : public testing::TestWithParam<std::string> {};
TEST_P(RoundTrip, ReadsBackAsTheSame) {
  const auto first = parse_yaml(GetParam(), "a");
  ASSERT_TRUE(first) << first.error().what;
  for (const auto& text : {to_yaml(*first), to_yaml(*first, kManifestStyle), to_json(*first)}) {
    const auto again = parse_yaml(text, "b");
    ASSERT_TRUE(again) << again.error().what << "\n" << text;
    EXPECT_TRUE(same(*first, *again)) << text;
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, RoundTrip,
    testing::Values("{a: 1, b: [x, {c: d, e: [1, 2]}, [y]], f: {}, g: [], h: null}",
                    "{a: '1', b: 'true', c: 'null', d: '~', e: '1.5', f: ''}",
                    "{a: '- x', b: 'x: y', c: 'x #y', d: ' x', e: 'x ', f: '*x', g: '%x', h: '@x', i: 'x:'}",
                    "{a: \"x\\ny\", b: \"tab\\there\", c: 'quote\"d', d: 'back\\slash', e: \"bell\\a\"}",
                    "{'a key: here': 1, '1': x, 'true': y}", "{a: true, b: false, c: 1.5, d: -3}",
                    "{a: \"x\\Ny\\Lz\\P\\u0080\\uFEFF\", \"k\\L\": v}",
                    "{a: 'ünï', b: '2024-01-02', c: '=', d: '<<'}", "[1, [2, {a: b}]]"));

TEST(ToYaml, LooksLikeTheReferences) {
  EXPECT_EQ(to_yaml(*parse_yaml("{b: {d: [x, z], c: 1}, a: [{k: v, l: w}]}", "a")),
            "a:\n    - k: v\n      l: w\nb:\n    c: 1\n    d:\n        - x\n        - z\n");
}
TEST(ToYaml, QuotesWhatOlderReadersTakeForBooleans) {
  EXPECT_EQ(to_yaml(*parse_yaml("[yes, 'No', off, y, yesterday]", "a")),
            "- \"yes\"\n- \"No\"\n- \"off\"\n- \"y\"\n- yesterday\n");
}
TEST(ToYaml, WritesManifestsAsPeopleDo) {
  EXPECT_EQ(
      to_yaml(
          *parse_yaml("{b: [{d: 1, c: [x]}], a: \"l\\n\\n  m\\n\", e: {f: \"x\\ny\", g: \"x\\n\\n\"}}", "a"),
          kManifestStyle),
      "b:\n  - d: 1\n    c:\n      - x\na: |\n  l\n\n    m\ne:\n  f: |-\n    x\n    y\n  g: |+\n    x\n\n");
}
TEST(ToJson, WritesNumbersAsGoReadsThem) {
  EXPECT_EQ(to_json(*parse_yaml("{a: 0x1F, b: [1e3, .inf], c: 0123}", "a")),
            "{\n  \"a\": 31,\n  \"b\": [\n    1000,\n    \".inf\"\n  ],\n  \"c\": 83\n}\n");
}

}  // namespace
}  // namespace gleaner::config
