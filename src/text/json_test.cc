#include "text/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <random>

namespace gleaner::text {
namespace {

std::string shown(const Result<pdata::Map>& got) {
  if (!got) return "!" + got.error().what;
  pdata::Map map = *got;
  std::string out;
  pdata::append_json(out, pdata::Value::map(&map));
  return out;
}

struct Case {
  std::string_view text, want;
};
// Measured with goccy/go-json 0.10.6.
class Json : public testing::TestWithParam<Case> {};
TEST_P(Json, MatchesTheCollector) {
  Arena arena;
  EXPECT_EQ(shown(JsonReader().read_object(GetParam().text, arena)), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, Json,
                         testing::ValuesIn<Case>({
                             {"{}", "{}"},
                             {" {\"a\" : [ 1 , \"x\" ] } ", R"({"a":[1,"x"]})"},
                             {R"({"a":01})", R"({"a":1})"},
                             {R"({"a":-01})", R"({"a":-1})"},
                             {R"({"a":1.})", R"({"a":1})"},
                             {R"({"a":1e5,"b":1E+2,"c":123456789012345678901234567890})",
                              R"({"a":100000,"b":100,"c":1.2345678901234568e+29})"},
                             {R"({"a":9007199254740993,"b":0.1,"c":1e-400,"d":1.7976931348623157e308})",
                              R"({"a":9007199254740992,"b":0.1,"c":0,"d":1.7976931348623157e+308})"},
                             {"{\"a\":\"x\ty\"}", R"({"a":"x\ty"})"},
                             {R"({"a":"\u3042\ud83d\ude00\ud800x\udc00"})",
                              "{\"a\":\"\xe3\x81\x82\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd\"}"},
                             {R"({"a":"\/\b\f\n\r\t\"\\"})", R"({"a":"/\u0008\u000c\n\r\t\"\\"})"},
                             {R"({"\u0061b":1})", R"({"ab":1})"},
                             {R"({"a":{"x":1},"b":2,"a":[1]})", R"({"a":[1],"b":2})"},
                             {R"({"t":true,"f":false,"n":null,"":0})",
                              R"({"":0,"f":false,"n":null,"t":true})"},
                             {"null", "{}"},
                             {" null ", "{}"},
                             {"", "!expected {} for map"},
                             {" ", "!expected { character for map value"},
                             {"[1]", "!expected { character for map value"},
                             {"not json", "!json: invalid character o as null"},
                             {"nullx", "!invalid character 'x' after top-level value"},
                             {"{} x", "!invalid character 'x' after top-level value"},
                             {"{bad", "!invalid character 'b' looking for beginning of value"},
                             {R"({"a":1,})", "!invalid character '}' looking for beginning of value"},
                             {R"({"a":[1,]})", "!invalid character ']' looking for beginning of value"},
                             {R"({"a":.5})", "!invalid character '.' looking for beginning of value"},
                             {R"({"a":-})", "!strconv.ParseFloat: parsing \"-\": invalid syntax"},
                             {R"({"a":1-2})", "!strconv.ParseFloat: parsing \"1-2\": invalid syntax"},
                             {R"({"a":1e400})", "!strconv.ParseFloat: parsing \"1e400\": value out of range"},
                             {R"({"a":0x10})", "!json: float unexpected end of JSON input"},
                             {R"({"a":[1 2]})", "!json: invalid character 2 as slice"},
                             {R"({"a" 1})", "!expected colon after object key"},
                             {R"({"a":1 "b":2})", "!expected comma after object value"},
                             {R"({"a":{"b":1})", "!expected comma after object value"},
                             {R"({"a":truE})", "!json: invalid character E as true"},
                             {R"({"a":"open)", "!json: string unexpected end of JSON input"},
                             {"{\"a\":\"x\\", "!json: string unexpected end of JSON input"},
                         }));

TEST(JsonReader, KeepsIntegersWhenAsked) {
  Arena arena;
  const auto got =
      JsonReader({.parse_ints = true})
          .read_object(R"({"i":42,"big":9007199254740993,"over":18446744073709551616,"f":1.0,"e":1e3} tail)",
                       arena);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->find("big")->as_int(), 9007199254740993);
  EXPECT_EQ(got->find("over")->as_real(), 1.8446744073709552e19);
  EXPECT_EQ(got->find("f")->kind(), pdata::Value::Kind::real);
  EXPECT_EQ(got->find("e")->kind(), pdata::Value::Kind::real);
}

TEST(JsonReader, LeavesPlainStringsWhereTheyAre) {
  Arena arena;
  const std::string text = R"({"key":"plain \u0041"})";
  const auto got = *JsonReader().read_object(text, arena);
  EXPECT_EQ(got.begin()->key.data(), text.data() + 2);
  EXPECT_EQ(got.begin()->value.text(), "plain A");
}

TEST(JsonReader, LimitsNesting) {
  Arena arena;
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(depth - 1), '[') +
           std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
  };
  const auto fits = nested(1000), deep = nested(1001), open = std::string(100000, '[');
  EXPECT_TRUE(JsonReader().read_object(fits, arena));
  EXPECT_EQ(JsonReader().read_object(deep, arena).error().what, "json: nesting is deeper than 1000");
  EXPECT_FALSE(JsonReader().read(open, arena));
}

TEST(JsonReader, FindsDuplicatesInLargeObjects) {
  Arena arena;
  std::string text = "{";
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 500; ++i) text += "\"k" + std::to_string(i) + "\":" + std::to_string(round) + ",";
  text.back() = '}';
  const auto got = *JsonReader().read_object(text, arena);
  EXPECT_EQ(got.size(), 500u);
  for (const auto& pair : got) EXPECT_EQ(pair.value.as_real(), 1);
}

