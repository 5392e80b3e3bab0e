#include "k8s/json_cursor.h"

#include <gtest/gtest.h>

namespace gleaner::k8s {
namespace {

bool skips(std::string_view text, std::string* error = nullptr) {
  Arena arena;
  JsonCursor json(text, arena);
  const bool ok = json.skip() && json.finish();
  if (!ok && error) *error = tl::expected<int, Error>(json.error()).error().what;
  return ok;
}

TEST(JsonCursor, AcceptsWhatIsJson) {
  for (const std::string_view text :
       {"{}", "[]", "null", "true", "false", "0", "-0.5e+10", "\"\"", R"("\u00e9\ud83d\ude00\n")",
        " [1, {\"a\": [ ]} ] ", R"({"a":{"b":[1,2,{"c":null}]},"a":1})"})
    EXPECT_TRUE(skips(text)) << text;
}

TEST(JsonCursor, RefusesWhatIsNot) {
  for (const std::string_view text :
       {"",     "{",       "[",         "{\"a\"}",  "{\"a\":}", "{a:1}", "[1,]", "{\"a\":1,}", "[1 2]",
        "01",   "1.",      ".5",        "1e",       "+1",       "-",     "nul",  "truE",       "\"",
        "\"\\", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "{} {}",    "1,",    "'a'",  "NaN"})
    EXPECT_FALSE(skips(text)) << text;
}

TEST(JsonCursor, SaysWhereTheTroubleIs) {
  std::string error;
  EXPECT_FALSE(skips("{\"a\": ", &error));
  EXPECT_EQ(error, "unexpected end of JSON input");
  EXPECT_FALSE(skips("{\"a\": ?}", &error));
  EXPECT_EQ(error, "invalid character \"?\" at byte 6 of the document");
}

TEST(JsonCursor, BoundsNesting) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(skips(nested(JsonCursor::kMaxDepth)));
  std::string error;
  EXPECT_FALSE(skips(nested(100'000), &error));
  EXPECT_EQ(error, "nested deeper than 1000 levels");
}

TEST(JsonCursor, TakesTypedValues) {
  Arena arena;
  JsonCursor json(
      R"({"t\u0065xt":"a\tb","n":18446744073709551615,"when":"2020-04-20T22:52:27.5+02:00","none":null})",
      arena);
  std::string_view text, none = "kept";
  std::optional<std::uint64_t> number;
  std::uint64_t when = 0;
  ASSERT_TRUE(json.object([&](std::string_view key) {
    if (key == "text") return json.text(text);
    if (key == "n") return json.number(number);
    if (key == "when") return json.time(when);
    if (key == "none") return json.text(none);
    return json.skip();
  }));
  EXPECT_EQ(text, "a\tb");
  EXPECT_EQ(number, UINT64_MAX);
  EXPECT_EQ(when, 1587415947500000000u);
  EXPECT_EQ(none, "kept");
}

TEST(JsonCursor, RefusesValuesOfAnotherType) {
  for (const std::string_view text : {"-1", "1.5", "1e3", "18446744073709551616", "\"1\"", "true", "{}"}) {
    Arena arena;
    JsonCursor json(text, arena);
    std::optional<std::uint64_t> number;
    EXPECT_FALSE(json.number(number)) << text;
    EXPECT_FALSE(number) << text;
  }
  for (const std::string_view text : {"1", "\"\"", "\"yesterday\"", "\"2020-04-20\""}) {
    Arena arena;
    JsonCursor json(text, arena);
    std::uint64_t when = 7;
    EXPECT_FALSE(json.time(when)) << text;
    EXPECT_EQ(when, 7u);
  }
}

TEST(JsonCursor, ReplacesBytesThatAreNotUtf8) {
  Arena arena;
  JsonCursor json(
      "\"a\xff"
      "b\"",
      arena);
  std::string_view text;
  ASSERT_TRUE(json.text(text));
  EXPECT_EQ(text,
            "a\xef\xbf\xbd"
            "b");
}

}  // namespace
}  // namespace gleaner::k8s
