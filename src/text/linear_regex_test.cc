#include "text/linear_regex.h"

#include <gtest/gtest.h>

#include "text/regex.h"

namespace gleaner::text {
namespace {

constexpr const char* kContainerd =
    "^(?P<time>[^ ^Z]+Z) (?P<stream>stdout|stderr) (?P<logtag>[^ ]*) ?(?P<log>.*)$";

const char* const kLinear[] = {
    kContainerd,
    "^(?P<time>[^ Z]+) (?P<stream>stdout|stderr) (?P<logtag>[^ ]*) ?(?P<log>.*)$",
    R"(^(?P<day>\d{4}-\d{2}-\d{2}) (?P<level>[A-Z]+): (?P<text>.*)$)",
    R"(^\[(?P<time>[^\]]*)\] (?:GET|POST) (\S+) (?P<rest>.+))",
    R"(^(?P<a>[a-c]*)x?(?P<b>\d*)$)",
    R"(^(?P<ip>[\d.]+) - (?P<user>[^ ]+) )",
    "^(?<n>[0-9]+)",
};

const char* const kOthers[] = {
    "abc",                    // may match anywhere
    "^(?P<a>.*) (?P<b>.*)$",  // two ways
    "^(?P<a>[a-z]+)(?P<b>[a-z])$",
    "^(?P<a>a|ab)c$",
    "^(?P<a>[a-z]+?) x",
    "^(?P<a>(b)c)$",
    "^(?i)abc",
    "^[[:alpha:]]+$",
    "^(?P<a>x)*$",
    "^.x",
    "^[^ ]{3} x",
    "^a|b",
    "^(?P<a>[^ ]+) ?x[^ ]*y*y",
    R"(^\bx)",
    "^\xc3\xa9+$",
    "^a{2,3}b",
    "^(?P<a>\\d*)5$",
};

const char* const kTexts[] = {
    "2024-05-05T05:05:05.123Z stdout F a line with blanks",
    "2024-05-05T05:05:05.123Z stderr P",
    "2024-05-05T05:05:05.123Z stdout F ",
    "2024-05-05T05:05:05.123Z stdout  x",
    "2024-05-05T05:05:05.123Z stdxxx F x",
    "2024-05-05T05:05:05+09:00 stdout F crio line",
    "2024-05-05T05:05:05Z stdout F two\nlines",
    "2024-05-05T05:05:05Z stdout F\ntwo lines",
    "2024-05-05T05:05:05Z stdout F \xe3\x81\x82\xf0\x9f\x98\x80",
    "2024-05-05T05:05:05Z stdout F bad \xff byte",
    "2024-05-05T\xe3\x81\x82Z stdout F x",
    "2024-05-05 ERROR: no luck",
    "2024-05-05 error: no luck",
    "[05/May/2024] GET /x rest",
    "[05/May/2024] POST /x ",
    "abcx12",
    "abc12",
    "x",
    "",
    "12ab",
    "10.0.0.1 - me x",
    " ",
    "\n",
};

TEST(LinearRegex, TakesWhatHasOneWayOnly) {
  for (const char* pattern : kLinear) EXPECT_TRUE(LinearRegex::compile(pattern)) << pattern;
  for (const char* pattern : kOthers) EXPECT_FALSE(LinearRegex::compile(pattern)) << pattern;
}

TEST(LinearRegex, FindsWhatRe2Finds) {
  for (const char* pattern : kLinear) {
    const auto linear = LinearRegex::compile(pattern);
    const auto re = *Regex::compile(pattern);
    for (const std::string_view text : kTexts) {
      std::vector<std::string_view> mine(static_cast<std::size_t>(re.groups()) + 1), theirs(mine.size());
      const bool matched = re.match(text, theirs);
      switch (linear->match(text, mine)) {
        case LinearRegex::Answer::ask:
          EXPECT_NE(text.find('\xff'), std::string_view::npos);
          break;
        case LinearRegex::Answer::no:
          EXPECT_FALSE(matched) << pattern << "\n" << text;
          break;
        case LinearRegex::Answer::yes:
          EXPECT_TRUE(matched) << pattern << "\n" << text;
          if (matched) EXPECT_EQ(mine, theirs) << pattern << "\n" << text;
          break;
      }
    }
  }
}

}  // namespace
}  // namespace gleaner::text
