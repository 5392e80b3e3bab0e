#include "text/time_layout.h"

#include <gtest/gtest.h>

namespace gleaner::text {
namespace {

struct Case {
  std::string_view layout, text, want;  ///< nanoseconds, or '!' and words of the error
};
// Recorded from the collector 0.159 in UTC: golden/filelog/time-*, spec/filelog.md 19.3.
constexpr Case kStrptime[] = {
    {"%Y-%m-%d", "2024-03-04", "1709510400000000000"},
    {"%Y-%m-%d", "2024-3-4", "1709510400000000000"},
    {"%Y-%m-%d", "24-03-04", "!cannot parse \"24-03-04\" as \"%Y\""},
    {"%Y-%m-%d", "2024-13-01", "!month out of range"},
    {"%Y-%m-%d", "2024-02-30", "!day out of range"},
    {"%Y-%m-%d", "02024-03-04", "!cannot parse \"4-03-04\" as \"-\""},
    {"%y%m%d", "240304", "1709510400000000000"},
    {"%y%m%d", "690304", "-26179200000000000"},
    {"%y%m%d", "680304", "3098044800000000000"},
    {"%Y/%q/%g", "2024/03/04", "1709510400000000000"},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T05:06:07", "1709528767000000000"},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T5:6:7", "1709528767000000000"},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T05:06:07.25", "1709528767250000000"},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T05:06:60", "!second out of range"},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T05:06", "!cannot parse \"\" as \":\""},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T05:06:07Z", "!extra text: \"Z\""},
    {"%Y-%m-%d %I:%M %p", "2024-03-04 05:06 PM", "1709571960000000000"},
    {"%Y-%m-%d %I:%M %p", "2024-03-04 05:06 pm", "!cannot parse \"pm\" as \"%p\""},
    {"%Y-%m-%d %I:%M %p", "2024-03-04 13:06 PM", "!hour out of range"},
    {"%Y-%m-%d %I:%M %p", "2024-03-04 00:06 AM", "1709510760000000000"},
    {"%Y-%m-%d %l:%M %P", "2024-03-04 12:06 am", "1709510760000000000"},
    {"%d %b %Y", "4 mar 2024", "1709510400000000000"},
    {"%d %b %Y", "04 MARCH 2024", "!cannot parse \"CH 2024\" as \" \""},
    {"%e %B %Y", " 4 march 2024", "1709510400000000000"},
    {"%e %B %Y", "4 Mar 2024", "!as \"%B\""},
    {"%A %Y-%m-%d", "tuesday 2024-03-04", "1709510400000000000"},
    {"%A %Y-%m-%d", "Mon 2024-03-04", "!as \"%A\""},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07Z", "1709528767000000000"},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07+0900", "1709496367000000000"},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07+09:00", "1709496367000000000"},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07+09", "1709496367000000000"},
    {"%Y-%m-%dT%H:%M:%S%j", "2024-03-04T05:06:07+09:00", "1709496367000000000"},
    {"%Y-%m-%dT%H:%M:%S%j", "2024-03-04T05:06:07+0900", "!as \"%j\""},
    {"%Y-%m-%dT%H:%M:%S%j", "2024-03-04T05:06:07Z", "!cannot parse \"Z\" as \"%j\""},
    {"%Y-%m-%dT%H:%M:%S%i", "2024-03-04T05:06:07+09", "1709496367000000000"},
    {"%Y-%m-%dT%H:%M:%S%i", "2024-03-04T05:06:07+0900", "!extra text: \"00\""},
    {"%Y-%m-%dT%H:%M:%S%k", "2024-03-04T05:06:07+09:00:30", "1709496337000000000"},
    {"%Y-%m-%dT%H:%M:%S%w", "2024-03-04T05:06:07+090030", "1709496337000000000"},
    {"%Y-%m-%d %H:%M:%S.%L", "2024-03-04 05:06:07.123456", "1709528767123456000"},
    {"%Y-%m-%d %H:%M:%S.%L", "2024-03-04 05:06:07", "1709528767000000000"},
    {"%Y-%m-%d %H:%M:%S.%L", "2024-03-04 05:06:07.", "!extra text"},
    {"%Y-%m-%d %H:%M:%S.%L", "2024-03-04 05:06:07.12345678901", "1709528767123456789"},
    {"%Y-%m-%d %H:%M:%S,%f", "2024-03-04 05:06:07.123", "1709528767123000000"},
    {"%F %T", "2024-03-04 05:06:07", "1709528767000000000"},
    {"%x %X", "03/04/2024 05:06:07", "1709528767000000000"},
    {"%x %X", "03/04/24 05:06:07", "1709528767000000000"},
    {"%D %R", "03/04/24 05:06", "1709528760000000000"},
    {"%c", "Mon Mar  4 05:06:07 2024", "1709528767000000000"},
    {"%c", "Mon Mar 04 05:06:07 2024", "1709528767000000000"},
    {"%F %r", "2024-03-04 05:06:07 pm", "1709571967000000000"},
    {"%F %r", "2024-03-04 05:06:07 PM", "!cannot parse \"PM\" as \"%r\""},
    {"%h %e %Y", "Mar  4 2024", "1709510400000000000"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T05:06:07.123Z", "1709528767123000000"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T05:06:07Z", "1709528767000000000"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T05:06:07,5Z", "1709528767500000000"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T05:06:07.1234567891Z", "1709528767123456789"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-3-4T05:06:07.1Z", "1709528767100000000"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T24:00:00.0Z", "!hour out of range"},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T05:06:07.123", "!cannot parse \"\" as \"Z\""},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-03-04T05:06:07.123Z tail", "!extra text: \" tail\""},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "2024-07-17 03:00:01", "!cannot parse \" 03:00:01\" as \"T\""},
    {"%Y-%m-%dT%H:%M:%S.%LZ", "", "!as \"%Y\""},
    {"%Y-%m-%d %H:%M:%S %Z", "2024-03-04 05:06:07 UTC", "1709528767000000000"},
    {"%Y-%m-%d %H:%M:%S %Z", "2024-03-04 05:06:07 EST", "1709546767000000000"},
    {"%Y-%m-%d %H:%M:%S %Z", "2024-03-04 05:06:07 JST",
     "!failed to load location JST: unknown time zone JST"},
    {"%Y-%m-%d %H:%M:%S %Z", "2024-03-04 05:06:07 GMT", "1709528767000000000"},
    {"%Y-%m-%d %H:%M:%S %Z", "2024-07-04 05:06:07 CET", "1720065967000000000"},
    {"%Y-%m-%d %H:%M:%S %Z", "2024-03-04 05:06:07 GMT+9", "1709528767000000000"},
    {"%a %b %e %H:%M:%S %Z %Y", "Mon Jan 2 15:04:05 MST 2006", "1136239445000000000"},
    {"%q/%g/%Y %H:%M:%S", "3/4/2018 11:52:29", "1520164349000000000"},
    {"%d-%b-%Y %H:%M:%S", "22-JUL-2019 15:16:13", "1563808573000000000"},
    {"%d/%b/%Y:%H:%M:%S %z", "05/Aug/2019:20:38:46 +0000", "1565037526000000000"},
    {"%Y-%m-%dT%H:%M:%S.%f%j", "2019-10-15T10:42:01.900436-10:00", "1571172121900436000"},
};
constexpr Case kGotime[] = {
    {"2006-01-02T15:04:05.000Z07:00", "2024-03-04T05:06:07.123+09:00", "1709496367123000000"},
    {"2006-01-02T15:04:05.000Z07:00", "2024-03-04T05:06:07.123Z", "1709528767123000000"},
    {"2006-01-02T15:04:05.000Z07:00", "2024-03-04T05:06:07Z",
     "!parsing time \"2024-03-04T05:06:07Z\" as \"2006-01-02T15:04:05.000Z07:00\": cannot parse \"Z\" as "
     "\".000\""},
    {"2006-01-02T15:04:05.999999999Z07:00", "2024-03-04T05:06:07.123456789Z", "1709528767123456789"},
    {"2006-01-02T15:04:05.999999999Z07:00", "2024-03-04T05:06:07-00:30", "1709530567000000000"},
    {"2006-01-02", "2024-3-04", "!as \"01\""},
    {"2006-1-2", "2024-3-04", "1709510400000000000"},
    {"2006 002", "2024 064", "1709510400000000000"},
    {"2006 002", "2024 366", "1735603200000000000"},
    {"2006 002", "2023 366", "!day-of-year out of range"},
    {"Mon Jan _2 15:04:05 2006", "Mon Mar  4 05:06:07 2024", "1709528767000000000"},
    {"Monday, 02-Jan-06 15:04:05 MST", "Monday, 04-Mar-24 05:06:07 UTC", "1709528767000000000"},
    {"02 Jan 06 3:04PM -0700", "04 Mar 24 5:06AM +0000", "1709528760000000000"},
};

