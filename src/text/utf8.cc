#include "text/utf8.h"

#include <cstdint>
#include <cstring>

namespace gleaner::text {

Rune next_rune(std::string_view text) {
  if (text.empty()) return {0, 0, false};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  // The range of the second byte keeps out overlong forms, surrogates and what is past U+10FFFF.
  unsigned size = 0;
  unsigned char low = 0x80, high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return {kReplacement, 1, false};
  }
  char32_t code = first & (0x7f >> size);
  for (unsigned i = 1; i < size; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {kReplacement, i, false};
    code = (code << 6) | (byte(i) & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return {code, size, true};
}

char* put_utf8(char* to, char32_t code) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *to++ = static_cast<char>(0xc0 | (code >> 6));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *to++ = static_cast<char>(0xe0 | (code >> 12));
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *to++ = static_cast<char>(0xf0 | (code >> 18));
    *to++ = static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  }
  return to;
}

void append_utf8(std::string& out, char32_t code) {
  char buffer[4];
  out.append(buffer, static_cast<std::size_t>(put_utf8(buffer, code) - buffer));
}

namespace {

/// Bytes in front that are ASCII, 32 a step.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t i = 0;
  for (std::uint64_t words[4]; i + sizeof words <= text.size(); i += sizeof words) {
    std::memcpy(words, text.data() + i, sizeof words);
    if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080) break;
  }
  for (std::uint64_t word; i + sizeof word <= text.size(); i += sizeof word) {
    std::memcpy(&word, text.data() + i, sizeof word);
    if (word & 0x8080808080808080) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

template <bool kGo>
void clean(std::string& out, std::string_view text) {
  while (!text.empty()) {
    if (const auto plain = ascii_prefix(text)) {
      out.append(text.substr(0, plain));
      text.remove_prefix(plain);
      continue;
    }
    const Rune rune = next_rune(text);
    if (rune.valid) {
      out.append(text.substr(0, rune.size));
      text.remove_prefix(rune.size);
    } else {
      append_utf8(out, kReplacement);
      text.remove_prefix(kGo ? 1 : rune.size);
    }
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (text.remove_prefix(ascii_prefix(text)); !text.empty();) {
    const Rune rune = next_rune(text);
    if (!rune.valid) return false;
    text.remove_prefix(rune.size);
    text.remove_prefix(ascii_prefix(text));
  }
  return true;
}

void append_utf8_clean(std::string& out, std::string_view text) { clean<false>(out, text); }
void append_utf8_go(std::string& out, std::string_view text) { clean<true>(out, text); }

std::string_view trim_space(std::string_view text) {
  return trim_runes(text, [](char32_t c) {
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
  });
}

std::size_t count_runes(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const Rune rune = next_rune(text);
    text.remove_prefix(rune.valid ? rune.size : 1);
    ++count;
  }
  return count;
}

}  // namespace gleaner::text