TEST(JsonReader, StrictFollowsEncodingJson) {
  Arena arena;
  JsonReader strict({.strict = true});
  for (const std::string_view bad : {"01", "1.", "\"a\tb\"", "[1]x", "-", "nul"})
    EXPECT_FALSE(strict.read(bad, arena)) << bad;
  EXPECT_EQ(strict.read("\"a\xff\"", arena)->text(), "a\xef\xbf\xbd");
  EXPECT_EQ(strict.read(" -1.5e1 ", arena)->as_real(), -15);
}

TEST(JsonPretty, LooksLikeMarshalIndent) {
  Arena arena;
  const auto value = *JsonReader().read(R"({"b":[1,{"x":[]}],"a":"<&>\n","c":{}})", arena);
  std::string out;
  EXPECT_TRUE(append_json_pretty(out, value));
  EXPECT_EQ(out,
            "{\n  \"a\": \"\\u003c\\u0026\\u003e\\n\",\n  \"b\": [\n    1,\n    {\n      \"x\": []\n    }\n  "
            "],\n  \"c\": {}\n}");
  EXPECT_FALSE(append_json_pretty(out, pdata::Value::real(1 / 0.0 * 0)));
}

/// A number followed by '}' may take the short way, one followed by a blank never does.
TEST(Json, BothWaysThroughNumbersAgree) {
  std::mt19937 random(7);
  const std::string_view letters = "0011234567899-+..eE";
  int values = 0;
  for (const bool ints : {false, true})
    for (const bool strict : {false, true})
      for (int i = 0; i < 20000; ++i) {
        std::string text = i % 3 == 0 ? "-" : "";
        for (std::size_t n = random() % 19 + 1; n > 0; --n)
          text += i % 2 == 0 && n > 3 ? static_cast<char>('0' + random() % 10)
                                      : letters[random() % letters.size()];
        JsonReader reader({.parse_ints = ints, .strict = strict});
        Arena arena;
        const std::string quick = "{\"a\":" + text + "}", slow = "{\"a\":" + text + " }";
        const auto a = reader.read(quick, arena), b = reader.read(slow, arena);
        ASSERT_EQ(a.has_value(), b.has_value()) << text;
        if (!a) continue;
        ++values;
        const pdata::Value &x = *a->as_map().find("a"), &y = *b->as_map().find("a");
        ASSERT_EQ(x.kind(), y.kind()) << text;
        if (x.kind() == pdata::Value::Kind::integer)
          ASSERT_EQ(x.as_int(), y.as_int()) << text;
        else
          ASSERT_EQ(std::bit_cast<std::uint64_t>(x.as_real()), std::bit_cast<std::uint64_t>(y.as_real()))
              << text;
      }
  EXPECT_GT(values, 10000);
}

/// Strings in blocks of sixteen, and the rest: every length, every place of what ends or changes them.
TEST(Json, StringsOfEveryLengthEndWhereTheyEnd) {
  for (std::size_t length = 0; length < 70; ++length)
    for (std::size_t place = 0; place <= length; ++place) {
      std::string plain(length, 'x'), escaped = plain, control = plain;
      escaped.insert(place, "\\n");
      control.insert(place, "\t");
      JsonReader reader;
      Arena arena;
      for (const auto& [text, want] :
           {std::pair{plain, plain}, std::pair{escaped, plain.substr(0, place) + "\n" + plain.substr(place)},
            std::pair{control, control}}) {
        const std::string whole = "{\"" + text + "\":\"" + text + "\"}";
        const auto read = reader.read(whole, arena);
        ASSERT_TRUE(read) << whole;
        const auto& pair = read->as_map().items[0];
        EXPECT_EQ(pair.key, want);
        EXPECT_EQ(pair.value.text(), want);
        EXPECT_FALSE(reader.read(whole.substr(0, whole.size() - 2), arena));
      }
    }
}

/// A reader remembers the keys of the document before; what it says must not depend on it.
TEST(JsonForesight, ChangesNothing) {
  std::mt19937 random(7);
  const auto any = [&](unsigned count) { return random() % count; };
  static constexpr std::string_view kKeys[] = {
      "a",       "b",       "c", "level", "a key of the length 23!!", "longer than what is remembered",
      "\\u0061", "\xc3\xa9"};
  const std::function<std::string(int)> object = [&](int depth) {
    std::string out = "{";
    for (unsigned i = 0, count = any(5); i < count; ++i) {
      if (i) out += any(30) ? "," : ";";
      out += "\"" + std::string(kKeys[any(8)]) + "\"" + (any(9) ? ":" : " : ");
      if (depth < 3 && any(4) == 0)
        out += object(depth + 1);
      else if (depth < 3 && any(8) == 0)
        out += "[" + object(depth + 1) + "," + object(depth + 1) + "]";
      else
        out += std::to_string(any(100));
    }
    return out + (any(40) ? "}" : "");
  };
  JsonReader reader, strict_reader(JsonOptions{false, true});
  std::string text = "{}";
  for (int i = 0; i < 60000; ++i) {
    if (any(2)) text = object(0);  // else once more the same
    Arena arena;
    EXPECT_EQ(shown(reader.read_object(text, arena)), shown(JsonReader().read_object(text, arena))) << text;
    EXPECT_EQ(shown(strict_reader.read_object(text, arena)),
              shown(JsonReader(JsonOptions{false, true}).read_object(text, arena)))
        << text;
  }
}

}  // namespace
}  // namespace gleaner::text
