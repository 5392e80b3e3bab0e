#include "extensions/oauth2client/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/headers.h"
#include "net/url.h"
#include "text/json.h"

namespace gleaner::extensions::oauth2client {
namespace {

constexpr std::size_t kQuoted = 256;                    // bytes of a strange answer that are told
constexpr std::int64_t kMaxLifetime = (1LL << 31) - 1;  // s, as in Go

struct Answer {
  std::string access_token, token_type, error, error_description, error_uri;
  std::optional<std::int64_t> expires_in;  // s
};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::clamp(value, -kMaxLifetime, kMaxLifetime);
}

Answer read_form(std::string_view body) {
  Answer answer;
  while (!body.empty()) {
    const auto end = body.find('&');
    const auto pair = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 1);
    const auto equals = pair.find('=');
    const std::string key = net::query_unescape(pair.substr(0, equals));
    std::string value = equals == std::string_view::npos ? "" : net::query_unescape(pair.substr(equals + 1));
    if (key == "access_token")
      answer.access_token = std::move(value);
    else if (key == "token_type")
      answer.token_type = std::move(value);
    else if (key == "error")
      answer.error = std::move(value);
    else if (key == "error_description")
      answer.error_description = std::move(value);
    else if (key == "error_uri")
      answer.error_uri = std::move(value);
    else if (key == "expires_in")
      answer.expires_in = whole_number(value);
  }
  return answer;
}

Result<Answer> read_json(std::string_view body) {
  Arena arena;
  text::JsonReader reader({.parse_ints = true, .strict = true});
  auto map = reader.read_object(body, arena);
  if (!map) return fail(std::move(map.error()));
  Answer answer;
  const auto take = [&](std::string_view key, std::string& into) -> bool {
    const pdata::Value* value = map->find(key);
    if (!value || value->kind() == pdata::Value::Kind::empty) return true;
    if (!value->is_string()) return false;
    into = value->text();
    return true;
  };
  const std::pair<std::string_view, std::string*> texts[] = {{"access_token", &answer.access_token},
                                                             {"token_type", &answer.token_type},
                                                             {"error", &answer.error},
                                                             {"error_description", &answer.error_description},
                                                             {"error_uri", &answer.error_uri}};
  for (const auto& [key, into] : texts)
    if (!take(key, *into)) return fail(Fault::retryable, fmt::format("\"{}\" is no text", key));
  const pdata::Value* lifetime = map->find("expires_in");
  if (!lifetime || lifetime->kind() == pdata::Value::Kind::empty) return answer;
  if (lifetime->kind() == pdata::Value::Kind::integer)
    answer.expires_in = std::clamp(lifetime->as_int(), -kMaxLifetime, kMaxLifetime);
  else if (lifetime->is_string())  // PayPal and others
    answer.expires_in = whole_number(lifetime->text());
  if (!answer.expires_in) return fail(Fault::retryable, "\"expires_in\" is no whole number");
  return answer;
}

std::string type_of(const std::string& said) {
  for (const std::string_view known : {"Bearer", "MAC", "Basic"})
    if (said.size() == known.size() && net::equals_ignoring_case(said, known)) return std::string(known);
  return said.empty() ? "Bearer" : said;
}

}  // namespace

Result<Token> read_token(int status, std::string_view content_type, std::string_view body) {
  std::string type(content_type.substr(0, content_type.find(';')));
  type.erase(type.find_last_not_of(' ') + 1);
  const auto is = [&](std::string_view name) {
    return type.size() == name.size() && net::equals_ignoring_case(type, name);
  };
  const bool good = status >= 200 && status <= 299;
  Result<Answer> answer =
      is("application/x-www-form-urlencoded") || is("text/plain") ? read_form(body) : read_json(body);
  if (answer && !answer->error.empty()) {
    std::string what = fmt::format("oauth2: {:?}", answer->error);
    for (const auto& more : {answer->error_description, answer->error_uri})
      if (!more.empty()) what += fmt::format(" {:?}", more);
    return fail(Fault::retryable, std::move(what));
  }
  if (!good) {
    const bool secret = answer && !answer->access_token.empty();
    return fail(Fault::retryable, fmt::format("oauth2: cannot fetch token: {}\nResponse: {}", status,
                                              secret ? "[REDACTED]" : body.substr(0, kQuoted)));
  }
  if (!answer) return fail(Fault::retryable, "oauth2: cannot parse json: " + answer.error().what);
  if (answer->access_token.empty())
    return fail(Fault::retryable, "oauth2: server response missing access_token");
  Token token{type_of(answer->token_type) + " " + answer->access_token, std::nullopt};
  if (!net::is_field_value(token.header))
    return fail(Fault::retryable, "oauth2: the token cannot stand in a header");
  if (answer->expires_in && *answer->expires_in != 0)
    token.lifetime = std::chrono::seconds(*answer->expires_in);
  return token;
}

std::string form_body(const Form& form) {
  std::string out;
  for (const auto& [key, value] : form)
    out += (out.empty() ? "" : "&") + net::query_escape(key) + "=" + net::query_escape(value);
  return out;
}

}  // namespace gleaner::extensions::oauth2client
