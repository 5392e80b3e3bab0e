#include "k8s/json_skip.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "k8s/json_cursor.h"

namespace gleaner::k8s {
namespace {

/// The bytes that the walk by tokens passes over, -1 for no JSON.
std::ptrdiff_t by_token(std::string_view text) {
  Arena arena;
  JsonCursor json(text, arena);
  return json.skip_by_token() ? json.offset() : -1;
}

std::ptrdiff_t by_block(std::string_view text) {
  const char* const behind = skip_container(text.data(), text.data() + text.size());
  return behind ? behind - text.data() : -1;
}

/// A container of up to some 300 bytes, with all that JSON has.
class Documents {
 public:
  explicit Documents(unsigned seed) : random_(seed) {}

  std::string container() {
    out_.clear();
    open(0);
    return out_;
  }
  /// One byte is changed, left out or put in.
  std::string flawed() {
    auto text = container();
    static constexpr std::string_view kBytes = "\"\\{}[]:, \n0a-.e\x01\x7f";
    const auto at = pick(text.size());
    const char byte = kBytes[pick(kBytes.size())];
    switch (pick(3)) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.erase(at, 1);
        break;
      default:
        text.insert(at, 1, byte);
    }
    return text;
  }
  std::size_t pick(std::size_t below) { return random_() % below; }

 private:
  void blank() {
    static constexpr std::string_view kBlanks[] = {"", "", "", " ", "\n\t  ", "\r\n"};
    out_ += kBlanks[pick(6)];
  }
  void text() {
    static constexpr std::string_view kParts[] = {
        "a", "b:,{", "\\\"", "\\\\", "\\u00e9", "]}", "é", "long text of some more bytes", " "};
    out_ += '"';
    for (auto n = pick(6); n > 0; --n) out_ += kParts[pick(9)];
    out_ += '"';
  }
  void value(int depth) {
    static constexpr std::string_view kScalars[] = {
        "true", "false", "null", "0", "-1.5e+10", "123456789012345678", "2E3"};
    const auto kind = pick(depth > 6 ? 6 : 8);
    if (kind < 3) return text();
    if (kind < 6) {
      out_ += kScalars[pick(7)];
      return;
    }
    open(depth + 1);
  }
  void open(int depth) {
    const bool object = pick(2);
    out_ += object ? '{' : '[';
    blank();
    for (auto n = pick(5), i = n; i > 0; --i) {
      if (i < n) out_ += ',';
      blank();
      if (object) {
        text();
        blank();
        out_ += ':';
        blank();
      }
      value(depth);
      blank();
    }
    out_ += object ? '}' : ']';
  }

  std::mt19937 random_;
  std::string out_;
};

TEST(JsonSkip, TakesWhatTheWalkByTokensTakes) {
  Documents documents(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto text = documents.container() + " ,\"rest\"]}"[documents.pick(10)];
    ASSERT_EQ(by_block(text), by_token(text)) << text;
    ASSERT_GT(by_block(text), 0) << text;
  }
}

TEST(JsonSkip, RefusesWhatTheWalkByTokensRefuses) {
  Documents documents(2);
  int refused = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto text = documents.flawed();
    if (text[0] != '{' && text[0] != '[') continue;
    const auto end = by_token(text);
    if (end < 0)
      ASSERT_EQ(by_block(text), -1) << text;
    else  // what is behind the end may make the block doubtful, but not the container
      ASSERT_EQ(by_block(text.substr(0, static_cast<std::size_t>(end))), end) << text;
    refused += by_block(text) < 0;
  }
  EXPECT_GT(refused, 20'000);
}

TEST(JsonSkip, EveryStartAndEndOfABlock) {
  const std::string text = R"({"a\\":"\"x\u12ab","b":[1,-0.5,true,{}],"c":null, "d":{"e":[[]]}})";
  for (std::size_t before = 0; before < 130; ++before) {
    const auto padded = "[" + std::string(before, ' ') + text + "]";
    ASSERT_EQ(by_block(padded), static_cast<std::ptrdiff_t>(padded.size()));
    for (std::size_t cut = 1; cut < padded.size(); ++cut) {
      const std::string part = padded.substr(0, cut);  // its own memory: a read behind it is seen
      ASSERT_EQ(by_block(part), -1) << part;
    }
  }
}

TEST(JsonSkip, LeavesDeepNestingToTheWalk) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(by_block(nested(64)), 128);
  EXPECT_EQ(by_block(nested(65)), -1);
}

}  // namespace
}  // namespace gleaner::k8s
