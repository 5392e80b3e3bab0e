#include "text/encoding.h"

#include <algorithm>

#include "text/encoding_legacy.h"
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

const Charset* charset(std::string_view name) {
  for (const auto& charset : charsets())
    if (has_name(charset.names, name)) return &charset;
  return nullptr;
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
  if (has_name("gb18030 csgb18030", key)) return Encoding(Kind::gb18030, charset("gbk"));
  if (key == "hz-gb-2312") return Encoding(Kind::hz, charset("gbk"));
  if (has_name("euc-jp cseucpkdfmtjapanese", key)) return Encoding(Kind::euc_jp, charset("shift_jis"));
  if (has_name("iso-2022-jp csiso2022jp", key)) return Encoding(Kind::iso2022_jp, charset("shift_jis"));
  if (const Charset* table = charset(key)) return Encoding(Kind::table, table);
  return fail(Fault::config, "unsupported encoding '" + std::string(name) + "'");
}

std::string_view Encoding::newline() const {
  if (kind_ == Kind::utf16le) return {"\n\0", 2};
  if (kind_ == Kind::utf16be) return {"\0\n", 2};
  if (kind_ == Kind::table) return {&table_->newline, 1};
  return "\n";
}

std::string_view Encoding::carriage_return() const {
  if (kind_ == Kind::utf16le) return {"\r\0", 2};
  if (kind_ == Kind::utf16be) return {"\0\r", 2};
  if (kind_ == Kind::table) return {&table_->carriage_return, 1};
  return "\r";
}

std::string_view Encoding::decode(std::string_view bytes, Arena& arena) const {
  const bool ascii_is_same = kind_ == Kind::utf8 || (kind_ == Kind::table && !table_->low) ||
                             kind_ == Kind::gb18030 || kind_ == Kind::euc_jp;
  if (kind_ == Kind::raw || kind_ == Kind::nop) return bytes;
  if (kind_ == Kind::utf8 && is_utf8(bytes)) return bytes;
  if (ascii_is_same &&
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return bytes;
  std::string out;
  out.reserve(bytes.size() * 2);
  switch (kind_) {
    case Kind::utf8:
      append_utf8_clean(out, bytes);
      break;
    case Kind::table:
      decode_table(out, bytes, *table_);
      break;
    case Kind::gb18030:
      decode_gb18030(out, bytes, *table_);
      break;
    case Kind::hz:
      decode_hz(out, bytes, *table_);
      break;
    case Kind::euc_jp:
      decode_euc_jp(out, bytes, *table_);
      break;
    case Kind::iso2022_jp:
      decode_iso2022_jp(out, bytes, *table_);
      break;
    default:
      decode_utf16(out, bytes, kind_ == Kind::utf16le);
  }
  return arena.copy(out);
}

}  // namespace gleaner::text
