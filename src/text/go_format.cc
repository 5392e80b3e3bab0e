#include "text/go_format.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/shortest.h"
#include "text/utf8.h"

namespace gleaner::text {

std::string go_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-4 || size >= 1e6);
  return shortest(value, exponent ? DoubleForm::scientific : DoubleForm::fixed);
}

std::string_view go_type(const pdata::Value& value) {
  switch (value.kind()) {
    case pdata::Value::Kind::empty:
      return "<nil>";
    case pdata::Value::Kind::string:
      return "string";
    case pdata::Value::Kind::boolean:
      return "bool";
    case pdata::Value::Kind::integer:
      return "int64";
    case pdata::Value::Kind::real:
      return "float64";
    case pdata::Value::Kind::bytes:
      return "[]uint8";
    case pdata::Value::Kind::array:
      return "[]interface {}";
    case pdata::Value::Kind::map:
      return "map[string]interface {}";
  }
  return "";
}

void append_go(std::string& out, const pdata::Value& value) {
  switch (value.kind()) {
    case pdata::Value::Kind::empty:
      out += "<nil>";
      break;
    case pdata::Value::Kind::string:
      out += value.text();
      break;
    case pdata::Value::Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      break;
    case pdata::Value::Kind::integer:
      out += std::to_string(value.as_int());
      break;
    case pdata::Value::Kind::real:
      out += go_double(value.as_real());
      break;
    case pdata::Value::Kind::bytes: {
      out += '[';
      bool first = true;
      for (const char c : value.text()) {
        if (!std::exchange(first, false)) out += ' ';
        out += std::to_string(static_cast<unsigned char>(c));
      }
      out += ']';
      break;
    }
    case pdata::Value::Kind::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value.as_array()) {
        if (!std::exchange(first, false)) out += ' ';
        append_go(out, item);
      }
      out += ']';
      break;
    }
    case pdata::Value::Kind::map: {
      std::vector<const pdata::KeyValue*> sorted;
      for (const auto& pair : value.as_map()) sorted.push_back(&pair);
      std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
      out += "map[";
      bool first = true;
      for (const auto* pair : sorted) {
        if (!std::exchange(first, false)) out += ' ';
        out.append(pair->key).append(":");
        append_go(out, pair->value);
      }
      out += ']';
      break;
    }
  }
}

std::string go_text(const pdata::Value& value) {
  std::string out;
  append_go(out, value);
  return out;
}

std::string go_quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = next_rune(text);
    const auto c = rune.code;
    const auto byte = static_cast<unsigned char>(text[0]);
    if (!rune.valid || c < 0x20 || c == 0x7f) {
      static constexpr std::string_view kNames = "abtnvfr";
      if (rune.valid && c >= 7 && c <= 13) {
        out += '\\';
        out += kNames[c - 7];
      } else {
        out += "\\x";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      }
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out.append(text.substr(0, rune.size));
    text.remove_prefix(rune.size);
  }
  return out + '"';
}

namespace {

char32_t upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  if (c == 0xb5) return 0x39c;
  if ((c >= 0xe0 && c <= 0xfe) && c != 0xf7) return c - 32;
  if (c == 0xff) return 0x178;
  if (c >= 0x100 && c <= 0x17f) {
    if (c == 0x131) return 'I';
    if (c == 0x17f) return 'S';
    const bool odd_is_lower = (c <= 0x137) || (c >= 0x14a && c <= 0x177);
    const bool even_is_lower = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    if (odd_is_lower && c != 0x138 && (c & 1)) return c - 1;
    if (even_is_lower && !(c & 1)) return c - 1;
    return c;
  }
  if (c >= 0x3b1 && c <= 0x3c9) return c == 0x3c2 ? 0x3a3 : c - 32;
  if (c == 0x3ac) return 0x386;
  if (c >= 0x3ad && c <= 0x3af) return c - 37;
  if (c == 0x3cc) return 0x38c;
  if (c == 0x3cd || c == 0x3ce) return c - 63;
  if (c >= 0x430 && c <= 0x44f) return c - 32;
  if (c >= 0x450 && c <= 0x45f) return c - 80;
  if (c >= 0x460 && c <= 0x481 && (c & 1)) return c - 1;
  if (c >= 0x561 && c <= 0x586) return c - 48;
  if (c >= 0x1e00 && c <= 0x1e95 && (c & 1)) return c - 1;
  if (c >= 0x1ea0 && c <= 0x1eff && (c & 1)) return c - 1;
  return c;
}

char32_t lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if (c >= 0x100 && c <= 0x17f) {
    if (c == 0x130) return 'i';
    if (c == 0x178) return 0xff;
    const bool even_is_upper = (c <= 0x137) || (c >= 0x14a && c <= 0x177);
    const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    if (even_is_upper && !(c & 1)) return c + 1;
    if (odd_is_upper && (c & 1)) return c + 1;
    return c;
  }
  if (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) return c + 32;
  if (c == 0x386) return 0x3ac;
  if (c >= 0x388 && c <= 0x38a) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (c == 0x38e || c == 0x38f) return c + 63;
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  if (c >= 0x460 && c <= 0x480 && !(c & 1)) return c + 1;
  if (c >= 0x531 && c <= 0x556) return c + 48;
  if (c >= 0x1e00 && c <= 0x1e94 && !(c & 1)) return c + 1;
  if (c >= 0x1ea0 && c <= 0x1efe && !(c & 1)) return c + 1;
  return c;
}

template <char32_t (*Map)(char32_t)>
void append_mapped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Rune rune = next_rune(text);
    append_utf8(out, Map(rune.code));
    text.remove_prefix(rune.valid ? rune.size : 1);
  }
}

}  // namespace

void append_upper(std::string& out, std::string_view text) { append_mapped<upper>(out, text); }
void append_lower(std::string& out, std::string_view text) { append_mapped<lower>(out, text); }

}  // namespace gleaner::text
