#pragma once
// The assertion of the JWT bearer grant. Source: RFC 7523, RFC 7515; claims as the reference sets them.
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/node.h"

namespace gleaner::extensions::oauth2client {

inline constexpr std::string_view kJwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

struct Assertion {
  std::string issuer, subject, audience, scope;
  std::string key_id;        ///< header `kid`; empty: none
  std::string algorithm;     ///< RS256, RS384, RS512
  std::int64_t now = 0;      ///< Unix seconds; it holds for half an hour
  config::Node claims = {};  ///< a map of more claims, which displace those above; or null
  std::string id = {};       ///< claim `jti`; empty: made up
};

/// The signed token, `header.claims.signature`.
/// @param key  an RSA private key in PEM (PKCS #1 or #8) without a passphrase
/// @return Fault::retryable when the key is none: it may be on its way
Result<std::string> sign(const Assertion& assertion, std::string_view key);

}  // namespace gleaner::extensions::oauth2client
