#include "config/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "config/compat.h"
#include "config/yaml.h"

namespace gleaner::config {
namespace {
using testing::HasSubstr;

Environment fake() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    static const std::map<std::string, std::string> kValues{{"X", "v"},         {"Y", "X"},
                                                            {"NUM", "0123"},    {"EMPTY", ""},
                                                            {"LIST", "[a, b]"}, {"NESTED", "${env:X}"},
                                                            {"QUOTED", "\"q\""}};
    const auto found = kValues.find(name);
    if (found == kValues.end()) return std::nullopt;
    return found->second;
  };
  environment.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "text") return std::string("{a: 1}");
    return fail(Fault::config, "unable to read the file " + path);
  };
  environment.fetch = [](const std::string& uri) -> Result<std::string> { return "url: " + uri; };
  return environment;
}

struct ExpandCase {
  std::string text, want;
};
class Expand : public testing::TestWithParam<ExpandCase> {};
TEST_P(Expand, GivesTheReferencesText) {
  Node node = Node::scalar(GetParam().text, false, {});
  Problems problems;
  auto ok = expand(node, fake(), problems);
  if (GetParam().want.starts_with("error: ")) {
    ASSERT_FALSE(ok);
    EXPECT_THAT(ok.error().what, HasSubstr(GetParam().want.substr(7)));
    return;
  }
  ASSERT_TRUE(ok) << ok.error().what;
  EXPECT_EQ(node.from_reference() ? node.verbatim() : node.text(), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Spec24, Expand,
                         testing::ValuesIn<ExpandCase>(
                             {{"${env:X}", "v"},
                              {"${X}", "v"},
                              {"$X", "$X"},
                              {"$$X", "$X"},
                              {"$$$$X", "$$X"},
                              {"$", "$"},
                              {"text$$", "text$"},
                              {"$$${X}", "$v"},
                              {"a$${X}b", "a${X}b"},
                              {"$${env:X}", "${env:X}"},
                              {"$${env:${X}}", "${env:v}"},
                              {"pre-${X}-${X}", "pre-v-v"},
                              {"${env:${Y}}", "v"},
                              {"${env:NESTED}", "v"},
                              {"^\\d+$", "^\\d+$"},
                              {"a${env:NOPE}b", "ab"},
                              {"${env:NOPE:-fallback}", "fallback"},
                              {"${env:EMPTY:-fallback}", ""},
                              {"a${env:NOPE:-}b", "ab"},
                              {"n${env:NUM}", "n0123"},
                              {"${env:NUM}", "0123"},
                              {"${env:QUOTED}", "\"q\""},
                              {"$${X} ${X}", "${X} ${X}"},
                              {"${X} $${X}", "v $v"},  // identical references go at once, escaped or not
                              {"${env:1BAD}", "error: invalid name"},
                              {"${vault:x}", "error: scheme \"vault\" is not supported for uri \"vault:x\""},
                              {"${X:-d}", "error: invalid uri: \"X:-d\""},
                              {"${NAME:-d}", "error: scheme \"NAME\""},
                              {"${file:text}", "{a: 1}"},
                              {"${file:none}", "error: unable to read the file none"}}));

Node tree(std::string_view text) { return *parse_yaml(text, "t.yaml"); }

TEST(Expand, TakesBareNamesLikeTheOldRelease) {
  const WithCompat old(Compat::v0_102);
  const ExpandCase cases[] = {{"$X", "v"},          {"pre-$X-${X}-$X.post", "pre-v-v-v.post"},
                              {"$$X", "$X"},        {"$$$X", "$v"},
                              {"$UNSET", "$UNSET"}, {"(?P<n>$name)$", "(?P<n>$name)$"},
                              {"$1 $", "$1 $"},     {"$EMPTY|", "|"},
                              {"$NUM", "0123"},     {"$${X}", "${X}"}};
  for (const auto& [text, want] : cases) {
    Node node = Node::scalar(text, false, {});
    Problems problems;
    ASSERT_TRUE(expand(node, fake(), problems)) << text;
    EXPECT_EQ(node.from_reference() ? node.verbatim() : node.text(), want) << text;
    EXPECT_TRUE(problems.all().empty()) << text;
  }
}

TEST(Expand, WholeReferencesAreTyped) {
  Node node = tree("list: ${env:LIST}\nnum: ${env:NUM}\nmap: ${file:text}\nnone: ${env:NOPE}\n");
  Problems problems;
  ASSERT_TRUE(expand(node, fake(), problems));
  EXPECT_TRUE(node.find("list")->is_list());
  EXPECT_EQ(node.find("num")->integer(), 83);
  EXPECT_EQ(node.find("num")->verbatim(), "0123");
  EXPECT_EQ(node.find("map")->find("a")->integer(), 1);
  EXPECT_TRUE(node.find("none")->unset_reference);
  EXPECT_EQ(problems.all().size(), 1u);
}

TEST(Expand, EndlessRecursionIsAnError) {
  Environment environment = fake();
  environment.variable = [](const std::string&) { return std::optional<std::string>("x${env:LOOP}"); };
  Node node = Node::scalar("${env:LOOP}", true, {});
  Problems problems;
  EXPECT_FALSE(expand(node, environment, problems));
}

TEST(Merge, MapsMergeListsReplaceNullErases) {
  Node base = tree("a: {x: 1, y: 2}\nb: [1, 2]\nc: {z: 1}\nd: {k: 1}");
  merge(base, tree("a: {y: 3}\nb: [9]\nc:\nd: {}"));
  EXPECT_EQ(base.find("a")->find("x")->integer(), 1);
  EXPECT_EQ(base.find("a")->find("y")->integer(), 3);
  EXPECT_EQ(base.find("b")->items().size(), 1u);
  EXPECT_TRUE(base.find("c")->is_null());
  EXPECT_EQ(base.find("d")->find("k")->integer(), 1);
}

TEST(Load, ReadsAllSchemesAndSetsLast) {
  Problems problems;
  auto node = load({"yaml:a::b: 1", "text", "http://h/x"}, {"a.b=5", "q.r={s: [1]}"}, fake(), problems);
  ASSERT_TRUE(node) << node.error().what;
  EXPECT_EQ(node->find("a")->find("b")->integer(), 5);
  EXPECT_EQ(node->find("url")->text(), "http://h/x");
  EXPECT_TRUE(node->find("q")->find("r")->find("s")->is_list());
}

TEST(Load, TellsOfEveryBrokenReferenceAndSource) {
  Problems problems;
  const auto references = load({"yaml:{a: '${env:X-Y}', b: ['${nosuch:x}'], c: ok}"}, {}, fake(), problems);
  ASSERT_FALSE(references);
  EXPECT_THAT(references.error().what,
              testing::AllOf(HasSubstr("2 problems"), HasSubstr("\"X-Y\" has invalid name"),
                             HasSubstr("scheme \"nosuch\" is not supported")));
  const auto sources = load({"yaml:{", "yaml:[1]"}, {}, fake(), problems);
  ASSERT_FALSE(sources);
  EXPECT_THAT(sources.error().what, testing::AllOf(HasSubstr("yaml:{:1:"), HasSubstr("cannot be used")));
}

TEST(Load, StopsAtAReferenceThatDoublesItself) {
  Problems problems;
  Environment twice = fake();
  twice.variable = [](const std::string&) { return std::optional<std::string>("['${env:X}', '${env:X}']"); };
  const auto node = load({"yaml:{a: '${env:X}'}"}, {}, twice, problems);
  ASSERT_FALSE(node);
  EXPECT_THAT(node.error().what, HasSubstr("too many recursive expansions"));
}

TEST(Load, RefusesWhatIsNoMap) {
  Problems problems;
  EXPECT_THAT(load({"yaml:[1]"}, {}, fake(), problems).error().what,
              HasSubstr("cannot be used as a configuration"));
  EXPECT_THAT(load({"ftp://x"}, {}, fake(), problems).error().what,
              HasSubstr("unsupported scheme on URI \"ftp://x\""));
  EXPECT_THAT(load({"yaml:{}"}, {"a.b"}, fake(), problems).error().what, HasSubstr("missing equal sign"));
}

}  // namespace
}  // namespace gleaner::config
