#include <snappy.h>

#include <array>
#include <cstring>

#include "net/codecs.h"

namespace gleaner::net::codec {
namespace {

constexpr std::string_view kStream("\xff\x06\x00\x00sNaPpY", 10);
constexpr std::size_t kFrame = 65536;  // text of one frame, at most

std::uint32_t crc32c_plain(std::string_view text) {
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
    return table;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : text) crc = kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_fast(std::string_view text) {
  std::uint64_t crc = 0xffffffffu;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto crc32 = static_cast<std::uint32_t>(crc);
  for (; i < text.size(); ++i) crc32 = __builtin_ia32_crc32qi(crc32, static_cast<unsigned char>(text[i]));
  return ~crc32;
}
std::uint32_t crc32c(std::string_view text) {
  return __builtin_cpu_supports("sse4.2") ? crc32c_fast(text) : crc32c_plain(text);
}
#else
std::uint32_t crc32c(std::string_view text) { return crc32c_plain(text); }
#endif

/// Source: snappy's framing_format.txt, section 3.
std::uint32_t masked_crc(std::string_view text) {
  const std::uint32_t crc = crc32c(text);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

tl::unexpected<Error> corrupt() { return fail(Fault::permanent, "snappy: corrupt input"); }

Result<Bytes> unblock(std::string_view in, std::size_t cap) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(in.data(), in.size(), &size)) return corrupt();
  if (size > cap) return too_large(cap);
  if (size / 64 > in.size() + 64)
    return corrupt();  // a copy of 64 bytes takes at least 2: the claim is a lie
  Buffer out(size);
  if (!snappy::RawUncompress(in.data(), in.size(), out.data())) return corrupt();
  out.commit(size);
  return std::move(out).finish();
}

Result<Bytes> unframe(std::string_view in, std::size_t cap) {
  Buffer out(std::min(cap, in.size() * 4));
  while (!in.empty()) {
    if (in.size() < 4) return corrupt();
    const auto* head = reinterpret_cast<const std::uint8_t*>(in.data());
    const std::uint8_t type = head[0];
    const std::size_t size = head[1] | head[2] << 8 | std::size_t{head[3]} << 16;
    if (in.size() - 4 < size) return corrupt();
    std::string_view body = in.substr(4, size);
    in.remove_prefix(4 + size);
    if (type == 0xff) {
      if (body != kStream.substr(4)) return corrupt();
      continue;
    }
    if (type >= 0x80) continue;  // padding and skippable
    if (type > 1 || body.size() < 4)
      return type > 1 ? fail(Fault::permanent, "snappy: unsupported input") : corrupt();
    std::uint32_t want = 0;
    std::memcpy(&want, body.data(), 4);
    body.remove_prefix(4);
    std::size_t text = body.size();
    if (type == 0 && !snappy::GetUncompressedLength(body.data(), body.size(), &text)) return corrupt();
    if (text > kFrame) return corrupt();
    if (out.size() + text > cap) return too_large(cap);
    char* to = out.reserve(text);
    if (type == 1) {
      std::memcpy(to, body.data(), text);
    } else if (!snappy::RawUncompress(body.data(), body.size(), to)) {
      return corrupt();
    }
    if (masked_crc({to, text}) != want) return corrupt();
    out.commit(text);
  }
  return trimmed(std::move(out));
}

}  // namespace

Bytes snappy_compress(bool framed, const Chain& data) {
  const Bytes in = data.flat();
  if (!framed) {
    Buffer out(snappy::MaxCompressedLength(in.size()));
    std::size_t size = 0;
    snappy::RawCompress(in.data(), in.size(), out.data(), &size);
    out.commit(size);
    return trimmed(std::move(out));
  }
  Buffer out(kStream.size() + snappy::MaxCompressedLength(in.size()) + (in.size() / kFrame + 1) * 40);
  out.append(kStream);
  for (std::size_t at = 0; at < in.size(); at += kFrame) {
    const auto text = in.view().substr(at, kFrame);
    char* head = out.reserve(8 + snappy::MaxCompressedLength(text.size()));
    std::size_t size = 0;
    snappy::RawCompress(text.data(), text.size(), head + 8, &size);
    const bool plain = size >= text.size() - text.size() / 8;  // as Go: not worth it
    if (plain) std::memcpy(head + 8, text.data(), size = text.size());
    const std::uint32_t word = static_cast<std::uint32_t>((size + 4) << 8) | (plain ? 1 : 0);
    const std::uint32_t crc = masked_crc(text);
    std::memcpy(head, &word, 4);
    std::memcpy(head + 4, &crc, 4);
    out.commit(8 + size);
  }
  return trimmed(std::move(out));
}

Result<Bytes> snappy_decompress(const Chain& data, std::size_t cap) {
  const Bytes in = data.flat();
  if (in.view().substr(0, kStream.size()) == kStream) return unframe(in.view(), cap);
  return unblock(in.view(), cap);
}

}  // namespace gleaner::net::codec
