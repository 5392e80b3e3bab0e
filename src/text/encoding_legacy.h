#pragma once
// Decoders of charsets that are no plain tables. Bytes that are no characters become U+FFFD, one for as many
// bytes as Go's golang.org/x/text takes together: measured, pair by pair.
#include <string>
#include <string_view>

#include "text/charsets.h"

namespace gleaner::text {

/// One byte or two, by the table.
void decode_table(std::string& out, std::string_view bytes, const Charset& table);
/// GBK with characters of four bytes. @param gbk its table
void decode_gb18030(std::string& out, std::string_view bytes, const Charset& gbk);
/// GB 2312 in seven bits between ~{ and ~}.
void decode_hz(std::string& out, std::string_view bytes, const Charset& gbk);
/// JIS X 0208, 0212 and half-width kana. @param sjis the table of Shift_JIS, which holds JIS X 0208
void decode_euc_jp(std::string& out, std::string_view bytes, const Charset& sjis);
/// The same in seven bits, switched by escape sequences.
void decode_iso2022_jp(std::string& out, std::string_view bytes, const Charset& sjis);

}  // namespace gleaner::text
