#include "text/json_tokens.h"

#include <gtest/gtest.h>

namespace gleaner::text {
namespace {

/// The elements as they stand there, with ; behind each; "bad" for no JSON.
std::string read(std::string_view text) {
  std::string out;
  JsonTokens tokens(text);
  if (!tokens.elements([&](const JsonToken& token) { out.append(token.raw).append(";"); })) return "bad";
  return out;
}

struct Case {
  std::string_view text, want;
};
class JsonTokensRead : public testing::TestWithParam<Case> {};
TEST_P(JsonTokensRead, LikeFastjson) { EXPECT_EQ(read(GetParam().text), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(Table, JsonTokensRead,
                         testing::ValuesIn<Case>({
                             {"[]", ""},
                             {" [ 1 , \"a\\\"b\" ] ", "1;a\\\"b;"},
                             {"[{\"a\": [1, {}]}, [2]]", "{\"a\": [1, {}]};[2];"},
                             {"[1e, 0--7, NaN, +inf, -Inf]", "1e;0--7;NaN;+inf;-Inf;"},
                             {"[true, null]", "true;;"},
                             {"5", ""},
                             {"\"text\"", ""},
                             {"{\"a\":1}", ""},
                             {"", "bad"},
                             {"[1,]", "bad"},
                             {"[1", "bad"},
                             {"[1 2]", "bad"},
                             {"[]x", "bad"},
                             {"[tru]", "bad"},
                             {"[\"open]", "bad"},
                             {"[\"open\\\"]", "bad"},
                             {"{a:1}", "bad"},
                             {"{\"a\" 1}", "bad"},
                             {"[x]", "bad"},
                         }));

TEST(JsonTokens, StopsAtADepth) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_NE(read(nested(JsonTokens::kMaxDepth)), "bad");
  EXPECT_EQ(read(nested(JsonTokens::kMaxDepth + 1)), "bad");
}

TEST(JsonTokens, LeavesEscapesThatMeanNothing) {
  Arena arena;
  EXPECT_EQ(unescape_json("a\\n\\q\\u00e9\\u12", arena), "a\n\\q\xc3\xa9\\u12");
  EXPECT_EQ(unescape_json("\\ud83d\\ude00\\ud83d.\\ud83d\\u0041", arena),
            "\xf0\x9f\x98\x80\\ud83d.\xef\xbf\xbd");
}

TEST(JsonTokens, KeepsBlanksInStringsOnly) {
  std::string out;
  append_compact_json(out, "{ \"a b\" :\t[ 1 , \"c\\\" d\" ] }");
  EXPECT_EQ(out, "{\"a b\":[1,\"c\\\" d\"]}");
}

TEST(JsonTokens, ReadsWholeNumbersOnly) {
  EXPECT_EQ(whole_number("-7"), -7);
  EXPECT_EQ(whole_number("007"), 7);
  for (const char* text : {"1.0", "1e3", "+1", "99999999999999999999", "NaN"})
    EXPECT_EQ(whole_number(text), 0) << text;
}

}  // namespace
}  // namespace gleaner::text
