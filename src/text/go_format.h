#pragma once
// Values as Go's fmt prints them: what error words and text forms of the collector are made of.
#include <string>
#include <string_view>

#include "pdata/value.h"

namespace gleaner::text {

/// "%v": nil is "<nil>", maps are "map[a:1 b:2]" with sorted keys, lists "[1 two]", bytes "[104 105]".
void append_go(std::string& out, const pdata::Value& value);
std::string go_text(const pdata::Value& value);
/// "%v" of a float64: shortest digits, an exponent below 1e-4 and from 1e6.
std::string go_double(double value);
/// "%T": "<nil>", "string", "int64", "float64", "[]interface {}", "map[string]interface {}", "[]uint8".
std::string_view go_type(const pdata::Value& value);
/// A string as strconv.Quote writes it.
std::string go_quote(std::string_view text);

/// strings.ToUpper and ToLower for Latin, Greek, Cyrillic and Armenian letters; others stay as they are.
void append_upper(std::string& out, std::string_view text);
void append_lower(std::string& out, std::string_view text);

}  // namespace gleaner::text
