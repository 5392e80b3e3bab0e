#include "capture/record.h"

#include <gtest/gtest.h>

#include <string>

namespace gleaner::capture {
namespace {

struct Kept final : Bytes {
  std::string text;
  void append(std::string_view bytes) override { text += bytes; }
};

constexpr std::string_view kTime = "2026-01-02T03:04:05.000000006Z";

std::string record(Format format, Stream stream, std::string_view text, bool partial = false) {
  Kept kept;
  write_record(kept, format, stream, kTime, partial, text);
  EXPECT_LE(kept.text.size(), record_size(format, stream, text));
  EXPECT_GE(kept.text.size() + 4, record_size(format, stream, text));
  return kept.text;
}

TEST(Record, HasThreeFormats) {
  const std::string time(kTime);
  EXPECT_EQ(record(Format::cri, Stream::out, "a b"), time + " stdout F a b\n");
  EXPECT_EQ(record(Format::cri, Stream::err, "", true), time + " stderr P \n");
  EXPECT_EQ(record(Format::cri, Stream::out, std::string_view("\0\xff", 2)),
            time + " stdout F " + std::string("\0\xff", 2) + "\n");
  EXPECT_EQ(record(Format::raw, Stream::err, "x"), "x\n");
  EXPECT_EQ(record(Format::raw, Stream::err, "x", true), "x");
  EXPECT_EQ(record(Format::json, Stream::err, "x", true),
            R"({"log":"x","stream":"stderr","time":")" + time + "\"}\n");
}

TEST(Record, JsonIsAlwaysValid) {
  const struct {
    std::string_view text, want;
  } kCases[] = {
      {"plain", "plain"},
      {"a\"b\\c", "a\\\"b\\\\c"},
      {"\t\r\x01\x1f", "\\t\\r\\u0001\\u001f"},
      {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
       "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xff\xfe", "\\ufffd\\ufffd"},
      {"\xc3", "\\ufffd"},                                   // cut off
      {"\xc0\xaf", "\\ufffd\\ufffd"},                        // overlong
      {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},             // a surrogate
      {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},  // above U+10FFFF
  };
  for (const auto& c : kCases)
    EXPECT_EQ(record(Format::json, Stream::out, c.text), "{\"log\":\"" + std::string(c.want) +
                                                             R"(\n","stream":"stdout","time":")" +
                                                             std::string(kTime) + "\"}\n");
}

}  // namespace
}  // namespace gleaner::capture
