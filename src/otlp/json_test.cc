#include "otlp/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "otlp/scan.h"

namespace gleaner::otlp {
namespace {

/// JSON in, protobuf, JSON out.
std::string through(SignalKind signal, std::string_view json) {
  auto wire = parse_json(signal, json);
  if (!wire) return "error: " + wire.error().what;
  const Scan found = scan(signal, wire->view());
  if (!found.ok()) return "scan: " + found.text();
  std::string out;
  append_json(out, signal, wire->view());
  return out;
}

std::string record(std::string_view fields) {
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{)" + std::string(fields) + "}]}]}]}";
}
std::string written(std::string_view fields) {
  return R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{)" + std::string(fields) +
         "}]}]}]}";
}

struct Case {
  std::string in, out;
};
class LogJson : public testing::TestWithParam<Case> {};
TEST_P(LogJson, IsReadAndWritten) {
  if (GetParam().out.starts_with("error")) {
    EXPECT_THAT(through(SignalKind::logs, record(GetParam().in)),
                testing::HasSubstr(GetParam().out.substr(7)));
  } else {
    EXPECT_EQ(through(SignalKind::logs, record(GetParam().in)), written(GetParam().out));
  }
}
INSTANTIATE_TEST_SUITE_P(
    Leniency, LogJson,
    testing::ValuesIn<Case>(
        {{"", R"("body":{})"},
         {R"("body":{"stringValue":"a\"\u0001é"})", "\"body\":{\"stringValue\":\"a\\\"\\u0001é\"}"},
         {R"("time_unix_nano":5,"severity_number":"SEVERITY_NUMBER_WARN")",
          R"("timeUnixNano":"5","severityNumber":13,"body":{})"},
         {R"("timeUnixNano":"18446744073709551615")", R"("timeUnixNano":"18446744073709551615","body":{})"},
         {R"("body":{"stringValue":"a","intValue":"1"})", R"("body":{"intValue":"1"})"},
         {R"("body":{"intValue":0})", R"("body":{"intValue":"0"})"},
         {R"("body":{"doubleValue":"NaN"})", R"("body":{"doubleValue":"NaN"})"},
         {R"("body":{"doubleValue":3})", R"("body":{"doubleValue":3})"},
         {R"("body":{"doubleValue":0.00000000000000000000000000e-7})", R"("body":{"doubleValue":0})"},
         {R"("body":{"doubleValue":1e-400})", R"("body":{"doubleValue":0})"},
         {R"("body":{"doubleValue":18446744073709551616})", R"("body":{"doubleValue":18446744073709552000})"},
         {R"("body":{"doubleValue":1e400})", "error: Number too big"},
         {R"("body":{"intValue":1.5})", "error: a fraction does not fit field intValue"},
         {R"("body":{"stringValue":7})", "error: a number does not fit field stringValue"},
         {R"("body":{"bytesValue":"AAECAw=="})", R"("body":{"bytesValue":"AAECAw=="})"},
         {R"("body":{"arrayValue":{"values":[{"stringValue":"x"},{}]}})",
          R"("body":{"arrayValue":{"values":[{"stringValue":"x"},{}]}})"},
         {R"("body":{"kvlistValue":{}})", R"("body":{"kvlistValue":{}})"},
         {R"("attributes":[{"key":"k"}],"unknown":{"a":[1,{"b":null}]})",
          R"("body":{},"attributes":[{"key":"k","value":{}}])"},
         {R"("body":null,"attributes":null,"severityText":null)", R"("body":{})"},
         {R"("traceId":"0AF7651916CD43DD8448EB211C80319C","flags":"1")",
          R"("body":{},"flags":1,"traceId":"0af7651916cd43dd8448eb211c80319c")"},
         {R"("traceId":"")", R"("body":{})"},
         {R"("traceId":"zz")", "error: traceId has 2 hex digits, not 32"},
         {R"("severityNumber":"9")", "error: unknown value \"9\" of severityNumber"},
         {R"("severityText":5)", "error: a number does not fit field severityText of LogRecord"},
         {R"("timeUnixNano":"abc")", "error: \"abc\" is no whole number"},
         {R"("timeUnixNano":-1)", "error: number out of range for timeUnixNano"},
         {R"("body":{"bytesValue":"***"})", "error: illegal base64"},
         {R"("attributes":{"a":1})", "error: an object does not fit field attributes"}}));