void check(const Case& c, const Result<TimeLayout>& layout) {
  ASSERT_TRUE(layout) << layout.error().what;
  const auto got = layout->parse(c.text, Zone::utc());
  if (c.want.starts_with('!')) {
    ASSERT_FALSE(got) << *got;
    EXPECT_NE(got.error().what.find(c.want.substr(1)), std::string::npos) << got.error().what;
  } else {
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(std::to_string(*got), c.want);
  }
}

class Strptime : public testing::TestWithParam<Case> {};
TEST_P(Strptime, MatchesTheCollector) { check(GetParam(), TimeLayout::strptime(GetParam().layout)); }
INSTANTIATE_TEST_SUITE_P(Table, Strptime, testing::ValuesIn(kStrptime));

const std::vector<Case> kNarrow = {
    {"%Y-%m-%d", "2024-03-04", "1709510400000000000"},
    {"%Y-%m-%d", "2024-3-4", "!as \"%m\""},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T5:06:07", "1709528767000000000"},
    {"%Y-%m-%dT%H:%M:%S", "2024-03-04T05:6:07", "!as \"%M\""},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07+0900", "1709496367000000000"},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07Z", "1709528767000000000"},
    {"%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07+09:00", "!cannot parse"},
    {"%D", "03/04/2024", "1709510400000000000"},
    {"%D", "03/04/24", "!cannot parse"},
    {"%b %e %Y", "Mar  4 2024", "1709510400000000000"},
};
class Narrow : public testing::TestWithParam<Case> {};
TEST_P(Narrow, IsAsThen) { check(GetParam(), TimeLayout::strptime(GetParam().layout, true)); }
INSTANTIATE_TEST_SUITE_P(Compat0_102, Narrow, testing::ValuesIn(kNarrow));

