// Wire -> records -> wire keeps everything OTLP JSON can show.
#include <gtest/gtest.h>

#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/json.h"
#include "otlp/scan.h"

namespace gleaner::otlp {
namespace {

template <class S>
std::string through_records(std::string_view json) {
  auto wire = parse_json(S::kind, json);
  if (!wire) return wire.error().what;
  Records<S> records;
  decode(*wire, records);
  EXPECT_EQ(count_items(records), scan(S::kind, wire->view()).items);
  const Bytes back = encode(records);
  EXPECT_TRUE(scan(S::kind, back.view()).ok()) << scan(S::kind, back.view()).text();
  std::string out;
  append_json(out, S::kind, back.view());
  return out;
}

TEST(RoundTrip, Logs) {
  const std::string json =
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"-1"},{}]}}}],)"
      R"("droppedAttributesCount":1,"entityRefs":[{"type":"service","idKeys":["a","b"]}]},"scopeLogs":[{"scope":{"name":"n","version":"v"},)"
      R"("logRecords":[{"timeUnixNano":"1","severityNumber":9,"severityText":"I","body":{"kvlistValue":{"values":[{"key":"k","value":)"
      R"({"boolValue":true}}]}},"attributes":[{"key":"b","value":{"bytesValue":"AA=="}}],"droppedAttributesCount":2,"flags":3,)"
      R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","observedTimeUnixNano":"4","eventName":"e"}],)"
      R"("schemaUrl":"s"}],"schemaUrl":"u"}]})";
  EXPECT_EQ(through_records<Logs>(json), json);
}

TEST(RoundTrip, Traces) {
  const std::string json =
      R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",)"
      R"("spanId":"b7ad6b7169203331","traceState":"a=1","parentSpanId":"0102030405060708","name":"n","kind":2,"startTimeUnixNano":"1",)"
      R"("endTimeUnixNano":"2","attributes":[{"key":"d","value":{"doubleValue":1.5}}],"droppedAttributesCount":1,"events":[{"timeUnixNano":"3",)"
      R"("name":"e","droppedAttributesCount":5},{}],"droppedEventsCount":2,"links":[{"traceId":"00000000000000000000000000000001",)"
      R"("spanId":"0000000000000002","traceState":"c","flags":1}],"droppedLinksCount":3,"status":{"message":"m","code":2},"flags":257}]}]}]})";
  EXPECT_EQ(through_records<Traces>(json), json);
}

TEST(RoundTrip, Metrics) {
  const std::string json =
      R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[)"
      R"({"name":"g","description":"d","unit":"u","gauge":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","asInt":"0",)"
      R"("attributes":[{"key":"a","value":{"stringValue":""}}],"flags":1},{"asDouble":-0.5},{}]}},)"
      R"({"name":"s","sum":{"dataPoints":[{"exemplars":[{"timeUnixNano":"1","asDouble":2.5,"spanId":"b7ad6b7169203331"},{"asInt":"3"}],"asInt":"9"}],)"
      R"("aggregationTemporality":2,"isMonotonic":true}},)"
      R"({"name":"h","histogram":{"dataPoints":[{"count":"6","sum":10.5,"bucketCounts":["1","2","3"],"explicitBounds":[0.5,10],"min":0,"max":9.5}],)"
      R"("aggregationTemporality":1}},)"
      R"({"name":"e","exponentialHistogram":{"dataPoints":[{"count":"10","sum":-3,"scale":-2,"zeroCount":"4","positive":{"offset":-1,"bucketCounts":["1","0","300"]},)"
      R"("negative":{},"min":-8,"max":2,"zeroThreshold":0.001}],"aggregationTemporality":2}},)"
      R"({"name":"q","summary":{"dataPoints":[{"count":"3","sum":6,"quantileValues":[{"value":1},{"quantile":0.5,"value":2}]}]}},)"
      R"({"name":"none"},{"name":"m","gauge":{},"metadata":[{"key":"k","value":{"stringValue":"v"}}]}]}]}]})";
  EXPECT_EQ(through_records<Metrics>(json), json);
}

TEST(RoundTrip, OldScopeListsCountWhenTheNewOneIsEmpty) {
  EXPECT_EQ(through_records<Logs>(R"({"resourceLogs":[{"deprecatedScopeLogs":[{"logRecords":[{}]}]}]})"),
            R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"body":{}}]}]}]})");
}

TEST(RoundTrip, OfTwoKindsOfDataTheLastCounts) {
  // Two kinds, and one kind twice: the count on the wire and the count that matters differ, and the scan says
  // so.
  const auto metric = [](std::string_view data) {
    return R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[{"name":"m",)" +
           std::string(data) + "}]}]}]}";
  };
  for (const auto& [in, out] : {
           std::pair{R"("gauge":{"dataPoints":[{},{}]},"sum":{"dataPoints":[{}],"isMonotonic":true})",
                     R"("sum":{"dataPoints":[{}],"isMonotonic":true})"},
           std::pair{R"("sum":{"dataPoints":[{}],"isMonotonic":true},"gauge":{"dataPoints":[{}]})",
                     R"("gauge":{"dataPoints":[{}]})"},
           std::pair{R"("gauge":{"dataPoints":[{},{}]},"gauge":{})", R"("gauge":{})"},
       }) {
    const Bytes wire = *parse_json(SignalKind::metrics, metric(in));
    EXPECT_TRUE(scan(SignalKind::metrics, wire.view()).legacy);
    Records<Metrics> records;
    decode(wire, records);
    std::string written;
    append_json(written, SignalKind::metrics, encode(records).view());
    EXPECT_EQ(written, metric(out));
  }
  EXPECT_FALSE(scan(SignalKind::metrics,
                    parse_json(SignalKind::metrics, metric(R"("gauge":{"dataPoints":[{},{}]})"))->view())
                   .legacy);
}

TEST(RoundTrip, LongMessagesGetLongLengths) {
  for (const std::size_t size : {100u, 127u, 128u, 16383u, 16384u, 70000u}) {
    const std::string json =
        R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":")" +
        std::string(size, 'x') + R"("}}]}]}]})";
    EXPECT_EQ(through_records<Logs>(json), json);
  }
}

}  // namespace
}  // namespace gleaner::otlp
