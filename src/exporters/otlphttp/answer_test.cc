#include "exporters/otlphttp/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::exporters::otlphttp {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

net::HttpReply reply(int status, std::string_view type, std::string_view body, std::string_view wish = {}) {
  net::HttpReply made;
  made.status = status;
  if (!type.empty()) made.headers.add("content-type", type);
  if (!wish.empty()) made.headers.add("retry-after", wish);
  made.body = Chain(Bytes::copy(body));
  return made;
}
constexpr std::string_view kProto = "application/x-protobuf";

struct WishCase {
  std::string_view header;
  Duration want;
};
class RetryAfter : public testing::TestWithParam<WishCase> {};
TEST_P(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(retry_after(GetParam().header, kNow), GetParam().want) << GetParam().header;
}
INSTANTIATE_TEST_SUITE_P(Table, RetryAfter,
                         testing::ValuesIn<WishCase>({
                             {"", 0s},
                             {"7", 7s},
                             {"0", 0s},
                             {"-3", 0s},
                             {"7.5", 0s},
                             {"soon", 0s},
                             {"99999999999999999999", 8760h},
                             {"Tue, 14 Nov 2023 22:13:30 GMT", 10s},
                             {"Tue, 14 Nov 2023 22:13:30 UTC", 10s},
                             {"Tue, 14 Nov 2023 22:13:10 GMT", 0s},
                             {"Tue, 14 Nov 2023 22:13:30", 0s},
                         }));

struct StatusCase {
  int status;
  Fault fault;
  std::string_view code;
};
class StatusTable : public testing::TestWithParam<StatusCase> {};
TEST_P(StatusTable, SaysWhatMayBeTriedAgain) {
  const auto verdict = judge("http://h/v1/logs", reply(GetParam().status, "", ""), kNow);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().fault, GetParam().fault);
  EXPECT_EQ(
      verdict.error().what,
      "rpc error: code = " + std::string(GetParam().code) +
          " desc = error exporting items, request to http://h/v1/logs responded with HTTP Status Code " +
          std::to_string(GetParam().status));
}
INSTANTIATE_TEST_SUITE_P(Table, StatusTable,
                         testing::ValuesIn<StatusCase>({
                             {301, Fault::permanent, "Unknown"},
                             {400, Fault::permanent, "InvalidArgument"},
                             {401, Fault::permanent, "Unauthenticated"},
                             {403, Fault::permanent, "PermissionDenied"},
                             {404, Fault::permanent, "Unimplemented"},
                             {413, Fault::permanent, "Unknown"},
                             {429, Fault::retryable, "ResourceExhausted"},
                             {500, Fault::permanent, "Unknown"},
                             {502, Fault::retryable, "Unavailable"},
                             {503, Fault::retryable, "Unavailable"},
                             {504, Fault::retryable, "Unavailable"},
                         }));

TEST(Judge, TakesTheServersWishOn429And503Only) {
  EXPECT_EQ(judge("u", reply(503, "", "", "3"), kNow).error().retry_after, 3s);
  EXPECT_EQ(judge("u", reply(429, "", "", "3"), kNow).error().retry_after, 3s);
  EXPECT_EQ(judge("u", reply(502, "", "", "3"), kNow).error().retry_after, 0s);
}

TEST(Judge, QuotesTheServersStatus) {
  EXPECT_THAT(judge("u",
                    reply(503, kProto,
                          std::string_view("\x08\x0e\x12\x04"
                                           "full")),
                    kNow)
                  .error()
                  .what,
              HasSubstr("HTTP Status Code 503, Message=full, Details=[]"));
  EXPECT_THAT(judge("u", reply(400, "application/json", R"({"code":3,"message":"bad"})"), kNow).error().what,
              HasSubstr("HTTP Status Code 400, Message=bad, Details=[]"));
  EXPECT_THAT(judge("u", reply(503, "text/html", "<html>"), kNow).error().what,
              testing::EndsWith("HTTP Status Code 503"));
}

TEST(Judge, ReadsPartialSuccessByContentType) {
  EXPECT_EQ(judge("u", reply(200, kProto, "\x0a\x02\x08\x05"), kNow)->rejected, 5);
  EXPECT_EQ(
      judge("u", reply(200, "application/json; charset=utf-8", R"({"partialSuccess":{"rejectedSpans":"2"}})"),
            kNow)
          ->rejected,
      2);
  EXPECT_TRUE(judge("u", reply(202, "text/plain", "thanks"), kNow)->empty());
  EXPECT_TRUE(judge("u", reply(200, kProto, ""), kNow)->empty());
  const auto broken = judge("u", reply(200, kProto, "thanks"), kNow);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().fault, Fault::permanent);
  EXPECT_THAT(broken.error().what, HasSubstr("error parsing protobuf response"));
}

}  // namespace
}  // namespace gleaner::exporters::otlphttp
