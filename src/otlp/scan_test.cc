#include "otlp/scan.h"

#include <gtest/gtest.h>

#include "otlp/wire.h"

namespace gleaner::otlp {
namespace {

std::string unhex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

struct Case {
  std::string_view name, hex;
  SignalKind signal;
  std::string_view want;
};
class ScanTable : public testing::TestWithParam<Case> {};
TEST_P(ScanTable, SaysWhatTheReferenceSays) {
  EXPECT_EQ(scan(GetParam().signal, unhex(GetParam().hex)).text(), GetParam().want);
}
// Rows "from the reference" are the bodies of recorded requests.
INSTANTIATE_TEST_SUITE_P(
    Table, ScanTable,
    testing::ValuesIn<Case>(
        {{"empty", "", SignalKind::logs, "ok"},
         {"cut", "0a0a120812062a040a0270", SignalKind::logs, "unexpected EOF"},
         {"unknown_field", "0a0a120812062a040a027062fa0103616263", SignalKind::logs, "ok"},
         {"bad_wiretype", "0f", SignalKind::logs,
          "proto: wrong wireType = 7 for field resourceLogs of ExportLogsServiceRequest"},
         {"long_length", "0affffffff0f", SignalKind::logs, "unexpected EOF"},
         {"trace_id_of_three", "0a09120712050a03616263", SignalKind::traces,
          "unmarshal: invalid TraceID length"},
         {"profile_id_of_three", "0a09120712053a03616263", SignalKind::profiles,
          "unmarshal: invalid ProfileID length"},
         {"bad_utf8", "0a08120612041a02fffe", SignalKind::logs, "ok"},
         {"json", "7b227265736f757263654c6f6773223a5b5d7d", SignalKind::logs, "unexpected EOF"},
         {"group", "0a0a120812062a040a0270621314", SignalKind::logs, "unexpected EOF"},
         {"field_zero", "0000", SignalKind::logs, "proto: ExportLogsServiceRequest: illegal tag 0"},
         {"tag_of_six_bytes", "f880808080000a", SignalKind::logs, "unexpected EOF"},
         {"tag_above_32_bits", "f8ffffff7f00", SignalKind::logs,
          "proto: ExportLogsServiceRequest: a tag of more than 32 bits"},
         {"length_of_six_bytes", "0a808080808000", SignalKind::logs, "unexpected EOF"},
         {"varint_for_message", "0801", SignalKind::logs,
          "proto: wrong wireType = 0 for field resourceLogs of ExportLogsServiceRequest"}}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Scan, RefusesDeepNesting) {
  std::string value;
  const auto wrap = [&](char tag) {
    char size[10];
    char* end = write_varint(size, value.size());
    value = std::string(1, tag) + std::string(size, end) + value;
  };
  for (int i = 0; i < 200; ++i) {
    wrap('\x0a');  // ArrayValue.values
    wrap('\x2a');  // AnyValue.array_value
  }
  for (const char tag : {'\x2a', '\x12', '\x12', '\x0a'}) wrap(tag);
  EXPECT_EQ(scan(SignalKind::logs, value).fault, Fault::too_deep);
}

TEST(Varint, TenBytesAtMost) {
  std::uint64_t value = 0;
  const std::string longest = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  EXPECT_EQ(read_varint(longest.data(), longest.data() + 10, value), longest.data() + 10);
  EXPECT_EQ(value, ~std::uint64_t{0});
  const std::string eleven(11, '\xff');
  EXPECT_EQ(read_varint(eleven.data(), eleven.data() + 11, value), nullptr);
  EXPECT_EQ(read_varint(longest.data(), longest.data() + 9, value), nullptr);
}

}  // namespace
}  // namespace gleaner::otlp
