#include "stanza/operators/uri.h"

#include <algorithm>

#include "text/go_format.h"

namespace gleaner::stanza {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
int hex(char c) {
  if (digit(c)) return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Resolves %xx, and + when `plus`. False: "invalid URL escape".
bool unescape(std::string_view text, bool plus, std::string& out, std::string& why) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
        why = "invalid URL escape " + text::go_quote(text.substr(i, 3));
        return false;
      }
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus ? ' ' : text[i];
    }
  }
  return true;
}

/// Fills `query`; broken parts are skipped, `why` then names the first.
void read_query(std::string_view text, Arena& arena, pdata::Map& query, std::string& why) {
  std::string key, value, reason;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find('&', from), text.size());
    const auto part = text.substr(from, end - from);
    from = end + 1;
    if (part.empty()) continue;
    if (part.find(';') != std::string_view::npos) {
      if (why.empty()) why = "invalid semicolon separator in query";
      continue;
    }
    const auto equals = part.find('=');
    const auto behind = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (!unescape(part.substr(0, equals), true, key, reason) || !unescape(behind, true, value, reason)) {
      if (why.empty()) why = reason;
      continue;
    }
    pdata::Value* list = query.find(key);
    if (!list) list = &query.set(arena, arena.copy(key), pdata::Value::new_array(arena));
    list->as_array().push_back(arena, pdata::Value::string(arena.copy(value)));
  }
}

void put_query(std::string_view text, Arena& arena, pdata::Map& out, std::string& why) {
  auto query = pdata::Value::new_map(arena);
  read_query(text, arena, query.as_map(), why);
  if (!query.as_map().empty()) out.set(arena, "query", query);
}

bool valid_user(std::string_view user) {
  return std::all_of(user.begin(), user.end(), [](char c) {
    return letter(c) || digit(c) || std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
  });
}

bool valid_host(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return letter(c) || digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("!$&'()*+,;=:[]<>\"-_.~").find(c) != std::string_view::npos;
  });
}

/// What Go's URL.EscapedPath gives: the path as written when that is a valid spelling, else escaped anew.
std::string escaped_path(std::string_view path) {
  constexpr std::string_view kPlain = "-_.~$&+,/:;=@!'()*[]";
  static constexpr char kHex[] = "0123456789ABCDEF";
  const bool valid = std::all_of(path.begin(), path.end(), [&](char c) {
    return letter(c) || digit(c) || c == '%' || kPlain.find(c) != std::string_view::npos;
  });
  if (valid) return std::string(path);
  std::string out, plain, why;
  unescape(path, false, plain, why);
  for (const char c : plain) {
    if (letter(c) || digit(c) || std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace

bool parse_uri(std::string_view text, Arena& arena, pdata::Map& out, std::string& why) {
  why.clear();
  if (text.starts_with('?')) {
    put_query(text.substr(1), arena, out, why);
    return why.empty();
  }
  const auto refuse = [&](std::string_view reason) {
    why = "parse " + text::go_quote(text) + ": " + std::string(reason);
    return false;
  };
  if (text.empty()) return refuse("empty url");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return refuse("net/url: invalid control character in URL");
  std::string_view rest = text, scheme;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (letter(c)) continue;
    if (digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) break;
      continue;
    }
    if (c == ':') {
      if (i == 0) return refuse("missing protocol scheme");
      scheme = rest.substr(0, i);
      rest.remove_prefix(i + 1);
    }
    break;
  }
  std::string lowered(scheme);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const auto mark = rest.find('?');
  const auto query = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
  rest = rest.substr(0, mark);
  const auto put = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) out.set(arena, key, pdata::Value::string(arena.copy(value)));
  };
  std::string reason, plain;
  if (!rest.starts_with('/')) {
    if (scheme.empty()) return refuse("invalid URI for request");
    put("scheme", lowered);  // opaque: the rest means nothing here
    put_query(query, arena, out, reason);
    return true;
  }
  put("scheme", lowered);
  if (!scheme.empty() && rest.starts_with("//")) {
    auto authority = rest.substr(2);
    const auto slash = authority.find('/');
    rest = slash == std::string_view::npos ? std::string_view() : authority.substr(slash);
    authority = authority.substr(0, slash);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      if (!valid_user(authority.substr(0, at))) return refuse("net/url: invalid userinfo");
      const auto user = authority.substr(0, std::min(authority.find(':'), at));
      if (!unescape(user, false, plain, reason)) return refuse(reason);
      put("user", plain);
      authority.remove_prefix(at + 1);
    }
    std::string_view host = authority, port;
    const auto bracket = host.rfind(']');
    if (host.starts_with('[')) {
      if (bracket == std::string_view::npos) return refuse("missing ']' in host");
      port = host.substr(bracket + 1);
      host = host.substr(1, bracket - 1);
    } else if (const auto colon = host.rfind(':'); colon != std::string_view::npos) {
      port = host.substr(colon);
      host = host.substr(0, colon);
    }
    if (!port.empty() && (port[0] != ':' || !std::all_of(port.begin() + 1, port.end(), digit)))
      return refuse("invalid port " + text::go_quote(port) + " after host");
    // Escapes in names are for bytes past ASCII and for a zone's '%' only.
    for (auto at = host.find('%'); at != std::string_view::npos; at = host.find('%', at + 1))
      if (at + 2 < host.size() && host[at + 1] >= '0' && host[at + 1] < '8' && host.substr(at, 3) != "%25")
        return refuse("invalid URL escape " + text::go_quote(host.substr(at, 3)));
    if (!unescape(host, false, plain, reason)) return refuse(reason);
    if (!valid_host(plain)) return refuse("invalid character " + text::go_quote(plain) + " in host name");
    put("host", plain);
    put("port", port.empty() ? port : port.substr(1));
  }
  if (!unescape(rest, false, plain, reason)) return refuse(reason);
  put("path", escaped_path(rest));
  put_query(query, arena, out, reason);
  return true;
}

}  // namespace gleaner::stanza
