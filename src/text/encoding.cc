#include "text/encoding.h"

#include <algorithm>

#include "text/charsets.h"
#include "text/utf8.h"

namespace gleaner::text {
namespace {

bool has_name(std::string_view names, std::string_view name) {
  for (std::size_t from = 0; from <= names.size();) {
    const auto end = std::min(names.find(' ', from), names.size());
    if (names.substr(from, end - from) == name) return true;
    from = end + 1;
  }
  return false;
}

void decode_utf16(std::string& out, std::string_view bytes, bool little) {
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(little ? a | (b << 8) : (a << 8) | b);
  };
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) {
    char32_t code = unit(i);
    if (code >= 0xd800 && code < 0xe000) {
      const char32_t second = code < 0xdc00 && i + 3 < bytes.size() ? unit(i + 2) : 0;
      if (second >= 0xdc00 && second < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
        i += 2;
      } else {
        code = kReplacement;
      }
    }
    append_utf8(out, code);
  }
  if (i < bytes.size()) append_utf8(out, kReplacement);
}

void decode_table(std::string& out, std::string_view bytes, const Charset& table) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    if (first < 0x80) {
      out += bytes[i];
      continue;
    }
    const char32_t alone = table.single[first - 0x80];
    if (alone != kReplacement || !table.pairs || first < table.lead_low || first > table.lead_high ||
        i + 1 == bytes.size()) {
      append_utf8(out, alone);
      continue;
    }
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    char32_t code = kReplacement;
    if (second >= table.trail_low && second <= table.trail_high) {
      const std::size_t width = table.trail_high - table.trail_low + 1u;
      code = table.pairs[(first - table.lead_low) * width + (second - table.trail_low)];
    }
    append_utf8(out, code);
    if (code != kReplacement || second >= 0x80) ++i;  // a broken pair does not swallow ASCII
  }
}

}  // namespace

Result<Encoding> Encoding::find(std::string_view name) {
  std::string key(name);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (key.empty() || key == "utf8" || key == "utf-8" || key == "ascii" || key == "us-ascii")
    return Encoding(Kind::utf8);
  if (key == "utf-8-raw" || key == "utf8-raw") return Encoding(Kind::raw);
  if (key == "nop") return Encoding(Kind::nop);
  if (key == "utf-16" || key == "utf16" || key == "utf-16le") return Encoding(Kind::utf16le);
  if (key == "utf-16be") return Encoding(Kind::utf16be);
  for (const auto& charset : charsets())
    if (has_name(charset.names, key)) return Encoding(Kind::table, &charset);
  return fail(Fault::config, "unsupported encoding '" + std::string(name) + "'");
}

std::string_view Encoding::newline() const {
  if (kind_ == Kind::utf16le) return {"\n\0", 2};
  if (kind_ == Kind::utf16be) return {"\0\n", 2};
  return "\n";
}

std::string_view Encoding::carriage_return() const {
  if (kind_ == Kind::utf16le) return {"\r\0", 2};
  if (kind_ == Kind::utf16be) return {"\0\r", 2};
  return "\r";
}

std::string_view Encoding::decode(std::string_view bytes, Arena& arena) const {
  const bool ascii_is_same = kind_ == Kind::utf8 || kind_ == Kind::table;
  if (kind_ == Kind::raw || kind_ == Kind::nop) return bytes;
  if (kind_ == Kind::utf8 && is_utf8(bytes)) return bytes;
  if (ascii_is_same &&
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return bytes;
  std::string out;
  out.reserve(bytes.size() * 2);
  if (kind_ == Kind::utf8)
    append_utf8_clean(out, bytes);
  else if (kind_ == Kind::table)
    decode_table(out, bytes, *table_);
  else
    decode_utf16(out, bytes, kind_ == Kind::utf16le);
  return arena.copy(out);
}

}  // namespace gleaner::text
