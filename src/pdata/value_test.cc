#include "pdata/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace gleaner::pdata {
namespace {

TEST(Value, IsSixteenBytes) { EXPECT_EQ(sizeof(Value), 16u); }

TEST(Value, TextFormsAreTheCollectors) {
  Arena arena;
  Value list = Value::new_array(arena);
  list.as_array().push_back(arena, Value::string("x<\"y"));
  list.as_array().push_back(arena, Value::integer(1));
  list.as_array().push_back(arena, Value());
  Value map = Value::new_map(arena);
  map.as_map().set(arena, "b", Value::real(2));
  map.as_map().set(arena, "a", list);
  EXPECT_EQ(as_text(map), R"({"a":["x<\"y",1,null],"b":2})");
  EXPECT_EQ(as_text(Value::bytes("\x01\x02")), "AQI=");
  EXPECT_EQ(as_text(Value::boolean(true)), "true");
  EXPECT_EQ(as_text(Value()), "");
}

TEST(FormatDouble, MatchesJavaScript) {
  EXPECT_EQ(format_double(1.0), "1");
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(1e21), "1e+21");
  EXPECT_EQ(format_double(1e20), "100000000000000000000");
  EXPECT_EQ(format_double(1e-7), "1e-7");
  EXPECT_EQ(format_double(1e-6), "0.000001");
  EXPECT_EQ(format_double(-1.5e300), "-1.5e+300");
}

TEST(Base64, RoundTripsEveryLength) {
  std::string text, back;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(unbase64(base64(text), back));
    EXPECT_EQ(back, text);
    text += static_cast<char>(i * 37);
  }
  EXPECT_FALSE(unbase64("a", back));
  EXPECT_FALSE(unbase64("ab!d", back));
}

TEST(Map, SetReplacesEraseRemovesAll) {
  Arena arena;
  Map map;
  map.set(arena, "a", Value::integer(1));
  map.set(arena, "b", Value::integer(2));
  map.set(arena, "a", Value::integer(3));
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map.find("a")->as_int(), 3);
  map.items.push_back(arena, {"a", Value()});
  EXPECT_TRUE(map.erase("a"));
  EXPECT_EQ(map.size(), 1u);
  EXPECT_FALSE(map.erase("a"));
}

TEST(Clone, OwnsEveryByte) {
  Arena arena;
  Value copy;
  {
    Arena source;
    Value map = Value::new_map(source);
    map.as_map().set(source, source.copy("key"), Value::string(source.copy("value")));
    copy = clone(arena, map);
    EXPECT_TRUE(equal(copy, map));
  }
  EXPECT_EQ(as_text(copy), R"({"key":"value"})");
}

}  // namespace
}  // namespace gleaner::pdata
