#pragma once
// Absolute http and https URLs, and the proxies the environment asks for.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gleaner::net {

struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string userinfo;    ///< "user:password", as written
  std::string host;        ///< without brackets
  std::uint16_t port = 0;  ///< the scheme's default when none is written
  std::string target;      ///< path and query; at least "/"
  bool secure() const { return scheme == "https"; }
  /// "host" or "host:port", as the Host field wants it.
  std::string authority() const;
};
/// Fault::config: `unsupported protocol scheme "ftp"`, `no Host in request URL`.
Result<Url> parse_url(std::string_view text);

/// Where a Location header leads from `base`: absolute, //host/path, /path or beside base's path.
/// @return empty when it is nothing an HTTP client can ask
std::string resolve(const Url& base, std::string_view location);

/// A key or value of a query or a form: all but letters, digits and -_.~ as %XX, a blank as '+'; and back
/// (broken escapes stay as they are).
std::string query_escape(std::string_view text);
std::string query_unescape(std::string_view text);
/// The first value of `name` in "a=1&b=2".
std::optional<std::string> query_value(std::string_view query, std::string_view name);

/// HTTP_PROXY, HTTPS_PROXY, NO_PROXY (small letters too), as Go reads them; localhost never goes through one.
/// Source: golang.org/x/net/http/httpproxy.
struct ProxyEnvironment {
  std::string http, https, none;
  static ProxyEnvironment from_process();
  /// The proxy's URL for `url`; empty for none.
  std::string proxy_for(const Url& url) const;
};

}  // namespace gleaner::net
