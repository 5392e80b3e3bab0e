#pragma once
// Cookies of HTTP servers, for load balancers that keep a client with one backend.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/headers.h"
#include "net/url.h"

namespace gleaner::net {

/// What servers asked to be told again. Source: RFC 6265 5, as Go's cookiejar keeps it, but for `Domain`: a
/// cookie goes back to the host it came from only, which needs no list of public suffixes. Limits: 50
/// cookies, the oldest go first; 4,096 bytes each, longer ones are left out.
class CookieJar {
 public:
  /// @param now  Unix seconds
  void take(const Url& url, const Headers& answer, std::int64_t now);
  /// The value of `cookie` for a request; empty: none.
  std::string value(const Url& url, std::int64_t now);
  std::size_t size() const { return cookies_.size(); }

 private:
  struct Cookie {
    std::string name, value, host, path;
    bool secure = false;
    std::int64_t ends = INT64_MAX;
  };
  void take_one(const Url& url, std::string_view text, std::int64_t now);
  std::vector<Cookie> cookies_;  // the oldest first
};

}  // namespace gleaner::net