TEST(Json, DocumentsAreChecked) {
  EXPECT_EQ(through(SignalKind::logs, "{}"), "{}");
  EXPECT_EQ(through(SignalKind::logs, "{\"resourceLogs\":[]} trailing"), "{}");
  for (const char* bad : {"", "hello", "[]", "null", "{\"resourceLogs\":{\"a\":1}}", "{\"resourceLogs\":[{",
                          "5", "\xEF\xBB\xBF{}"})
    EXPECT_THAT(through(SignalKind::logs, bad), testing::StartsWith("error: byte ")) << bad;
}

TEST(Json, MetricsKeepPresence) {
  const std::string json =
      R"({"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{},"metrics":[{"name":"h","histogram":{"dataPoints":[)"
      R"({"count":"6","sum":0,"bucketCounts":["1","0"],"explicitBounds":[0.5],"min":0}],"aggregationTemporality":1}},)"
      R"({"name":"e","exponentialHistogram":{"dataPoints":[{"scale":-2,"positive":{"offset":-1,"bucketCounts":["1","300"]},"negative":{}}]}},)"
      R"({"name":"g","gauge":{}},{"name":"n","gauge":{"dataPoints":[{"asInt":"0"},{"asDouble":0},{}]}}]}]}]})";
  EXPECT_EQ(through(SignalKind::metrics, json), json);
}

// The text is the reference's, of the same request.
TEST(Json, ProfilesAreWrittenAsTheReferenceWritesThem) {
  const std::string json =
      R"({"resourceProfiles":[{"resource":{"attributes":[{"value":{"stringValueStrindex":2},"keyStrindex":1},)"
      R"({"key":"plain","value":{"stringValue":"x"}}]},"scopeProfiles":[{"scope":{"name":"sc","version":"1"},)"
      R"("profiles":[{"sampleType":{"typeStrindex":3,"unitStrindex":4},"samples":[{"stackIndex":1,)"
      R"("attributeIndices":[1,9],"values":["5","7"],"timestampsUnixNano":["1000"]},{"linkIndex":1,"values":["1"]},{}],)"
      R"("timeUnixNano":"1700000000000000001","durationNano":"10","periodType":{},"period":"3",)"
      R"("profileId":"000102030405060708090a0b0c0d0e0f","droppedAttributesCount":2,)"
      R"("originalPayloadFormat":"pprof","originalPayload":"AAEC","attributeIndices":[1,7]}],)"
      R"("schemaUrl":"https://s"}],"schemaUrl":"https://r"}],"dictionary":{"mappingTable":[{},)"
      R"({"memoryStart":"1","memoryLimit":"2","fileOffset":"3","filenameStrindex":5,"attributeIndices":[1]}],)"
      R"("locationTable":[{},{"mappingIndex":1,"address":"4096","lines":[{"functionIndex":1,"line":"10",)"
      R"("column":"2"}],"attributeIndices":[0,1]}],"functionTable":[{},{"nameStrindex":6,)"
      R"("systemNameStrindex":6,"filenameStrindex":5,"startLine":"9"}],"linkTable":[{},)"
      R"({"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}],)"
      R"("stringTable":["","service.name","shop","cpu","ns","file.c","main"],"attributeTable":[{"value":{}},)"
      R"({"keyStrindex":6,"value":{"intValue":"5"},"unitStrindex":4}],"stackTable":[{},{"locationIndices":[1]}]}})";
  EXPECT_EQ(through(SignalKind::profiles, json), json);
  EXPECT_EQ(scan(SignalKind::profiles, parse_json(SignalKind::profiles, json)->view()).items, 3u);
  EXPECT_EQ(through(SignalKind::profiles, "{}"), R"({"dictionary":{}})");
}

}  // namespace
}  // namespace gleaner::otlp
