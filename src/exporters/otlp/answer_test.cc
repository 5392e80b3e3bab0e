#include "exporters/otlp/answer.h"

#include <gtest/gtest.h>

#include "net/grpc.h"

namespace gleaner::exporters::otlp {
namespace {
using namespace std::chrono_literals;
using net::GrpcCode;

struct Row {
  GrpcCode code;
  bool alone, with_retry_info;  // may it be tried again
};
class Codes : public testing::TestWithParam<Row> {};

TEST_P(Codes, SayWhatMayBeTriedAgain) {
  const auto& [code, alone, with_retry_info] = GetParam();
  net::GrpcResult result;
  result.code = code;
  result.message = "no";
  const auto plain = judge(result);
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().fault, alone ? Fault::retryable : Fault::permanent);
  EXPECT_EQ(plain.error().retry_after, Duration{0});
  EXPECT_EQ(plain.error().grpc_status, static_cast<std::uint32_t>(code));
  result.details = net::status_with_retry_info(static_cast<std::uint32_t>(code), "no", 1500ms);
  const auto timed = judge(result);
  ASSERT_FALSE(timed);
  EXPECT_EQ(timed.error().fault, with_retry_info ? Fault::retryable : Fault::permanent);
  EXPECT_EQ(timed.error().retry_after, 1500ms);
}
// Source: spec/collector.md 4.4.
INSTANTIATE_TEST_SUITE_P(
    Table, Codes,
    testing::Values(Row{GrpcCode::cancelled, true, true}, Row{GrpcCode::unknown, false, false},
                    Row{GrpcCode::invalid_argument, false, false},
                    Row{GrpcCode::deadline_exceeded, true, true}, Row{GrpcCode::not_found, false, false},
                    Row{GrpcCode::already_exists, false, false},
                    Row{GrpcCode::permission_denied, false, false},
                    Row{GrpcCode::resource_exhausted, false, true},
                    Row{GrpcCode::failed_precondition, false, false}, Row{GrpcCode::aborted, true, true},
                    Row{GrpcCode::out_of_range, true, true}, Row{GrpcCode::unimplemented, false, false},
                    Row{GrpcCode::internal, false, false}, Row{GrpcCode::unavailable, true, true},
                    Row{GrpcCode::data_loss, true, true}, Row{GrpcCode::unauthenticated, false, false}));

TEST(Judge, SuccessIsSuccess) { EXPECT_TRUE(judge(net::GrpcResult{})); }

TEST(Judge, SaysWhatTheServerSaid) {
  net::GrpcResult result;
  result.code = GrpcCode::unavailable;
  result.message = "later";
  EXPECT_EQ(judge(result).error().what, "rpc error: code = Unavailable desc = later");
}

TEST(Judge, KnowsWhoRefusesTheSize) {
  const auto says = [](GrpcCode code, std::string message) {
    net::GrpcResult result;
    result.code = code;
    result.message = std::move(message);
    return judge(result).error().too_large;
  };
  EXPECT_TRUE(says(GrpcCode::resource_exhausted, "grpc: received message larger than max (5 vs. 4)"));
  EXPECT_TRUE(says(GrpcCode::resource_exhausted,
                   "grpc: received message after decompression larger than max 4194304"));
  EXPECT_TRUE(says(GrpcCode::resource_exhausted, "gRPC message exceeds maximum size 4194304: 5000000"));
  EXPECT_TRUE(
      says(GrpcCode::resource_exhausted, "Received message exceeds the maximum configured message size."));
  EXPECT_TRUE(
      says(GrpcCode::out_of_range, "Error, decoded message length too large: found 5, the limit is 4"));
  EXPECT_FALSE(says(GrpcCode::resource_exhausted, "quota is used up"));
  EXPECT_FALSE(says(GrpcCode::invalid_argument, "larger than max"));
}

TEST(RetryDelay, ReadsOnlyWhatIsOne) {
  bool found = false;
  EXPECT_EQ(retry_delay("", found), Duration{0});
  EXPECT_EQ(retry_delay("\x1a\x03\x0a\x01x", found), Duration{0});
  EXPECT_EQ(retry_delay("\xff\xff\xff", found), Duration{0});
  EXPECT_FALSE(found);
  EXPECT_EQ(retry_delay(net::status_with_retry_info(14, "x", 0ms), found), Duration{0});
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace gleaner::exporters::otlp
