#include "text/encoding.h"

#include <gtest/gtest.h>

namespace gleaner::text {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view name, bytes, want;
};
class EncodingDecode : public testing::TestWithParam<Case> {};
TEST_P(EncodingDecode, GivesUtf8) {
  Arena arena;
  const auto encoding = Encoding::find(GetParam().name);
  ASSERT_TRUE(encoding) << encoding.error().what;
  EXPECT_EQ(encoding->decode(GetParam().bytes, arena), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, EncodingDecode,
                         testing::ValuesIn<Case>({
                             {"", "ok", "ok"},
                             {"UTF-8", "bad \xff\xfe byte"sv, "bad \xef\xbf\xbd\xef\xbf\xbd byte"},
                             {"utf8", "trunc \xe3\x81"sv, "trunc \xef\xbf\xbd"},
                             {"utf8", "\xe3\x81x\xed\xa0\x80\xf5"sv,
                              "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                             {"utf8",
                              "\xef\xbb\xbf"
                              "bom"sv,
                              "\xef\xbb\xbf"
                              "bom"},
                             {"ascii", "\xc3\xa4"sv, "\xc3\xa4"},
                             {"utf-8-raw", "bad \xff"sv, "bad \xff"},
                             {"nop", "\xff\n"sv, "\xff\n"},
                             {"utf-16le", "o\0\xe4\0\xe5\x65\x3d\xd8\0\xde"sv,
                              "o\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80"},
                             {"utf-16be", "\0o\xd8\x3d\0x\0"sv, "o\xef\xbf\xbdx\xef\xbf\xbd"},
                             {"latin1", "\xe4\x80"sv, "\xc3\xa4\xc2\x80"},
                             {"windows-1252", "\x80\x81"sv, "\xe2\x82\xac\xef\xbf\xbd"},
                             {"iso-8859-15", "\x85\xa4"sv, "\xef\xbf\xbd\xe2\x82\xac"},
                             {"ISO_8859-1:1987", "\x85"sv, "\xc2\x85"},
                             {"koi8-u", "\xae"sv, "\xd1\x9e"},
                             {"gbk", "\x80"sv, "\xe2\x82\xac"},
                             {"ibm865", "\x9b"sv, "\xc3\xb8"},
                             {"shift_jis", "\x82\xe6\x82\xa4\x82\xb1\x82\xbb"sv,
                              "\xe3\x82\x88\xe3\x81\x86\xe3\x81\x93\xe3\x81\x9d"},
                             {"Shift_JIS", "\xb1\x82"sv, "\xef\xbd\xb1\xef\xbf\xbd"},
                             {"euc-jp", "\xa4\xe8"sv, "\xe3\x82\x88"},
                             {"big5", "\xa4\xa4"sv, "\xe4\xb8\xad"},
                             {"gbk", "\xd6\xd0x"sv, "\xe4\xb8\xadx"},
                             {"euc-kr", "\xb0\xa1"sv, "\xea\xb0\x80"},
                             {"shift_jis", "\x80\xa0@\x82\x7f"sv, "\xc2\x80\xef\xbf\xbd@\xef\xbf\xbd\x7f"},
                             {"shift_jis", "\xf0\x90\x8b\xad"sv, "\xef\xbf\xbd\xe5\xbc\xb7"},
                             {"big5", "\x8bi\x88\x62"sv, "\xf0\xa4\xb7\xab\xc3\x8a\xcc\x84"},
                             {"euc-jp", "\x8e\xb1\x8f\xb0\xa1\x8f\x41"sv,
                              "\xef\xbd\xb1\xe4\xb8\x82\xef\xbf\xbd"
                              "A"},
                             {"gbk", "\xfe\xff"sv, "\xef\xbf\xbd\xef\xbf\xbd"},
                             {"gb18030", "\xd6\xd0\x81\x30\x81\x30\x95\x32\x82\x36\x81\x30"sv,
                              "\xe4\xb8\xad\xc2\x80\xf0\xa0\x80\x80\xef\xbf\xbd"
                              "0"},
                             {"hz-gb-2312", "a~~~{VP~}~"sv, "a~\xe4\xb8\xad\xef\xbf\xbd"},
                             {"iso-2022-jp", "a\x1b$B$h\x1b(I1\x1b$(D0!\x1b(Bz\x1b"sv,
                              "a\xe3\x82\x88\xef\xbd\xb1\xe4\xb8\x82z\xef\xbf\xbd"},
                             {"ibm037", "\xc1\x40\xba"sv, "A ["},
                             {"IBM1047", "\xc1\x40\xad"sv, "A ["},
                             {"ibm01140", "\x9f"sv, "\xe2\x82\xac"},
                         }));

TEST(Encoding, LeavesPlainTextWhereItIs) {
  Arena arena;
  const std::string_view text = "plain";
  for (const char* name : {"utf-8", "shift_jis", "nop"})
    EXPECT_EQ(Encoding::find(name)->decode(text, arena).data(), text.data());
}

TEST(Encoding, RefusesUnknownNames) {
  EXPECT_EQ(Encoding::find("shift-jis").error().what, "unsupported encoding 'shift-jis'");
}

TEST(Encoding, KnowsItsNewlines) {
  EXPECT_EQ(Encoding::find("ibm037")->newline(), "\x25");
  EXPECT_EQ(Encoding::find("utf-16be")->newline(), "\0\n"sv);
  EXPECT_EQ(Encoding::find("utf-16")->carriage_return(), "\r\0"sv);
}

}  // namespace
}  // namespace gleaner::text
