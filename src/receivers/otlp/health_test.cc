#include "receivers/otlp/health.h"

#include <gtest/gtest.h>

namespace gleaner::receivers::otlp {
namespace {

struct Row {
  const char* name;
  std::string request;
  net::GrpcCode code;
};
class Health : public testing::TestWithParam<Row> {};

TEST_P(Health, Answers) {
  const auto reply =
      health(GetParam().request, [](std::string_view path) { return path == "/a.Traces/Export"; });
  EXPECT_EQ(reply.code, GetParam().code);
  EXPECT_EQ(reply.body.flat().view(), reply.code == net::GrpcCode::ok ? "\x08\x01" : "");
}
INSTANTIATE_TEST_SUITE_P(Table, Health,
                         testing::Values(Row{"server", "", net::GrpcCode::ok},
                                         Row{"empty", std::string("\x0a\0", 2), net::GrpcCode::ok},
                                         Row{"served",
                                             "\x0a\x08"
                                             "a.Traces",
                                             net::GrpcCode::ok},
                                         Row{"itself",
                                             "\x0a\x15"
                                             "grpc.health.v1.Health",
                                             net::GrpcCode::ok},
                                         Row{"other",
                                             "\x0a\x06"
                                             "a.Logs",
                                             net::GrpcCode::not_found},
                                         Row{"cut",
                                             "\x0a\x08"
                                             "a.",
                                             net::GrpcCode::invalid_argument},
                                         Row{"unknown_field", "\x10\x05", net::GrpcCode::ok}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace gleaner::receivers::otlp