class Gotime : public testing::TestWithParam<Case> {};
TEST_P(Gotime, MatchesGo) { check(GetParam(), TimeLayout::gotime(GetParam().layout)); }
INSTANTIATE_TEST_SUITE_P(Table, Gotime, testing::ValuesIn(kGotime));

TEST(TimeLayout, RefusesBadLayouts) {
  for (const std::string_view bad : {"%1", "%Q", "2006", "%S%L", "x%f", "%s%s"})
    EXPECT_FALSE(TimeLayout::strptime(bad)) << bad;
  EXPECT_TRUE(TimeLayout::strptime("100%%").error().what.find("decimals") != std::string::npos);
  EXPECT_FALSE(TimeLayout::gotime("15:04:05999"));
}

TEST(TimeLayout, UsesTheGivenZone) {
  const auto tokyo = *Zone::load("Asia/Tokyo");
  EXPECT_EQ(*TimeLayout::strptime("%Y-%m-%d %H:%M:%S")->parse("2024-03-04 05:06:07", tokyo),
            1709496367000000000);
  // The literal Z is text; a location given by the user wins over it.
  const auto mst = *Zone::load("MST");
  EXPECT_EQ(*TimeLayout::strptime("%Y-%m-%dT%H:%M:%S.%sZ")->parse("2019-03-08T18:41:12.152531115Z", mst),
            1552095672152531115);
  const auto offset = TimeLayout::strptime("%Y-%m-%dT%H:%M:%S.%L%z");
  EXPECT_EQ(*offset->parse("2019-11-27T09:34:32.901-1000", tokyo), 1574883272901000000);
  // An abbreviation of the zone itself.
  EXPECT_EQ(*TimeLayout::strptime("%Y-%m-%d %H:%M %Z")->parse("2024-03-04 05:06 JST", tokyo),
            1709496360000000000);
}

