#include "net/url.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "net/endpoint.h"
#include "net/headers.h"

namespace gleaner::net {
namespace {

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string environment(const char* upper, const char* small) {
  for (const char* name : {upper, small})
    if (const char* value = std::getenv(name); value && *value) return value;
  return {};
}

/// 16 bytes for every address, IPv4 mapped.
bool address_bytes(const std::string& host, unsigned char* out) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    std::memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    std::memcpy(out + 12, &v4, 4);
    return true;
  }
  return inet_pton(AF_INET6, host.c_str(), out) == 1;
}

bool in_network(const std::string& host, std::string_view network) {
  const auto slash = network.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string base(network.substr(0, slash));
  int bits = 0;
  const auto digits = network.substr(slash + 1);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), bits).ec != std::errc()) return false;
  unsigned char a[16], b[16];
  if (!address_bytes(host, a) || !address_bytes(base, b)) return false;
  if (base.find(':') == std::string::npos) bits += 96;
  if (bits < 0 || bits > 128) return false;
  for (int i = 0; i < bits; ++i)
    if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8)) return false;
  return true;
}

}  // namespace

std::string Url::authority() const {
  if (port != default_port(scheme)) return join_host_port(host, port);
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<Url> parse_url(std::string_view text) {
  Url out;
  const auto mark = text.find("://");
  if (mark == std::string_view::npos) return fail(Fault::config, "unsupported protocol scheme \"\"");
  out.scheme = lower(text.substr(0, mark));
  if (out.scheme != "http" && out.scheme != "https")
    return fail(Fault::config, "unsupported protocol scheme \"" + out.scheme + "\"");
  text.remove_prefix(mark + 3);
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  std::string_view rest = text.substr(end);
  rest = rest.substr(0, rest.find('#'));
  out.target = (rest.empty() || rest[0] != '/' ? "/" : "") + std::string(rest);
  for (const char c : out.target)
    if (static_cast<unsigned char>(c) <= ' ' || c == 127)
      return fail(Fault::config, "invalid character in URL");
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    out.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  auto where = parse_host_port(has_port ? std::string(authority) : std::string(authority) + ":0");
  if (!where) return fail(std::move(where.error()));
  if (where->host.empty()) return fail(Fault::config, "no Host in request URL");
  out.host = where->host;
  out.port = where->port ? where->port : default_port(out.scheme);
  return out;
}

ProxyEnvironment ProxyEnvironment::from_process() {
  return {environment("HTTP_PROXY", "http_proxy"), environment("HTTPS_PROXY", "https_proxy"),
          environment("NO_PROXY", "no_proxy")};
}

std::string ProxyEnvironment::proxy_for(const Url& url) const {
  const std::string& proxy = url.secure() ? https : http;
  if (proxy.empty()) return {};
  const std::string host = lower(url.host);
  unsigned char raw[16];
  const bool literal = address_bytes(host, raw);
  if (host == "localhost" || in_network(host, "127.0.0.0/8") || host == "::1") return {};
  std::string_view list = none;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string entry = lower(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    std::erase(entry, ' ');
    if (entry.empty()) continue;
    if (entry == "*") return {};
    if (in_network(host, entry)) return {};
    const auto colon = entry.rfind(':');
    if (colon != std::string::npos && entry.find(':') == colon) {
      if (entry.substr(colon + 1) != std::to_string(url.port)) continue;
      entry.resize(colon);
    }
    if (entry.starts_with("*.")) entry.erase(0, 1);
    if (host == entry) return {};
    if (literal) continue;
    const std::string suffix = entry[0] == '.' ? entry : "." + entry;
    if (host.ends_with(suffix)) return {};
  }
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

std::string resolve(const Url& base, std::string_view location) {
  location = location.substr(0, location.find('#'));
  const auto root = [&] { return base.scheme + "://" + base.authority(); };
  std::string made;
  if (location.empty())
    made = root() + base.target;
  else if (location.find("://") < location.find_first_of("/?"))
    made = location;
  else if (location.starts_with("//"))
    made = base.scheme + ":" + std::string(location);
  else if (location[0] == '/')
    made = root() + std::string(location);
  else {
    std::string_view path = std::string_view(base.target).substr(0, base.target.find('?'));
    if (location[0] != '?') path = path.substr(0, path.rfind('/') + 1);
    made = root() + std::string(path) + std::string(location);
  }
  return parse_url(made) ? made : std::string();
}

std::string query_escape(std::string_view text) {
  constexpr std::string_view kPlain = "-_.~";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return out;
}

std::string query_unescape(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    if (query_unescape(pair.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? "" : query_unescape(pair.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace gleaner::net
