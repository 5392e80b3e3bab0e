// Whatever a token server answers, the header made of it can be sent, and an error is one that is tried
// again. Forms are read as they were written.
#include <cstdlib>
#include <string>

#include "extensions/oauth2client/token.h"
#include "net/headers.h"
#include "net/url.h"

using namespace gleaner;
using namespace gleaner::extensions::oauth2client;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const char* type = data[0] & 1 ? "application/x-www-form-urlencoded" : "application/json";
  const auto token = read_token(data[0] & 2 ? 400 : 200, type, input);
  if (token) {
    if (data[0] & 2) std::abort();
    if (!net::is_field_value(token->header) || token->header.find(' ') == std::string::npos) std::abort();
  } else if (token.error().fault != Fault::retryable || token.error().what.empty()) {
    std::abort();
  }
  const std::string text(input);
  const std::string form = form_body({{text, "v"}, {"k", text}});
  if (net::query_unescape(net::query_escape(text)) != text) std::abort();
  if (text != "k" && net::query_value(form, "k") != text) std::abort();
  return 0;
}
