#include "deploy/go_json.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace gleaner::deploy {
namespace {
using config::Node;
using config::ScalarType;

/// Bytes of the character that `text` begins with; 0 when they are not UTF-8.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                   (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return bad ? 0 : size;
}

/// encoding/json's texts: <, > and & are escaped so that the JSON may stand in HTML, and what is not UTF-8 is
/// replaced.
std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (text.substr(i).starts_with("\xE2\x80\xA8") || text.substr(i).starts_with("\xE2\x80\xA9")) {
      out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f') {
      out += '\\';
      out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f';
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", c);
    } else if (const std::size_t size = character(text.substr(i)); size == 0) {
      out += "\\ufffd";
    } else {
      out.append(text, i, size);
      i += size - 1;
    }
  }
  return out + '"';
}

/// encoding/json's float64: the shortest digits, with an exponent below 1e-6 and from 1e21 on.
std::string go_number(double value) {
  const double size = std::fabs(value);
  if (size != 0 && (size < 1e-6 || size >= 1e21)) {
    std::string text = fmt::format("{}", value);
    const auto e = text.find('e');
    // fmt writes e-07, Go writes e-7; both write e+21.
    if (e != std::string::npos && text[e + 2] == '0') text.erase(e + 2, 1);
    return text;
  }
  if (value == std::floor(value)) return fmt::format("{:.0f}", value);
  std::string text = fmt::format("{}", value);
  if (text.find('e') == std::string::npos) return text;
  // Between 1e-6 and 1e-4 fmt takes an exponent where Go does not.
  for (int digits = 1; digits < 25; ++digits)
    if (std::string plain = fmt::format("{:.{}f}", value, digits); std::stod(plain) == value) return plain;
  return text;
}

void compact(std::string& out, const Node& node) {
  if (node.is_map() || node.is_list()) {
    out += node.is_map() ? '{' : '[';
    bool first = true;
    for (const auto& entry : node.entries()) {
      if (!std::exchange(first, false)) out += ',';
      out += go_quoted(entry.key) + ':';
      compact(out, entry.value);
    }
    for (const auto& item : node.items()) {
      if (!std::exchange(first, false)) out += ',';
      compact(out, item);
    }
    out += node.is_map() ? '}' : ']';
  } else if (node.is_null()) {
    out += "null";
  } else if (const auto truth = node.boolean()) {
    out += *truth ? "true" : "false";
  } else if (const auto real = node.real();
             real && std::isfinite(*real) && node.type() != ScalarType::string) {
    out += go_number(*real);
  } else {
    out += go_quoted(node.text());
  }
}

}  // namespace

std::string go_json(const Node& root) {
  std::string out;
  compact(out, root);
  return out;
}

}  // namespace gleaner::deploy
