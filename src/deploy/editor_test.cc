#include "deploy/editor.h"

#include <gmock/gmock.h>

#include "deploy/testing.h"

namespace gleaner::deploy {
namespace {
using testing::HasSubstr;
using Kind = Change::Kind;

struct Case {
  std::string name, before;
  Change change;
  std::string after;
};
class Edit : public testing::TestWithParam<Case> {};
TEST_P(Edit, ChangesOnlyThat) {
  const auto& [name, before, change, after] = GetParam();
  const auto made = edit(before, {{change}}, "a.yaml");
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(*made, after);
}
Change item(const std::string& path, const std::string& yaml) {
  return {Kind::add_item, path, "", doc(yaml), 0};
}
Change entry(const std::string& path, const std::string& key, const std::string& yaml) {
  return {Kind::add_entry, path, key, doc(yaml), 0};
}
INSTANTIATE_TEST_SUITE_P(
    Table, Edit,
    testing::ValuesIn<Case>({
        {"indentless_list", "l:\n- a  # c\nm: 1\n", item("l", "b"), "l:\n- a  # c\n- b\nm: 1\n"},
        {"indented_list", "l:\n   - a\n", item("l", "{k: v, w: [1]}"),
         "l:\n   - a\n   - k: v\n     w:\n       - 1\n"},
        {"flow_list", "l: [ a ] # c\n", item("l", "{k: v}"), "l: [ a, {\"k\":\"v\"} ] # c\n"},
        {"empty_flow_list", "l: [ ]\n", item("l", "b"), "l: [\"b\" ]\n"},
        {"comments_stay_with_what_they_follow", "l:\n- a\n  # deeper\n# outside\n", item("l", "b"),
         "l:\n- a\n  # deeper\n- b\n# outside\n"},
        {"behind_a_literal", "l:\n- |\n  x\n\n- y\nm: 1\n", item("l", "b"),
         "l:\n- |\n  x\n\n- y\n- b\nm: 1\n"},
        {"after_a_literals_blank_lines", "l:\n- |\n  x\n\nm: 1\n", item("l", "b"),
         "l:\n- |\n  x\n\n- b\nm: 1\n"},
        {"no_newline_at_the_end", "l:\n- a", item("l", "b"), "l:\n- a\n- b"},
        {"carriage_returns", "l:\r\n- a\r\n", item("l", "b"), "l:\r\n- a\r\n- b\r\n"},
        {"not_ascii", "ü: ☃\nl:\n- ä\n", item("l", "b"), "ü: ☃\nl:\n- ä\n- b\n"},
        {"byte_order_mark", "\xEF\xBB\xBFl:\n- a\n", item("l", "b"), "\xEF\xBB\xBFl:\n- a\n- b\n"},
        {"block_map", "m:\n  a: 1\n\nn: 2\n", entry("m", "b/c", "{d: e}"),
         "m:\n  a: 1\n  b/c:\n    d: e\n\nn: 2\n"},
        {"flow_map", "m: {a: 1}\n", entry("m", "b", "x"), "m: {a: 1, \"b\":\"x\"}\n"},
        {"empty_flow_map", "m: {}\n", entry("m", "b", "x"), "m: {\"b\":\"x\"}\n"},
        {"map_in_a_list", "- a: 1\n  b: 2\n- c: 3\n", entry("0", "d", "x"),
         "- a: 1\n  b: 2\n  d: x\n- c: 3\n"},
        {"by_name", "- name: x\n- name: y\n", entry("=x", "d", "x"), "- name: x\n  d: x\n- name: y\n"},
        {"several_lines", "m:\n  a: 1\n", entry("m", "b", "{t: \"x\\ny\\n\", u: v}"),
         "m:\n  a: 1\n  b:\n    t: |\n      x\n      y\n    u: v\n"},
        {"no_literal_at_the_end", "m:\n  a: 1\n\n", entry("m", "b", "\"x\\ny\\n\""),
         "m:\n  a: 1\n  b: \"x\\ny\\n\"\n\n"},
        {"kubectls_booleans_are_quoted", "m:\n  a: 1\n", entry("m", "b", "'on'"),
         "m:\n  a: 1\n  b: \"on\"\n"},
        {"fill_nothing",
         "m:   # c\nn: 1\n",
         {Kind::fill, "m", "", doc("{a: b}"), 0},
         "m: {\"a\":\"b\"}   # c\nn: 1\n"},
        {"fill_null", "m: ~\n", {Kind::fill, "m", "", doc("[b]"), 0}, "m: [\"b\"]\n"},
        {"front_of_a_block",
         "c:\n  - a\n  - b\n",
         {Kind::add_front, "c", "", doc("[x, z]"), 0},
         "c:\n  - x\n  - z\n  - a\n  - b\n"},
        {"front_of_a_flow",
         "c: [\n  a, b]\n",
         {Kind::add_front, "c", "", doc("[x]"), 0},
         "c: [\n  \"x\", a, b]\n"},
        {"drop_front", "c:\n  - x\n  - y\n  - a\n", {Kind::drop_front, "c", "", {}, 2}, "c:\n  - a\n"},
        {"drop_item",
         "l:\n- name: a\n- name: b\n  c: d\n# x\n",
         {Kind::drop_item, "l", "=b", {}, 0},
         "l:\n- name: a\n# x\n"},
        {"drop_entry", "m:\n  a: 1\n  b:\n    c: d\n", {Kind::drop_entry, "m", "b", {}, 0}, "m:\n  a: 1\n"},
        {"drop_only_flow_item", "l: [ a ]\n", {Kind::drop_item, "l", "0", {}, 0}, "l: [  ]\n"},
        {"empty_again", "m: {\"a\":\"b\"}   # c\n", {Kind::empty, "m", "", {}, 0}, "m:   # c\n"},
    }),
    [](const auto& info) { return info.param.name; });

struct No {
  std::string name, text;
  Change change;
};
class Refuses : public testing::TestWithParam<No> {};
TEST_P(Refuses, WhatItCannotKeep) {
  const auto made = edit(GetParam().text, {{GetParam().change}}, "a.yaml", 10);
  ASSERT_FALSE(made) << *made;
  EXPECT_THAT(made.error().what, HasSubstr("a.yaml:1"));
  EXPECT_THAT(made.error().what, HasSubstr("written in a way that cannot be changed in place"));
}
INSTANTIATE_TEST_SUITE_P(Table, Refuses,
                         testing::ValuesIn<No>({
                             {"alias", "a: &x [1]\nb: *x\n", item("b", "2")},
                             {"anchored_elsewhere", "a: &x\n- 1\nb: *x\n", item("a", "2")},
                             {"merged", "a: &x {l: [1]}\nb:\n  <<: *x\n", item("b/l", "2")},
                             {"open_literal", "l:\n- |\n  x", item("l", "2")},
                             {"not_there", "a: 1\n", item("b", "2")},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(Documents, CutAtMarkersOnly) {
  const std::string stream = "# head\n---\na: 1\n--- # c\nb: |\n  ---\n  x\n---x: 1\n---\n\n--- {c: 1}\n";
  std::string together;
  std::vector<std::size_t> lines;
  for (const Piece& piece : documents(stream)) {
    together += stream.substr(piece.begin, piece.end - piece.begin);
    lines.push_back(piece.line);
  }
  EXPECT_EQ(together, stream);
  EXPECT_THAT(lines, testing::ElementsAre(1, 4, 9, 11));
}

TEST(Parse, NamesTheLineOfTheStream) {
  const auto parsed = parse("a: [}\n", "a.yaml", 7);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().what, HasSubstr("a.yaml:7:"));
}

TEST(Parse, ReadsBooleansAsKubectl) {
  const auto parsed = parse("[yes, 'yes', Off, n, true, 2024-01-02]", "a");
  ASSERT_TRUE(parsed);
  const auto& items = parsed->tree.items();
  EXPECT_EQ(items[0].boolean(), true);
  EXPECT_EQ(items[1].boolean(), std::nullopt);
  EXPECT_EQ(items[2].boolean(), false);
  EXPECT_EQ(items[3].boolean(), false);
  EXPECT_EQ(items[5].type(), config::ScalarType::string);
}

}  // namespace
}  // namespace gleaner::deploy
