#pragma once
// The token request's form, and the server's answer. Source: RFC 6749 4.4, 5.1, 5.2, and how Go's
// golang.org/x/oauth2 reads what servers really send.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/result.h"

namespace gleaner::extensions::oauth2client {

struct Token {
  std::string header;                ///< the value of Authorization: "Bearer ..."
  std::optional<Duration> lifetime;  ///< nothing: it does not end
};

/// @param content_type  of the answer: a form, or JSON for everything else
/// @return Fault::retryable in Go's words, `oauth2: "invalid_client" "no such client"`
Result<Token> read_token(int status, std::string_view content_type, std::string_view body);

/// application/x-www-form-urlencoded.
using Form = std::vector<std::pair<std::string, std::string>>;
std::string form_body(const Form& form);

}  // namespace gleaner::extensions::oauth2client
