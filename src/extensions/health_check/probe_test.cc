#include "extensions/health_check/probe.h"

#include <gtest/gtest.h>

namespace gleaner::extensions::health_check {
namespace {
using namespace std::chrono_literals;

constexpr std::uint64_t kNow = 1'700'000'000'500'000'000;  // 2023-11-14T22:13:20.5Z
const std::vector<Trouble> kWell{{"logs"}, {"traces/a"}};
const std::vector<Trouble> kFailing{{"logs"},  // on two lanes
                                    {"traces/a"},
                                    {"logs", "exporter otlp", false, "no route", 65s},
                                    {"logs"},
                                    {"logs", "exporter otlp", false, "no name", 4s}};
const std::vector<Trouble> kRefusing{{"logs"}, {"logs", "exporter otlp", true, "sending queue is full", 2s}};

TEST(Probe, IsAskedForByTheQuery) {
  EXPECT_EQ(probe_of(""), Probe::none);
  EXPECT_EQ(probe_of("x=ready"), Probe::none);
  EXPECT_EQ(probe_of("ready"), Probe::ready);
  EXPECT_EQ(probe_of("live=1&x"), Probe::live);
  EXPECT_EQ(probe_of("startup&verbose"), Probe::startup);
  EXPECT_EQ(probe_of("verbose"), Probe::verbose);
}

struct Row {
  Probe probe;
  bool starting, running, failing, refusing, stopping;  // is it well?
};
class Probes : public testing::TestWithParam<Row> {};
TEST_P(Probes, SayYesAndNo) {
  const auto& row = GetParam();
  const Life up{true, true};
  EXPECT_EQ(find(row.probe, {}, kWell, kNow).well, row.starting);
  EXPECT_EQ(find(row.probe, up, kWell, kNow).well, row.running);
  EXPECT_EQ(find(row.probe, up, kFailing, kNow).well, row.failing);
  EXPECT_EQ(find(row.probe, up, kRefusing, kNow).well, row.refusing);
  EXPECT_EQ(find(row.probe, {false, true}, kWell, kNow).well, row.stopping);
}
INSTANTIATE_TEST_SUITE_P(Table, Probes,
                         testing::Values(Row{Probe::verbose, false, true, true, true, false},
                                         Row{Probe::live, true, true, true, true, true},
                                         Row{Probe::startup, false, true, true, true, true},
                                         Row{Probe::ready, false, true, true, false, false}));

TEST(Probe, NamesWhatIsWrongAndSinceWhen) {
  EXPECT_EQ(find(Probe::ready, {true, true}, kFailing, kNow).text,
            "[-] pipeline logs: exporter otlp failing since 2023-11-14T22:12:15Z (1m5s): no route\n"
            "[+] pipeline traces/a\n"
            "ready: yes, the pipelines run\n");
  EXPECT_EQ(
      find(Probe::ready, {true, true}, kRefusing, kNow).text,
      "[-] pipeline logs: exporter otlp refusing since 2023-11-14T22:13:18Z (2s): sending queue is full\n"
      "ready: no, data is refused\n");
  EXPECT_EQ(find(Probe::startup, {}, {}, kNow).text, "startup: no, starting\n");
  EXPECT_EQ(find(Probe::verbose, {false, true}, {}, kNow).text, "verbose: no, stopping\n");
}

}  // namespace
}  // namespace gleaner::extensions::health_check
