#include "otlp/response.h"

#include <gtest/gtest.h>

namespace gleaner::otlp {
namespace {
using namespace std::string_view_literals;

TEST(Response, ReadsPartialSuccess) {
  const auto partial = read_response("\x0a\x07\x08\x05\x12\x03why"sv);
  ASSERT_TRUE(partial) << partial.error().what;
  EXPECT_EQ(partial->rejected, 5);
  EXPECT_EQ(partial->message, "why");
  EXPECT_TRUE(read_response("\x0a\x00"sv)->empty());
  EXPECT_TRUE(read_response(""sv)->empty());
  EXPECT_TRUE(read_response("\x78\x01"sv)->empty());  // a field of the future
}

TEST(Response, RefusesWhatIsNoMessage) {
  EXPECT_FALSE(read_response("\x0a\x07\x08"sv));
  EXPECT_FALSE(read_response("\x08\x01"sv));          // partial_success as a number
  EXPECT_FALSE(read_response("\x0a\x02\x12\x05"sv));  // cut inside
  EXPECT_FALSE(read_response("<html>not found</html>"sv));
}

TEST(Response, ReadsJsonInBothSpellings) {
  for (const auto text : {R"({"partialSuccess":{"rejectedSpans":"5","errorMessage":"why"}})",
                          R"({"partial_success":{"rejected_log_records":5,"error_message":"why"}})"}) {
    const auto partial = read_response_json(text);
    ASSERT_TRUE(partial) << partial.error().what;
    EXPECT_EQ(partial->rejected, 5) << text;
    EXPECT_EQ(partial->message, "why");
  }
  EXPECT_TRUE(read_response_json(R"({"partialSuccess":{}})")->empty());
  EXPECT_TRUE(read_response_json(R"({"partialSuccess":null})")->empty());
  EXPECT_FALSE(read_response_json(R"({"partialSuccess":7})"));
  EXPECT_FALSE(read_response_json("<html>"));
}

TEST(Status, ComesInBothForms) {
  const auto binary = read_status(
      "\x08\x0e\x12\x04"
      "full\x1a\x00"sv);
  ASSERT_TRUE(binary);
  EXPECT_EQ(binary->code, 14u);
  EXPECT_EQ(binary->message, "full");
  EXPECT_EQ(binary->details, 1u);
  const auto json = read_status_json(R"({"code":3,"message":"bad"})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->code, 3u);
  EXPECT_EQ(json->message, "bad");
  EXPECT_FALSE(read_status("\x12\x7f"sv));
}

}  // namespace
}  // namespace gleaner::otlp
