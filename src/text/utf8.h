#pragma once
// UTF-8: looking, cleaning, writing.
#include <string>
#include <string_view>

namespace gleaner::text {

inline constexpr char32_t kReplacement = 0xfffd;

/// The code point in front of `text` and its size in bytes. Bytes that are not UTF-8: U+FFFD with the size of
/// the longest part that could have become a character (Unicode's "maximal subpart"), at least 1. {0, 0} at
/// the end.
struct Rune {
  char32_t code;
  unsigned size;
  bool valid;
};
Rune next_rune(std::string_view text);

/// Writes a code point (at most U+10FFFF) as 1 to 4 bytes; returns the end.
char* put_utf8(char* to, char32_t code);
void append_utf8(std::string& out, char32_t code);

/// `text` without the characters at both ends that `drop(char32_t)` takes.
template <class Drop>
std::string_view trim_runes(std::string_view text, Drop drop) {
  for (Rune rune = next_rune(text); rune.size && drop(rune.code); rune = next_rune(text))
    text.remove_prefix(rune.valid ? rune.size : 1);
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    const Rune rune = next_rune(text.substr(at));
    if (!rune.valid || at + rune.size != text.size() || !drop(rune.code)) break;
    text = text.substr(0, at);
  }
  return text;
}
/// `text` without the white space of Unicode at both ends, as Go's strings.TrimSpace.
std::string_view trim_space(std::string_view text);

bool is_utf8(std::string_view text);
/// `text` with U+FFFD for every maximal invalid part.
void append_utf8_clean(std::string& out, std::string_view text);
/// `text` with one U+FFFD for every byte that is not UTF-8, as Go converts and ranges over strings.
void append_utf8_go(std::string& out, std::string_view text);
/// Code points; an invalid byte counts as one, as in Go.
std::size_t count_runes(std::string_view text);

}  // namespace gleaner::text
