#include "net/compress.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace gleaner::net {
namespace {

std::string sample(std::size_t size) {
  std::string out;
  for (std::uint32_t x = 1; out.size() < size; x = x * 1664525 + 1013904223)
    out += "span " + std::to_string(x % 977) + (x & 64 ? " service.name=checkout" : "\n");
  out.resize(size);
  return out;
}
/// The same bytes in uneven parts, as sockets deliver them.
Chain pieces(std::string_view text) {
  Chain out;
  for (std::size_t at = 0, n = 1; at < text.size(); at += n, n = n * 3 % 10'007)
    out.append(Bytes::copy(text.substr(at, n)));
  return out;
}

class EveryEncoding : public testing::TestWithParam<Encoding> {};
TEST_P(EveryEncoding, RoundTrips) {
  for (const std::size_t size : {1, 100, 65'536, 65'537, 3'000'000}) {
    const std::string text = sample(size);
    const Chain packed = compress(GetParam(), kDefaultLevel, pieces(text));
    const auto back = decompress(GetParam(), pieces(packed.flat().view()), {.max_bytes = size});
    ASSERT_TRUE(back) << size << ": " << back.error().what;
    EXPECT_TRUE(back->view() == text) << size;
  }
}
TEST_P(EveryEncoding, StopsAtTheLimit) {
  const Chain bomb = compress(GetParam(), kDefaultLevel, Chain(Bytes::copy(std::string(8u << 20, '\0'))));
  const std::size_t before = Block::live_bytes();
  const auto got = decompress(GetParam(), bomb, {.max_bytes = (8u << 20) - 1});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().sys, EMSGSIZE) << got.error().what;
  EXPECT_EQ(Block::live_bytes(), before);
}
TEST_P(EveryEncoding, RefusesDamage) {
  if (GetParam() == Encoding::identity) return;
  const std::string packed(
      compress(GetParam(), kDefaultLevel, Chain(Bytes::copy(sample(50'000)))).flat().view());
  for (std::size_t cut = 0; cut < packed.size(); cut += 1 + packed.size() / 50) {
    const auto got = decompress(GetParam(), pieces(packed.substr(0, cut)), {});
    // A framed snappy stream may end after any frame.
    if (GetParam() == Encoding::snappy_framed && got) continue;
    if (cut == 0 && got && got->empty()) continue;
    EXPECT_FALSE(got) << cut;
  }
  EXPECT_FALSE(decompress(GetParam(), Chain(Bytes::copy("no such format, whatever it is")), {}));
}
INSTANTIATE_TEST_SUITE_P(Table, EveryEncoding,
                         testing::Values(Encoding::identity, Encoding::gzip, Encoding::zlib,
                                         Encoding::deflate, Encoding::zstd, Encoding::snappy,
                                         Encoding::snappy_framed, Encoding::lz4),
                         [](const auto& c) {
                           std::string name(encoding_name(c.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(Decompress, TakesSeveralGzipMembers) {
  Chain two = compress(Encoding::gzip, 1, Chain(Bytes::copy("one ")));
  two.append(compress(Encoding::gzip, 9, Chain(Bytes::copy(sample(100'000)))));
  EXPECT_EQ(decompress(Encoding::gzip, two, {})->view(), "one " + sample(100'000));
  two.append(Bytes::copy("garbage"));
  EXPECT_EQ(decompress(Encoding::gzip, two, {}).error().what, "gzip: invalid header");
}

TEST(Decompress, ReadsBothSnappyFormats) {
  const Chain framed = compress(Encoding::snappy_framed, 0, pieces(sample(200'000)));
  EXPECT_EQ(decompress(Encoding::snappy, framed, {})->view(), sample(200'000));
}

TEST(Decompress, CapsTheRatio) {
  const Chain bomb = compress(Encoding::zstd, 3, Chain(Bytes::copy(std::string(16u << 20, 'x'))));
  EXPECT_FALSE(decompress(Encoding::zstd, bomb, {.max_bytes = 20u << 20, .max_ratio = 100}));
}

TEST(Encoding, NamesAreCaseSensitive) {
  EXPECT_EQ(encoding_named("gzip"), Encoding::gzip);
  EXPECT_EQ(encoding_named("GZIP"), std::nullopt);
  EXPECT_EQ(encoding_named("br"), std::nullopt);
  EXPECT_EQ(encoding_name(Encoding::snappy_framed), "x-snappy-framed");
}

}  // namespace
}  // namespace gleaner::net
