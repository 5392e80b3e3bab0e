#pragma once
// Character encodings of log files, without iconv.
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace gleaner::text {

struct Charset;  // generated tables

/// How the bytes of a file become UTF-8. Cheap to copy; valid for the life of the process.
///
/// Known: utf-8, ascii (read as utf-8), utf-8-raw, utf-16 (little endian), utf-16le, utf-16be, nop, and the
/// charsets of make_charsets.py: ISO 8859, Windows, KOI8, IBM with EBCDIC, Shift_JIS, EUC-JP, ISO-2022-JP,
/// EUC-KR, Big5, GBK, GB18030, HZ-GB-2312. Names in any case. Source: spec/filelog.md 6.1.
class Encoding {
 public:
  Encoding() = default;  ///< utf-8
  /// @return Fault::config "unsupported encoding 'name'"
  static Result<Encoding> find(std::string_view name);

  /// No decoding and no lines: the body is bytes.
  bool nop() const { return kind_ == Kind::nop; }
  /// Bytes a newline takes: two in UTF-16.
  std::string_view newline() const;
  std::string_view carriage_return() const;

  /// `bytes` as UTF-8: the same view when nothing changes, else a copy in `arena`. What cannot be read
  /// becomes U+FFFD; of UTF-8 one for each maximal invalid part. A byte order mark is kept.
  std::string_view decode(std::string_view bytes, Arena& arena) const;

 private:
  enum class Kind : std::uint8_t { utf8, raw, nop, utf16le, utf16be, table, gb18030, hz, euc_jp, iso2022_jp };
  explicit Encoding(Kind kind, const Charset* table = nullptr) : kind_(kind), table_(table) {}
  Kind kind_ = Kind::utf8;
  const Charset* table_ = nullptr;
};

}  // namespace gleaner::text