TEST(TimeLayout, FollowsGoInGapsAndOverlaps) {
  const auto berlin = *Zone::load("Europe/Berlin");
  const auto layout = *TimeLayout::strptime("%Y-%m-%d %H:%M");
  EXPECT_EQ(*layout.parse("2024-03-31 02:30", berlin), 1711848600000000000);
  EXPECT_EQ(*layout.parse("2024-10-27 02:30", berlin), 1729992600000000000);
}

TEST(TimeLayout, FillsInTheYear) {
  const auto layout = *TimeLayout::strptime("%b %d %H:%M:%S");
  const TimeLayout::Now july = [] { return std::uint64_t{1720000000} * 1000000000; };  // 2024-07-03
  EXPECT_EQ(*layout.parse("Jun 09 11:39:45", Zone::utc(), july), 1717933185000000000);
  EXPECT_EQ(*layout.parse("Jul 10 00:00:00", Zone::utc(), july),
            1720569600000000000);  // 7 days ahead at most
  EXPECT_EQ(*layout.parse("Jul 11 00:00:00", Zone::utc(), july), 1689033600000000000);  // last year's
  EXPECT_EQ(*TimeLayout::strptime("%H:%M%p")->parse("12:34PM", Zone::utc(), july), 1704112440000000000);
}

TEST(TimeLayout, KnowsItsDefaultZone) {
  EXPECT_TRUE(TimeLayout::strptime("%Y-%m-%dT%H:%M:%SZ")->default_zone().is_utc());
}

TEST(Zone, RefusesWhatIsNoName) {
  for (const std::string_view bad : {"fake", "../etc/passwd", "/etc/localtime", "libc:localtime", "JST"})
    EXPECT_FALSE(Zone::load(bad)) << bad;
  EXPECT_TRUE(Zone::load("")->is_utc());
}

struct Epoch {
  std::string_view layout, text, want;
};
class EpochText : public testing::TestWithParam<Epoch> {};
TEST_P(EpochText, MatchesTheCollector) {
  const auto got = EpochLayout::compile(GetParam().layout)->parse(GetParam().text);
  EXPECT_EQ(got ? std::to_string(*got) : "!", GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, EpochText,
                         testing::ValuesIn<Epoch>({
                             {"s", "1720000000", "1720000000000000000"},
                             {"s", "1720000000.5", "!"},
                             {"s", "-1", "-1000000000"},
                             {"s", "+1", "1000000000"},
                             {"s", "+-1", "!"},
                             {"s", "x", "!"},
                             {"s", "", "!"},
                             {"s", " 1", "!"},
                             {"ms", "1720000000123", "1720000000123000000"},
                             {"us", "1720000000123456", "1720000000123456000"},
                             {"ns", "1720000000123456789", "1720000000123456789"},
                             {"s.ms", "1720000000.5", "1720000000005000000"},
                             {"s.ms", "1720000000", "!"},
                             {"s.ms", "1.2.3", "!"},
                             {"s.us", "1720000000.123456", "1720000000123456000"},
                             {"s.ns", "1720000000.123456789", "1720000000123456789"},
                         }));

TEST(EpochLayout, TakesNumbers) {
  EXPECT_EQ(EpochLayout::compile("ms")->parse(std::int64_t{1720000000123}), 1720000000123000000);
  EXPECT_EQ(EpochLayout::compile("s.ms")->parse(std::int64_t{17}), 17000000000);
  EXPECT_EQ(*EpochLayout::compile("s")->parse(1720000000.5), 1720000000000000000);
  EXPECT_EQ(*EpochLayout::compile("s.ms")->parse(1720000000.5), 1720000000500000000);
  EXPECT_EQ(*EpochLayout::compile("s.ns")->parse(1720000000.123456789), 1720000000123456717);
  EXPECT_EQ(*EpochLayout::compile("ns")->parse(1720000000123456789.0), 1720000000123456768);
  EXPECT_FALSE(EpochLayout::compile("years"));
}

}  // namespace
}  // namespace gleaner::text
