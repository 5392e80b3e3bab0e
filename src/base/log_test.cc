#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::log {
namespace {

class Lines : public Sink {
 public:
  std::vector<std::string> lines;

 protected:
  void put(std::string_view line) override { lines.emplace_back(line); }
};

TEST(Log, ConsoleShapeIsZaps) {
  Lines sink;
  Logger(sink).with({{"otelcol.component.id", "debug"}}).info("Logs", {{"log records", 5}, {"ok", true}});
  ASSERT_EQ(sink.lines.size(), 1u);
  EXPECT_THAT(sink.lines[0],
              testing::EndsWith(
                  "\tinfo\tLogs\t{\"otelcol.component.id\": \"debug\", \"log records\": 5, \"ok\": true}\n"));
  EXPECT_THAT(sink.lines[0].substr(0, 11), testing::MatchesRegex("20..-..-..T"));
}

TEST(Log, JsonShapeIsZaps) {
  Lines sink;
  sink.configure({.encoding = Encoding::json});
  Logger(sink).warn("a \"quoted\"\nline", {{"k", "v\xFF"}});
  ASSERT_EQ(sink.lines.size(), 1u);
  EXPECT_THAT(sink.lines[0], testing::StartsWith("{\"level\":\"warn\",\"ts\":\"20"));
  EXPECT_THAT(sink.lines[0], testing::EndsWith(",\"msg\":\"a \\\"quoted\\\"\\nline\",\"k\":\"v\\ufffd\"}\n"));
}

TEST(Log, LevelsAndSamplingDropAndCount) {
  Lines sink;
  const Logger logger(sink);
  logger.debug("hidden");
  for (int i = 0; i < 210; ++i) logger.error("same words");
  EXPECT_GE(sink.lines.size(), 12u);
  EXPECT_EQ(sink.lines.size() + sink.sampled_out(), 210u);
}

}  // namespace
}  // namespace gleaner::log
