#include "stanza/files/packed.h"

#include "stanza/files/packing.h"
#include "stanza/files/testing.h"

namespace gleaner::stanza::files {
namespace {
using namespace testing_support;

std::string numbers(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += "line " + std::to_string(i) + "\n";
  return out;
}

struct Case {
  std::string name;
  Packing packing;
  std::string (*pack)(std::string_view);
};

class PackedTest : public testing::TestWithParam<Case> {
 protected:
  Folder folder;
  Fd open(const std::string& content) {
    folder.write("a", content);
    return Fd(::open(folder.path("a").c_str(), O_RDONLY | O_CLOEXEC));
  }
  static bool measure(Packed& packed, const Fd& fd) {
    struct stat info;
    ::fstat(fd.get(), &info);
    return packed.measure(fd.get(), static_cast<std::uint64_t>(info.st_size), SIZE_MAX);
  }
  static std::string read(Packed& packed, const Fd& fd, std::uint64_t at, std::size_t count) {
    std::string out(count, '\0');
    out.resize(packed.read(fd.get(), at, count, out.data()));
    return out;
  }
};

TEST_P(PackedTest, ReadsByOffsetsIntoTheText) {
  const std::string text = numbers(0, 100'000);
  const Fd fd = open(GetParam().pack(text));
  Packed packed(GetParam().packing);
  ASSERT_TRUE(measure(packed, fd));
  EXPECT_EQ(packed.size(), text.size());
  EXPECT_EQ(packed.damage(), "");
  EXPECT_EQ(read(packed, fd, 0, 10), text.substr(0, 10));
  EXPECT_EQ(read(packed, fd, 5, 100'000), text.substr(5, 100'000)) << "overlaps what was read";
  EXPECT_EQ(read(packed, fd, 700'000, 50), text.substr(700'000, 50)) << "far ahead";
  EXPECT_EQ(read(packed, fd, 3, 50), text.substr(3, 50)) << "back";
  EXPECT_EQ(read(packed, fd, text.size() - 5, 50), text.substr(text.size() - 5));
  EXPECT_EQ(read(packed, fd, text.size(), 50), "");
  EXPECT_EQ(packed.peek(fd.get(), 0, 1000), text.substr(0, 1000));
  EXPECT_EQ(packed.peek(fd.get(), 500'000, 64), text.substr(500'000, 64));
  packed.rest();
  EXPECT_EQ(read(packed, fd, 400'000, 64), text.substr(400'000, 64));
}

TEST_P(PackedTest, GoesOnWhereMembersWereAppended) {
  std::string text, content;
  Packed packed(GetParam().packing);
  Fd fd = open("");
  for (int i = 0; i < 200; ++i) {
    const std::string more = numbers(i * 10, i * 10 + 10);
    const std::string member = GetParam().pack(more);
    folder.append("a", member);
    content += member;
    const auto before = text.size();
    text += more;
    ASSERT_TRUE(measure(packed, fd));
    ASSERT_EQ(packed.size(), text.size());
    const auto back = std::min<std::size_t>(before, 64);
    ASSERT_EQ(read(packed, fd, before - back, 10'000), text.substr(before - back)) << i;
    packed.rest();
  }
  EXPECT_EQ(packed.peek(fd.get(), 100, 3000), text.substr(100, 3000));
}

TEST_P(PackedTest, FollowsAMemberThatIsBeingWritten) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += static_cast<char>('a' + (i * 7919 % 26) * (i % 3 != 0));
  const std::string content = GetParam().pack(text);
  Packed packed(GetParam().packing);
  Fd fd = open("");
  std::uint64_t before = 0;
  for (std::size_t at = 0; at < content.size(); at += 1000) {
    folder.append("a", content.substr(at, 1000));
    ASSERT_TRUE(measure(packed, fd));
    ASSERT_GE(packed.size(), before);
    before = packed.size();
    ASSERT_EQ(packed.damage(), "") << "not complete is not damaged";
  }
  EXPECT_EQ(packed.size(), text.size());
}

TEST_P(PackedTest, KeepsWhatIsBeforeDamage) {
  const std::string first = numbers(0, 1000), second = numbers(1000, 2000);
  std::string content = GetParam().pack(first) + GetParam().pack(second);
  content += "no member at all, but longer than a header is";
  const Fd fd = open(content);
  Packed packed(GetParam().packing);
  ASSERT_TRUE(measure(packed, fd));
  EXPECT_NE(packed.damage(), "");
  EXPECT_EQ(packed.size(), first.size() + second.size());
  EXPECT_EQ(read(packed, fd, 0, 100'000), first + second);
}

TEST_P(PackedTest, MeasuresInSlices) {
  const std::string text(1'000'000, 'x');
  const Fd fd = open(GetParam().pack(text));
  Packed packed(GetParam().packing);
  int slices = 1;
  while (!packed.measure(fd.get(), 1, 100'000)) ++slices;
  EXPECT_GT(slices, 5);
  EXPECT_EQ(packed.size(), text.size());
  EXPECT_EQ(packed.peek(fd.get(), 0, 10), "xxxxxxxxxx");
}

INSTANTIATE_TEST_SUITE_P(Packings, PackedTest,
                         testing::ValuesIn<Case>({{"gzip", Packing::gzip, &gzipped},
                                                  {"zstd", Packing::zstd, &zstd_packed}}),
                         [](const auto& c) { return c.param.name; });

TEST(PackingOf, IsSeenInTheFirstBytes) {
  EXPECT_EQ(packing_of(gzipped("x")).packing, Packing::gzip);
  EXPECT_EQ(packing_of(zstd_packed("x")).packing, Packing::zstd);
  EXPECT_EQ(packing_of("plain").packing, Packing::none);
  EXPECT_TRUE(packing_of("plain").certain);
  for (const std::string_view few : {"", "\x1f", "\x28", "\x28\xb5", "\x28\xb5\x2f"})
    EXPECT_FALSE(packing_of(few).certain) << few.size();
}

}  // namespace
}  // namespace gleaner::stanza::files
