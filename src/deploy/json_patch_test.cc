#include "deploy/json_patch.h"

#include "deploy/testing.h"

namespace gleaner::deploy {
namespace {
using Kind = Change::Kind;

TEST(JsonPatch, SaysEachKindOfChange) {
  const Node pod =
      doc("{metadata: {labels: {a: b}, annotations: }, spec: {containers: [{name: x, command: [p]}, {name: "
          "y}]}}");
  const std::vector<Change> changes = {
      {Kind::add_item, "spec/containers", "", doc("{name: z, image: 'i'}"), 0},
      {Kind::add_entry, "spec/containers/=y", "env", doc("[{name: e, value: '1'}]"), 0},
      {Kind::add_front, "spec/containers/=x/command", "", doc("[a, b]"), 0},
      {Kind::add_entry, "metadata/labels", "k.io/l~m", text("true"), 0},
      {Kind::fill, "metadata/annotations", "", doc("{n: 5}"), 0},
  };
  const auto patch = json_patch(pod, changes);
  ASSERT_TRUE(patch) << patch.error().what;
  EXPECT_EQ(*patch, R"([{"op":"add","path":"/spec/containers/-","value":{"name":"z","image":"i"}},)"
                    R"({"op":"add","path":"/spec/containers/1/env","value":[{"name":"e","value":"1"}]},)"
                    R"({"op":"add","path":"/spec/containers/0/command/0","value":"a"},)"
                    R"({"op":"add","path":"/spec/containers/0/command/1","value":"b"},)"
                    R"({"op":"add","path":"/metadata/labels/k.io~1l~0m","value":"true"},)"
                    R"({"op":"replace","path":"/metadata/annotations","value":{"n":5}}])");
}

TEST(JsonPatch, IsJsonWhateverTheTexts) {
  const auto patch =
      json_patch(doc("{a: {b: 1}}"),
                 {{Kind::add_entry, "a", "c", text("\xC3\xA9\xF0\x9F\x98\x80\xFFx\xC3(\xED\xA0\x80"), 0}});
  ASSERT_TRUE(patch);
  EXPECT_EQ(*patch,
            "[{\"op\":\"add\",\"path\":\"/a/"
            "c\",\"value\":\"\xC3\xA9\xF0\x9F\x98\x80\\ufffdx\\ufffd(\\ufffd\\ufffd\\ufffd\"}]");
}

TEST(JsonPatch, RefusesWhatItCannotSay) {
  EXPECT_FALSE(json_patch(doc("{a: {b: 1}}"), {{Kind::drop_entry, "a", "b", {}, 0}}));
  EXPECT_FALSE(json_patch(doc("{a: {b: 1}}"), {{Kind::add_entry, "c", "b", text("x"), 0}}));
}

}  // namespace
}  // namespace gleaner::deploy
