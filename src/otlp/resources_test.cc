#include "otlp/resources.h"

#include <gtest/gtest.h>

#include "otlp/json.h"
#include "otlp/scan.h"

namespace gleaner::otlp {
namespace {

constexpr std::string_view kTwo =
    R"({"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"1"}}],"droppedAttributesCount":3},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":"x"},"severityNumber":9}]}],"schemaUrl":"s"},{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":"y"}}]}]}]})";

Bytes logs(std::string_view json) { return *parse_json(SignalKind::logs, json); }
std::string json_of(const Bytes& request) {
  std::string out;
  append_json(out, SignalKind::logs, request.view());
  return out;
}

bool add(void*, Arena& arena, pdata::Map& map) {
  map.set(arena, "k", pdata::Value::string("v"));
  return true;
}
bool leave(void*, Arena&, pdata::Map&) { return false; }
/// Changes those that have "a".
bool some(void*, Arena&, pdata::Map& map) { return map.erase("a"); }

TEST(ChangeResources, AddsToEach) {
  const Bytes out = change_resources(logs(kTwo), nullptr, &add);
  const auto scan = otlp::scan(SignalKind::logs, out.view());
  EXPECT_TRUE(scan.ok());
  EXPECT_EQ(scan.items, 2u);
  EXPECT_EQ(
      json_of(out),
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"1"}},{"key":"k","value":{"stringValue":"v"}}],"droppedAttributesCount":3},"scopeLogs":[{"scope":{},"logRecords":[{"severityNumber":9,"body":{"stringValue":"x"}}]}],"schemaUrl":"s"},{"resource":{"attributes":[{"key":"k","value":{"stringValue":"v"}}]},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":"y"}}]}]}]})");
}

TEST(ChangeResources, WithoutAChangeIsTheRequestItself) {
  const Bytes request = logs(kTwo);
  EXPECT_EQ(change_resources(request, nullptr, &leave).data(), request.data());
}

TEST(ChangeResources, KeepsTheBytesOfOthers) {
  const Bytes request = logs(kTwo);
  const Bytes out = change_resources(request, nullptr, &some);
  // The second resource is untouched: the end of both is the same.
  const auto tail = request.view().substr(request.view().rfind('y') - 8);
  EXPECT_TRUE(out.view().ends_with(tail));
  EXPECT_EQ(json_of(out).find("\"a\""), std::string::npos);
}

TEST(ChangeResources, KeepsUnknownFields) {
  // resource_logs { resource { 15: "u" } 16: "w" } and 17: "z" beside it
  const std::string wire = std::string("\x0a\x09\x0a\x03\x7a\x01u\x82\x01\x01w\x8a\x01\x01z", 15);
  const Bytes out = change_resources(Bytes::copy(wire), nullptr, &add);
  for (const char* kept : {"\x7a\x01u", "\x82\x01\x01w", "\x8a\x01\x01z"})
    EXPECT_NE(out.view().find(kept), std::string_view::npos);
  EXPECT_TRUE(otlp::scan(SignalKind::logs, out.view()).ok());
}

}  // namespace
}  // namespace gleaner::otlp
