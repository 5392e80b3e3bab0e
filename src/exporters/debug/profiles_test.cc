#include <gtest/gtest.h>

#include "exporters/debug/text.h"
#include "otlp/json.h"

namespace gleaner::exporters::debug {
namespace {

const std::string kRequest =
    R"({"resourceProfiles":[{"resource":{"attributes":[{"keyStrindex":1,"value":{"stringValueStrindex")"
    R"(:2}},{"key":"plain","value":{"stringValue":"x"}}]},"scopeProfiles":[{"scope":{"name":"sc","vers)"
    R"(ion":"1"},"profiles":[{"sampleType":{"typeStrindex":3,"unitStrindex":4},"samples":[{"stackIndex)"
    R"(":1,"values":["5","7"],"attributeIndices":[1,9],"timestampsUnixNano":["1000"]},{"linkIndex":1,")"
    R"(values":[1]},{}],"timeUnixNano":"1700000000000000001","durationNano":"10","period":"3","profile)"
    R"(Id":"000102030405060708090a0b0c0d0e0f","droppedAttributesCount":2,"originalPayloadFormat":"ppro)"
    R"(f","originalPayload":"AAEC","attributeIndices":[1,7]}],"schemaUrl":"https://s"}],"schemaUrl":"h)"
    R"(ttps://r"}],"dictionary":{"stringTable":["","service.name","shop","cpu","ns","file.c","main"],")"
    R"(mappingTable":[{},{"memoryStart":"1","memoryLimit":"2","fileOffset":"3","filenameStrindex":5,"a)"
    R"(ttributeIndices":[1]}],"locationTable":[{},{"mappingIndex":1,"address":"4096","lines":[{"functi)"
    R"(onIndex":1,"line":"10","column":"2"}],"attributeIndices":[0,1]}],"functionTable":[{},{"nameStri)"
    R"(ndex":6,"systemNameStrindex":6,"filenameStrindex":5,"startLine":"9"}],"linkTable":[{},{"traceId)"
    R"(":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}],"attributeTable":[{},{"keySt)"
    R"(rindex":6,"value":{"intValue":"5"},"unitStrindex":4}],"stackTable":[{},{"locationIndices":[1]}])"
    R"(}})";

// Both texts are the reference's, of the same request.
TEST(Profiles, AreShortInNormal) {
  const auto request = otlp::parse_json(SignalKind::profiles, kRequest);
  ASSERT_TRUE(request);
  EXPECT_EQ(
      normal_text(request->view()),
      "ResourceProfiles #0 [https://r] = plain=x\n"
      "ScopeProfiles #0 sc@1 [https://s]\n"
      "000102030405060708090a0b0c0d0e0f samples=3 main=5 [Missing Dictionary AttributeTable Item #7]\n");
}

TEST(Profiles, AreWholeInDetailed) {
  const auto request = otlp::parse_json(SignalKind::profiles, kRequest);
  ASSERT_TRUE(request);
  EXPECT_EQ(detailed_text(request->view()),
            "Mapping #0\n"
            "    Memory start: 0\n"
            "    Memory limit: 0\n"
            "    File offset: 0\n"
            "    File name: 0\n"
            "    Attributes: []\n"
            "Mapping #1\n"
            "    Memory start: 1\n"
            "    Memory limit: 2\n"
            "    File offset: 3\n"
            "    File name: 5\n"
            "    Attributes: [1]\n"
            "Location #0\n"
            "    Mapping index: 0\n"
            "    Address: 0\n"
            "    Attributes: []\n"
            "Location #1\n"
            "    Mapping index: 1\n"
            "    Address: 4096\n"
            "    Line #0\n"
            "        Function index: 1\n"
            "        Line: 10\n"
            "        Column: 2\n"
            "    Attributes: [0 1]\n"
            "Function #0\n"
            "    Name: 0\n"
            "    System name: 0\n"
            "    Filename: 0\n"
            "    Start line: 0\n"
            "Function #1\n"
            "    Name: 6\n"
            "    System name: 6\n"
            "    Filename: 5\n"
            "    Start line: 9\n"
            "Attribute table:\n"
            "     -> Key: Int(6)\n"
            "     -> Value: Str(5)\n"
            "     -> unit: Int(4)\n"
            "Link table:\n"
            "     -> Trace ID: Str(0102030405060708090a0b0c0d0e0f10)\n"
            "     -> Span ID: Str(0102030405060708)\n"
            "String table:\n"
            "    \n"
            "    service.name\n"
            "    shop\n"
            "    cpu\n"
            "    ns\n"
            "    file.c\n"
            "    main\n"
            "ResourceProfiles #0\n"
            "Resource SchemaURL: https://r\n"
            "Resource attributes:\n"
            "     -> : Empty()\n"
            "     -> plain: Str(x)\n"
            "ScopeProfiles #0\n"
            "ScopeProfiles SchemaURL: https://s\n"
            "InstrumentationScope sc 1\n"
            "Profile #0\n"
            "    Profile ID     : 000102030405060708090a0b0c0d0e0f\n"
            "    Start time     : 2023-11-14 22:13:20.000000001 +0000 UTC\n"
            "    DurationNano   : 10\n"
            "    Dropped attributes count: 2\n"
            "    Sample #0\n"
            "        Values: [5 7]\n"
            "        Attributes:\n"
            "             -> main: Int(5)\n"
            "             -> [Missing Dictionary AttributeTable Item #9]\n"
            "    Sample #1\n"
            "        Values: [1]\n"
            "    Sample #2\n"
            "        Values: []\n");
}

TEST(Profiles, MayReferToNothing) {
  const auto request = otlp::parse_json(
      SignalKind::profiles,
      R"({"resourceProfiles":[{"scopeProfiles":[{"profiles":[{"attributeIndices":[-1,0,1],"samples":[{"attributeIndices":[-5]}]}]}]}],)"
      R"("dictionary":{"attributeTable":[{"keyStrindex":-3},{"keyStrindex":4,"value":{"boolValue":true}}]}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(normal_text(request->view()),
            "ResourceProfiles #0\nScopeProfiles #0\n samples=1 [Missing Dictionary AttributeTable Item #-1] "
            "[Missing Dictionary Key String Item #-3]= [Missing Dictionary Key String Item #4]=true\n");
  EXPECT_NE(detailed_text(request->view()).find("[Missing Dictionary AttributeTable Item #-5]"),
            std::string::npos);
}

}  // namespace
}  // namespace gleaner::exporters::debug
