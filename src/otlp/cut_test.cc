#include "otlp/cut.h"

#include <gtest/gtest.h>

#include "otlp/json.h"
#include "otlp/scan.h"

namespace gleaner::otlp {
namespace {

Bytes logs(std::string_view json) { return *parse_json(SignalKind::logs, json); }
std::string json(SignalKind signal, const Chain& chain) {
  std::string out;
  append_json(out, signal, chain.flat().view());
  return out;
}
std::string record(int i) { return R"({"body":{"intValue":")" + std::to_string(i) + "\"}}"; }
std::string scope(std::string_view name, std::string_view records) {
  return R"({"scope":{"name":")" + std::string(name) + R"("},"logRecords":[)" + std::string(records) +
         R"(],"schemaUrl":"s"})";
}
std::string resource(std::string_view scopes) {
  return R"({"resource":{"attributes":[{"key":"r","value":{"stringValue":"1"}}]},"scopeLogs":[)" +
         std::string(scopes) + R"(],"schemaUrl":"u"})";
}
std::string request(std::string_view resources) {
  return R"({"resourceLogs":[)" + std::string(resources) + "]}";
}

TEST(Cut, SplitsWhereTheReferenceSplits) {
  const Bytes all = logs(request(
      resource(scope("x", record(0) + "," + record(1)) + "," + scope("y", record(2) + "," + record(3))) +
      "," + resource(scope("z", record(4)))));
  const Cut three = cut(SignalKind::logs, all, 3);
  EXPECT_EQ(json(SignalKind::logs, three.head),
            request(resource(scope("x", record(0) + "," + record(1)) + "," + scope("y", record(2)))));
  EXPECT_EQ(json(SignalKind::logs, three.tail),
            request(resource(scope("y", record(3))) + "," + resource(scope("z", record(4)))));
  const Cut four = cut(SignalKind::logs, all, 4);
  EXPECT_EQ(json(SignalKind::logs, four.tail), request(resource(scope("z", record(4)))));
}

TEST(Cut, SplitsAMetricByItsPoints) {
  const Bytes all = *parse_json(
      SignalKind::metrics,
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"s","unit":"1","sum":{"dataPoints":[)"
      R"({"asInt":"1"},{"asInt":"2"},{"asInt":"3"}],"aggregationTemporality":2,"isMonotonic":true}}]}]}]})");
  const Cut two = cut(SignalKind::metrics, all, 2);
  EXPECT_EQ(
      json(SignalKind::metrics, two.tail),
      R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[{"name":"s","unit":"1","sum":{"dataPoints":)"
      R"([{"asInt":"3"}],"aggregationTemporality":2,"isMonotonic":true}}]}]}]})");
  EXPECT_EQ(scan(SignalKind::metrics, two.head.flat().view()).items, 2u);
}

TEST(Cut, EveryPlaceKeepsEveryItem) {
  const Bytes all =
      logs(request(resource(scope("x", record(0) + "," + record(1) + "," + record(2))) + "," +
                   resource(scope("y", record(3)) + "," + scope("z", record(4) + "," + record(5)))));
  for (std::size_t at = 1; at < 6; ++at) {
    const Cut parts = cut(SignalKind::logs, all, at);
    EXPECT_EQ(scan(SignalKind::logs, parts.head.flat().view()).items, at);
    EXPECT_EQ(scan(SignalKind::logs, parts.tail.flat().view()).items, 6 - at);
  }
}

}  // namespace
}  // namespace gleaner::otlp
