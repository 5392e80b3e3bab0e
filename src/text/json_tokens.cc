#include "text/json_tokens.h"

#include <charconv>

#include "text/utf8.h"

namespace gleaner::text {

bool JsonTokens::word(std::string_view as) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(as)) return false;
  at_ += as.size();
  return true;
}

bool JsonTokens::number(std::string_view& out) {
  const char* from = at_;
  const auto rest = [&] { return std::string_view(at_, static_cast<std::size_t>(end_ - at_)); };
  const auto next = std::min(rest().find_first_not_of("0123456789.-eE+"), rest().size());
  at_ += next;
  const bool sign = next == 1 && (*from == '-' || *from == '+');
  if (at_ < end_ && (next == 0 || sign)) {
    std::string name(rest().substr(0, 3));
    for (char& c : name) c = static_cast<char>(c | 0x20);
    if (name != "inf" && name != "nan") return false;
    at_ += 3;
  }
  out = {from, static_cast<std::size_t>(at_ - from)};
  return !out.empty();
}

bool JsonTokens::string(std::string_view& out) {
  const char* from = ++at_;
  while (at_ < end_ && *at_ != '"') at_ += *at_ == '\\' ? 2 : 1;
  if (at_ >= end_) return false;
  out = {from, static_cast<std::size_t>(at_++ - from)};
  return true;
}

/// The rest of an object or of an array, behind its bracket.
bool JsonTokens::inside(char close, int depth) {
  blanks();
  if (at_ < end_ && *at_ == close) return ++at_, true;
  JsonToken ignored;
  do {
    if (close == '}') {
      blanks();
      if (at_ == end_ || *at_ != '"' || !string(ignored.raw)) return false;
      blanks();
      if (at_ == end_ || *at_++ != ':') return false;
    }
    if (!value(ignored, depth + 1)) return false;
  } while (more());
  return at_ < end_ && *at_++ == close;
}

bool JsonTokens::value(JsonToken& out, int depth) {
  using Kind = JsonToken::Kind;
  blanks();
  if (at_ == end_ || depth >= kMaxDepth) return false;
  const char* from = at_;
  switch (*at_) {
    case '{':
    case '[':
      out.kind = *at_ == '{' ? Kind::object : Kind::array;
      if (!inside(*at_++ == '{' ? '}' : ']', depth)) return false;
      out.raw = {from, static_cast<std::size_t>(at_ - from)};
      return true;
    case '"':
      out.kind = Kind::string;
      return string(out.raw);
    case 't':
    case 'f':
      out.kind = Kind::boolean;
      out.raw = *at_ == 't' ? "true" : "false";
      return word(out.raw);
    case 'n':
      out = {};
      if (word("null")) return true;
      [[fallthrough]];
    default:
      out.kind = Kind::number;
      return number(out.raw);
  }
}

std::string_view unescape_json(std::string_view raw, Arena& arena) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  std::string out;
  const auto hex = [](std::string_view four, char32_t& code) {
    std::uint32_t number = 0;
    if (four.size() < 4) return false;
    const auto read = std::from_chars(four.data(), four.data() + 4, number, 16);
    code = number;
    return read.ec == std::errc() && read.ptr == four.data() + 4;
  };
  while (!raw.empty()) {
    const auto at = std::min(raw.find('\\'), raw.size());
    out.append(raw.substr(0, at));
    raw.remove_prefix(at);
    if (raw.size() < 2) break;
    const char c = raw[1];
    raw.remove_prefix(2);
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    if (const auto known = kNames.find(c); known != std::string_view::npos) {
      out += kMeant[known];
      continue;
    }
    out.append({'\\', c});
    char32_t code = 0, second = 0;
    if (c != 'u' || !hex(raw.substr(0, 4), code)) continue;
    if (code >= 0xd800 && code < 0xe000) {
      if (!raw.substr(4).starts_with("\\u") || !hex(raw.substr(6), second)) {
        out.append(raw.substr(0, 4));
        raw.remove_prefix(4);
        continue;
      }
      const bool pair = code < 0xdc00 && second >= 0xdc00 && second < 0xe000;
      code = pair ? 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00) : kReplacement;
      raw.remove_prefix(6);
    }
    raw.remove_prefix(4);
    out.resize(out.size() - 2);
    append_utf8(out, code);
  }
  return arena.copy(out);
}

void append_compact_json(std::string& out, std::string_view raw) {
  bool quoted = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    out += c;
    if (quoted && c == '\\' && i + 1 < raw.size()) out += raw[++i];
  }
}

std::int64_t whole_number(std::string_view raw) {
  std::int64_t number = 0;
  const auto read = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  return read.ec == std::errc() && read.ptr == raw.data() + raw.size() ? number : 0;
}

}  // namespace gleaner::text
