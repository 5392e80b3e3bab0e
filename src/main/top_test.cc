#include "main/top.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::main_program {
namespace {

using testing::HasSubstr;

constexpr const char* kBefore = R"(# HELP otelcol_process_uptime Uptime
otelcol_process_uptime 100.5
otelcol_process_cpu_seconds 1.5
gleaner_ledger_in{pipeline="logs"} 1000
gleaner_ledger_delivered{pipeline="logs"} 1000
otelcol_receiver_accepted_log_records{receiver="otlp",transport="grpc"} 400
otelcol_receiver_accepted_log_records{receiver="otlp",transport="http"} 600
otelcol_exporter_sent_log_records_total{exporter="otlp",server_address="a\"b}"} 1000
)";
constexpr const char* kNow = R"(otelcol_process_uptime 102.5
otelcol_process_cpu_seconds 1.51
otelcol_process_memory_rss 4194304
gleaner_memory_budget_used_bytes 1048576
gleaner_memory_budget_limit_bytes 67108864
gleaner_ledger_in{pipeline="logs"} 3000
gleaner_ledger_delivered{pipeline="logs"} 2900
gleaner_ledger_held{pipeline="logs"} 93
gleaner_ledger_dropped{pipeline="logs",reason="too old"} 3
gleaner_ledger_dropped{pipeline="logs",reason="too large"} 4
otelcol_receiver_accepted_log_records{receiver="otlp",transport="grpc"} 1400
otelcol_receiver_accepted_log_records{receiver="otlp",transport="http"} 1600
otelcol_exporter_sent_log_records_total{exporter="otlp",server_address="a\"b}"} 2900
otelcol_exporter_queue_size{data_type="logs",exporter="otlp"} 7
otelcol_exporter_queue_capacity{data_type="logs",exporter="otlp"} 1000
nonsense
also{nonsense 1
)";

TEST(Top, ShowsRatesBetweenTwoLooks) {
  const auto table = top_table(Scrape::parse(kBefore), Scrape::parse(kNow), 2);
  EXPECT_THAT(table, HasSubstr("up 1m42s  cpu 0.50 %  memory 4.0 MiB  data held 1.0 MiB of 64.0 MiB\n"));
  EXPECT_THAT(
      table,
      HasSubstr("logs                          1000       950         0        93         7  exact\n"));
  EXPECT_THAT(table, HasSubstr("otlp                          1000         0\n"));
  EXPECT_THAT(table, HasSubstr("otlp                           950         0         7      1000\n"));
}

TEST(Top, SaysWhenALedgerDoesNotAddUp) {
  std::string text = kNow;
  const auto at = text.find(" 93\n");
  text.replace(at, 4, " 90\n");
  EXPECT_THAT(top_table({}, Scrape::parse(text), 100), HasSubstr("off by 3\n"));
}

}  // namespace
}  // namespace gleaner::main_program
