#include <algorithm>
#include <cmath>

#include "text/json.h"
#include "text/utf8.h"

namespace gleaner::text {
namespace {

void append_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const Rune rune = next_rune(text);
    const auto c = rune.code;
    if (!rune.valid) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f') {
      out += '\\';
      out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f';
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else if (c == 0x2028 || c == 0x2029) {
      out += c == 0x2028 ? "\\u2028" : "\\u2029";
    } else {
      out.append(text.substr(0, rune.size));
    }
    text.remove_prefix(rune.size);
  }
  out += '"';
}

bool append(std::string& out, const pdata::Value& value, std::size_t indent) {
  const auto line = [&](std::size_t depth) {
    out += '\n';
    out.append(depth * 2, ' ');
  };
  switch (value.kind()) {
    case pdata::Value::Kind::string:
      append_string(out, value.text());
      return true;
    case pdata::Value::Kind::real:
      if (!std::isfinite(value.as_real())) return false;
      out += pdata::format_double(value.as_real());
      return true;
    case pdata::Value::Kind::array: {
      bool ok = true;
      out += '[';
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        if (i) out += ',';
        line(indent + 1);
        ok = ok && append(out, value.as_array()[i], indent + 1);
      }
      if (!value.as_array().empty()) line(indent);
      out += ']';
      return ok;
    }
    case pdata::Value::Kind::map: {
      std::vector<const pdata::KeyValue*> sorted;
      for (const auto& pair : value.as_map()) sorted.push_back(&pair);
      std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
      bool ok = true;
      out += '{';
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (i) out += ',';
        line(indent + 1);
        append_string(out, sorted[i]->key);
        out += ": ";
        ok = ok && append(out, sorted[i]->value, indent + 1);
      }
      if (!sorted.empty()) line(indent);
      out += '}';
      return ok;
    }
    case pdata::Value::Kind::bytes:
      out += '"' + pdata::base64(value.text()) + '"';
      return true;
    default:
      pdata::append_json(out, value);
      return true;
  }
}

}  // namespace

bool append_json_pretty(std::string& out, const pdata::Value& value) { return append(out, value, 0); }

}  // namespace gleaner::text
