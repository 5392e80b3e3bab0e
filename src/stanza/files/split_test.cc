#include "stanza/files/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gleaner::stanza::files {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;
using namespace std::string_literals;

std::optional<text::Regex> lines(const char* pattern) {
  return *text::Regex::compile(pattern, {.latin1 = false, .multi_line = true});
}

struct Cut {
  Texts texts;
  std::string rest;
};

/// Everything that comes out of `bytes`, blank records left out, and what stays.
Cut cut(const Splitter& splitter, std::string_view bytes, bool flush = false, bool at_end = true) {
  Cut out;
  bool skipping = false;
  while (!bytes.empty()) {
    const auto token = splitter.next(bytes, at_end, flush, skipping);
    if (token.consumed == 0) break;
    if (token.is_record && !token.text.empty()) out.texts.emplace_back(token.text);
    bytes.remove_prefix(token.consumed);
  }
  out.rest = bytes;
  return out;
}

std::string wide(std::string_view ascii, bool big = false) {
  std::string out;
  for (const char c : ascii) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

// The rows of spec/filelog.md 19.6, and more.
struct Row {
  const char* name;
  const char *start, *end;
  bool omit;
  std::string input;
  Texts tokens;
  std::string rest;
  Texts flushed;  ///< when what is left is given out
};
class SplitTable : public testing::TestWithParam<Row> {};

TEST_P(SplitTable, Cuts) {
  const Row& row = GetParam();
  SplitOptions options;
  options.keep_leading = options.keep_trailing = true;
  if (*row.start) options.line_start = lines(row.start);
  if (*row.end) options.line_end = lines(row.end);
  options.omit_pattern = row.omit;
  const Splitter splitter(std::move(options));
  const Cut found = cut(splitter, row.input);
  EXPECT_EQ(found.texts, row.tokens);
  EXPECT_EQ(found.rest, row.rest);
  EXPECT_EQ(cut(splitter, row.input, true).texts, row.flushed) << "flushed at once";
  EXPECT_EQ(cut(splitter, row.input, true).rest, "");
}

constexpr const char* kStart = "LOGSTART \\d+ ";
INSTANTIATE_TEST_SUITE_P(
    Split, SplitTable,
    testing::Values(
        Row{"start",
            kStart,
            "",
            false,
            "LOGSTART 123 log1 LOGSTART 234 log2 LOGSTART 345 foo",
            {"LOGSTART 123 log1 ", "LOGSTART 234 log2 "},
            "LOGSTART 345 foo",
            {"LOGSTART 123 log1 ", "LOGSTART 234 log2 ", "LOGSTART 345 foo"}},
        Row{"start_omit",
            kStart,
            "",
            true,
            "LOGSTART 123 log1 LOGSTART 234 log2 LOGSTART 345 foo",
            {"log1 ", "log2 "},
            "LOGSTART 345 foo",
            {"log1 ", "log2 ", "LOGSTART 345 foo"}},
        Row{"start_of_line",
            "^LOGSTART \\d+ ",
            "",
            false,
            "LOGSTART 123 LOGSTART 345 log1\nLOGSTART 234 log2\nLOGSTART 345 foo",
            {"LOGSTART 123 LOGSTART 345 log1\n", "LOGSTART 234 log2\n"},
            "LOGSTART 345 foo",
            {"LOGSTART 123 LOGSTART 345 log1\n", "LOGSTART 234 log2\n", "LOGSTART 345 foo"}},
        Row{"text_before_start",
            kStart,
            "",
            false,
            "part that doesn't match LOGSTART 123 part that matchesLOGSTART 123 foo",
            {"part that doesn't match ", "LOGSTART 123 part that matches"},
            "LOGSTART 123 foo",
            {"part that doesn't match ", "LOGSTART 123 part that matches", "LOGSTART 123 foo"}},
        Row{"start_never",
            kStart,
            "",
            false,
            "no match at all\n",
            {},
            "no match at all\n",
            {"no match at all\n"}},
        Row{"end",
            "",
            "LOGEND \\d+ ",
            false,
            "log1 LOGEND 123 log2 LOGEND 234 ",
            {"log1 LOGEND 123 ", "log2 LOGEND 234 "},
            "",
            {"log1 LOGEND 123 ", "log2 LOGEND 234 "}},
        Row{"end_omit",
            "",
            "LOGEND \\d+ ",
            true,
            "log1 LOGEND 123 log2 LOGEND 234 rest",
            {"log1 ", "log2 "},
            "rest",
            {"log1 ", "log2 ", "rest"}},
        Row{"end_of_line",
            "",
            "LOGEND$",
            false,
            "log1 LOGEND LOGEND\nlog2 LOGEND\n",
            {"log1 LOGEND LOGEND", "\nlog2 LOGEND"},
            "\n",
            {"log1 LOGEND LOGEND", "\nlog2 LOGEND", "\n"}},
        Row{"newline", "", "", false, "foo\nbar\nbaz\n", {"foo", "bar", "baz"}, "", {"foo", "bar", "baz"}},
        Row{"newline_rest", "", "", false, "foo\nba", {"foo"}, "ba", {"foo", "ba"}},
        Row{"crlf", "", "", false, "foo\r\n\r\nb\rar\r\r\n", {"foo", "b\rar\r"}, "", {"foo", "b\rar\r"}},
        Row{"only_newlines", "", "", false, "\n\n\n", {}, "", {}},
        Row{"nul", "", "", false, "a\0b\n"s, {"a\0b"s}, "", {"a\0b"s}}),
    [](const auto& info) { return std::string(info.param.name); });

SplitOptions encoded(const char* name) {
  SplitOptions options;
  options.encoding = *text::Encoding::find(name);
  return options;
}

TEST(Split, KeepsStackTracesTogether) {
  SplitOptions options;
  options.traces = text::StackTrace(text::StackTrace::Language::java);
  const Splitter splitter(std::move(options));
  const std::string text =
      "10:00 ERROR no luck\r\njava.lang.Error: x\r\n\tat a.B.c(B.java:1)\r\n10:01 INFO on\r\n10:02 INFO\r\n";
  const Cut all = cut(splitter, text);
  EXPECT_THAT(all.texts, ElementsAre("10:00 ERROR no luck\r\njava.lang.Error: x\r\n\tat a.B.c(B.java:1)",
                                     "10:01 INFO on"));
  EXPECT_EQ(all.rest, "10:02 INFO\r\n");
  EXPECT_THAT(cut(splitter, all.rest, true).texts, ElementsAre("10:02 INFO"));
}

TEST(Split, EndsStackTracesThatNeverEnd) {
  SplitOptions options;
  options.traces = text::StackTrace(text::StackTrace::Language::java);
  options.max_size = 10'000;
  const Splitter splitter(std::move(options));
  std::string text = "java.lang.StackOverflowError\n";
  for (int i = 0; i < 5000; ++i) text += "\tat com.example.Deep.down(Deep.java:" + std::to_string(i) + ")\n";
  const Cut all = cut(splitter, text);
  EXPECT_LT(all.rest.size(), 10'000u);
  for (const auto& record : all.texts) EXPECT_LE(record.size(), 10'000u);
  for (const auto& record : all.texts) EXPECT_TRUE(record.ends_with(")")) << "cut between lines";
  EXPECT_EQ(all.texts.size(), (text.size() - all.rest.size()) / 9'950);
}

TEST(Split, WaitsForMoreBehindAnEndThatMayGoOn) {
  SplitOptions options;
  options.line_end = lines("END\\d+");
  const Splitter splitter(std::move(options));
  EXPECT_THAT(cut(splitter, "log END1", false, false).texts, IsEmpty());
  EXPECT_THAT(cut(splitter, "log END1", false, true).texts, ElementsAre("log END1"));
}

TEST(Split, NopTakesWhatThereIs) {
  auto options = encoded("nop");
  options.max_size = 8;
  const Splitter splitter(std::move(options));
  EXPECT_THAT(cut(splitter, "testlog1testlog2test").texts, ElementsAre("testlog1", "testlog2", "test"));
  EXPECT_THAT(cut(splitter, " a\n b\n ").texts, ElementsAre(" a\n b\n "));
}

TEST(Split, Utf16) {
  for (const bool big : {false, true}) {
    SCOPED_TRACE(big);
    const Splitter splitter(encoded(big ? "utf-16be" : "utf-16le"));
    EXPECT_THAT(cut(splitter, wide("one\r\ntwo\nth", big)).texts,
                ElementsAre(wide("one", big), wide("two", big)));
    EXPECT_THAT(cut(splitter, wide(" \tone \r\n", big)).texts, ElementsAre(wide("one", big)))
        << "trimmed by characters";
    // U+0A0A and U+2020: no byte of theirs is a newline or a blank.
    const std::string odd = "\x0a\x0a\x20\x20"s;
    EXPECT_THAT(cut(splitter, odd + wide("\n", big)).texts, ElementsAre(odd));
    // U+0A00 U+000A and the like: a newline only at whole characters.
    const std::string across = big ? "\x01\x00\x0a\x01"s : "\x01\x0a\x00\x01"s;
    EXPECT_THAT(cut(splitter, across + wide("\n", big)).texts, ElementsAre(across));
  }
}

TEST(Split, Utf16KeepsCharactersWhole) {
  auto options = encoded("utf-16le");
  options.max_size = 5;
  const Splitter splitter(std::move(options));
  EXPECT_THAT(cut(splitter, wide("abcde\n")).texts, ElementsAre(wide("ab"), wide("cd"), wide("e")));
}

struct Long {
  const char* name;
  bool truncate;
  std::string input;
  Texts tokens;
};
class LongLines : public testing::TestWithParam<Long> {};

TEST_P(LongLines, AreSplitOrTruncated) {
  SplitOptions options;
  options.max_size = 4;
  options.truncate = GetParam().truncate;
  const Splitter splitter(std::move(options));
  EXPECT_EQ(cut(splitter, GetParam().input).texts, GetParam().tokens);
}

TEST_P(LongLines, WhateverTheChunks) {
  // The same when the bytes come one by one, as a slow writer puts them.
  SplitOptions options;
  options.max_size = 4;
  options.truncate = GetParam().truncate;
  const Splitter splitter(std::move(options));
  Texts got;
  std::string pending;
  bool skipping = false;
  for (const char c : GetParam().input) {
    pending += c;
    for (;;) {
      const auto token = splitter.next(pending, true, false, skipping);
      if (token.consumed == 0) break;
      if (token.is_record && !token.text.empty()) got.emplace_back(token.text);
      pending.erase(0, token.consumed);
    }
  }
  EXPECT_EQ(got, GetParam().tokens);
}

INSTANTIATE_TEST_SUITE_P(
    Split, LongLines,
    testing::Values(Long{"split", false, "0123456789\nab\n", {"0123", "4567", "89", "ab"}},
                    Long{"split_exact", false, "01234567\nab\n", {"0123", "4567", "ab"}},
                    Long{"truncate", true, "0123456789\nab\n", {"0123", "ab"}},
                    Long{"truncate_exact", true, "01234567\nab\n", {"0123", "ab"}},
                    Long{"fits", true, "0123\nab\n", {"0123", "ab"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Split, Trims) {
  const auto with = [](bool leading, bool trailing) {
    SplitOptions options;
    options.keep_leading = leading;
    options.keep_trailing = trailing;
    return cut(Splitter(std::move(options)), " \t a b \t \n").texts;
  };
  EXPECT_THAT(with(false, false), ElementsAre("a b"));
  EXPECT_THAT(with(true, false), ElementsAre(" \t a b"));
  EXPECT_THAT(with(false, true), ElementsAre("a b \t "));
  EXPECT_THAT(with(true, true), ElementsAre(" \t a b \t "));
}

}  // namespace
}  // namespace gleaner::stanza::files
