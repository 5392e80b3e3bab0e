#include "capture/lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gleaner::capture {
namespace {

struct Kept final : LineSink {
  std::vector<std::string> got;
  void line(Stream stream, std::string_view text, bool partial) override {
    got.push_back((stream == Stream::out ? "out" : "err") + std::string(partial ? " P " : " F ") +
                  std::string(text));
  }
};

using Got = std::vector<std::string>;
constexpr auto kOut = Stream::out, kErr = Stream::err;

TEST(Lines, HaveThePlaceOfTheirNewline) {
  Kept kept;
  Lines lines(kept);
  lines.feed(kOut, "a\nb");
  lines.feed(kErr, "x\n");
  lines.feed(kOut, "c\n\n");
  lines.feed(kErr, "end");
  lines.finish(kOut);
  lines.finish(kErr);
  EXPECT_EQ(kept.got, (Got{"out F a", "err F x", "out F bc", "out F ", "err F end"}));
}

TEST(Lines, LongOnesComeInPieces) {
  Kept kept;
  Lines lines(kept, 4);
  lines.feed(kOut, "abcd\n");        // fits exactly
  lines.feed(kOut, "abcdefghij\n");  // in one read
  lines.feed(kOut, "ab");
  lines.feed(kOut, "cdef");  // over two reads
  lines.feed(kOut, "\n");
  EXPECT_EQ(kept.got, (Got{"out F abcd", "out P abcd", "out P efgh", "out F ij", "out P abcd", "out F ef"}));
}

TEST(Lines, NothingComesBetweenThePieces) {
  Kept kept;
  Lines lines(kept, 4);
  lines.feed(kOut, "abcdef");
  lines.feed(kErr, "x\n");  // the long line ends here
  lines.feed(kOut, "gh\n");
  lines.feed(kOut, "abcdef");
  lines.feed(kErr, "y\n");
  lines.feed(kOut, "\nz\n");  // the newline alone makes no empty line
  EXPECT_EQ(kept.got, (Got{"out P abcd", "out F ef", "err F x", "out F gh", "out P abcd", "out F ef",
                           "err F y", "out F z"}));
}

TEST(Lines, LongUnfinishedOnesEnd) {
  Kept kept;
  Lines lines(kept, 4);
  lines.feed(kErr, "abcdefgh");
  lines.finish(kErr);
  lines.finish(kErr);
  EXPECT_EQ(kept.got, (Got{"err P abcd", "err F efgh"}));
}

}  // namespace
}  // namespace gleaner::capture
