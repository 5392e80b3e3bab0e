#include "capture/stamp.h"

#include <gtest/gtest.h>
#include <time.h>

#include <string>

namespace gleaner::capture {
namespace {

std::string stamp(std::uint64_t nanos) {
  Stamper stamper;
  stamper.tick(nanos);
  return std::string(stamper.next());
}

TEST(Stamp, IsRfc3339InUtc) {
  EXPECT_EQ(stamp(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(stamp(951782400'000000000), "2000-02-29T00:00:00.000000000Z");
  EXPECT_EQ(stamp(1767225599'123456789), "2025-12-31T23:59:59.123456789Z");
  EXPECT_EQ(stamp(4107542400'000000000), "2100-03-01T00:00:00.000000000Z");
}

TEST(Stamp, AgreesWithTheSystemsCalendar) {
  for (std::uint64_t day = 0; day < 60000; day += 17) {
    const std::time_t seconds = static_cast<std::time_t>(day * 86400 + 3661);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char want[32];
    strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000000007Z", &parts);
    ASSERT_EQ(stamp(static_cast<std::uint64_t>(seconds) * 1'000'000'000 + 7), want);
  }
}

TEST(Stamp, OnlyGrows) {
  Stamper stamper;
  stamper.tick(5'999'999'999);
  EXPECT_EQ(stamper.next(), "1970-01-01T00:00:05.999999999Z");
  EXPECT_EQ(stamper.next(), "1970-01-01T00:00:06.000000000Z");
  stamper.tick(1'000'000'000);  // the clock was set back
  EXPECT_EQ(stamper.next(), "1970-01-01T00:00:06.000000001Z");
  stamper.tick(7'000'000'000);
  EXPECT_EQ(stamper.next(), "1970-01-01T00:00:07.000000000Z");
}

}  // namespace
}  // namespace gleaner::capture
