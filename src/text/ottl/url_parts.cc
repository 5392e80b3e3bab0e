#include "text/ottl/url_parts.h"

#include <algorithm>

#include "text/go_format.h"
#include "text/ottl/numbers.h"

namespace gleaner::text::ottl {
namespace {

using pdata::Value;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}
bool letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

/// %xx decoded; a '+' is a blank in queries.
bool unescape(std::string_view text, bool query, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return false;
      out += static_cast<char>(hex(text[i + 1]) << 4 | hex(text[i + 2]));
      i += 2;
    } else {
      out += query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return true;
}

std::string_view before(std::string_view& text, char at) {
  const auto end = std::min(text.find(at), text.size());
  const auto head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

bool query_map(std::string_view text, Arena& arena, pdata::Map& out, std::string& why) {
  while (!text.empty()) {
    auto pair = before(text, '&');
    if (pair.empty()) continue;
    if (pair.find(';') != std::string_view::npos) {
      why = "invalid semicolon separator in query";
      return false;
    }
    const auto key = before(pair, '=');
    std::string name, value;
    if (!unescape(key, true, name) || !unescape(pair, true, value)) {
      why = "invalid URL escape in query";
      return false;
    }
    Value* list = out.find(name);
    if (!list) list = &out.set(arena, arena.copy(name), Value::new_array(arena));
    list->as_array().push_back(arena, Value::string(arena.copy(value)));
  }
  return true;
}

/// The scheme in front of a ':', "" when there is none.
bool scheme(std::string_view& text, std::string& out, std::string& why) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (letter(c)) continue;
    if (digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return true;
      continue;
    }
    if (c != ':') return true;
    if (i == 0) {
      why = "missing protocol scheme";
      return false;
    }
    out = text.substr(0, i);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char x) { return x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x; });
    text.remove_prefix(i + 1);
    return true;
  }
  return true;
}

}  // namespace

bool url_parts(std::string_view text, Arena& arena, pdata::Map& out, std::string& why) {
  if (text.starts_with('?')) return query_map(text.substr(1), arena, out, why);
  const auto refuse = [&](const std::string& what) {
    why = "parse " + go_quote(text) + ": " + what;
    return false;
  };
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }))
    return refuse("net/url: invalid control character in URL");
  std::string_view rest = text;
  std::string_view raw_fragment;
  if (const auto at = rest.find('#'); at != std::string_view::npos) {
    raw_fragment = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  std::string name, flaw;
  if (!scheme(rest, name, flaw)) return refuse(flaw);
  std::string_view query;
  if (const auto at = rest.find('?'); at != std::string_view::npos) {
    query = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  std::string_view authority;
  const bool opaque = !rest.starts_with('/') && !name.empty();
  if (opaque) {
    rest = {};
  } else if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const auto end = std::min(rest.find('/'), rest.size());
    authority = rest.substr(0, end);
    rest.remove_prefix(end);
  } else if (!rest.starts_with('/') && rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
    return refuse("first path segment in URL cannot contain colon");
  }
  std::string user, password, path, fragment, host;
  bool has_user = false, has_password = false;
  std::string_view info;
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    has_user = true;
    const auto colon = info.find(':');
    has_password = colon != std::string_view::npos;
    if (!unescape(info.substr(0, colon), false, user) ||
        (has_password && !unescape(info.substr(colon + 1), false, password)))
      return refuse("net/url: invalid userinfo");
  }
  std::string_view port, name_part = authority;
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  if (authority.starts_with('[') && bracket == std::string_view::npos) return refuse("missing ']' in host");
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    port = authority.substr(authority.rfind(':') + 1);
    name_part = authority.substr(0, authority.rfind(':'));
    if (!std::all_of(port.begin(), port.end(), digit))
      return refuse("invalid port \":" + std::string(port) + "\" after host");
  }
  if (name_part.starts_with('[')) name_part = name_part.substr(1, name_part.find(']') - 1);
  if (!unescape(name_part, false, host) || host.find(' ') != std::string::npos)
    return refuse("invalid character in host name");
  if (!unescape(rest, false, path) || !unescape(raw_fragment, false, fragment))
    return refuse("invalid URL escape");

  const auto put = [&](std::string_view key, std::string_view value) {
    out.set(arena, key, Value::string(arena.copy(value)));
  };
  put("url.original", text);
  put("url.domain", host);
  put("url.scheme", name);
  put("url.path", path);
  if (std::int64_t number = 0; !port.empty() && parse_int(port, 10, number) == NumberFlaw::none)
    out.set(arena, "url.port", Value::integer(number));
  if (!fragment.empty()) put("url.fragment", fragment);
  if (has_user) put("url.user_info", info);
  if (!user.empty()) put("url.username", user);
  if (has_password) put("url.password", password);
  if (!query.empty()) put("url.query", query);
  const auto dot = path.rfind('.');
  if (dot != std::string::npos && dot + 1 < path.size())
    put("url.extension", std::string_view(path).substr(dot + 1));
  return true;
}

}  // namespace gleaner::text::ottl
