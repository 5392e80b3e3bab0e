#include "receivers/otlp/http.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "net/url.h"
#include "otlp/json.h"
#include "otlp/writer.h"

namespace gleaner::receivers::otlp {
namespace {
using net::HttpResponse;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProtobuf = "application/x-protobuf";

HttpResponse answer(int status, std::string_view type, std::string_view body) {
  HttpResponse response;
  response.status = status;
  if (!type.empty()) response.headers.add("content-type", type);
  response.body = Chain(Bytes::copy(body));
  return response;
}

/// A google.rpc.Status in the request's encoding.
HttpResponse failure(int status, net::GrpcCode code, const std::string& message, bool json) {
  if (json) {
    std::string body = fmt::format("{{\"code\":{},\"message\":", static_cast<std::uint32_t>(code));
    log::append_json_string(body, message);
    return answer(status, kJson, body + "}");
  }
  gleaner::otlp::Writer out(message.size() + 16);
  out.varint(1, static_cast<std::uint32_t>(code));
  out.text(2, message);
  return answer(status, kProtobuf, out.finish().view());
}

/// The media type without parameters, lower case; empty when the header is malformed.
std::string media_type(std::string_view header) {
  const auto semicolon = header.find(';');
  std::string_view parameters = semicolon == std::string_view::npos ? "" : header.substr(semicolon + 1);
  const auto blank = parameters.find_first_not_of(" \t");
  if (blank != std::string_view::npos && parameters.find('=') == std::string_view::npos) return {};
  std::string type(header.substr(0, semicolon));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Spelt as Go spells headers: "X-Api-Key". Such a parameter goes before the header, others behind it: the
/// reference puts parameters into its map of headers by their very names.
bool is_canonical(std::string_view name) {
  bool capital = true;
  for (const char c : name) {
    if (capital ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') return false;
    capital = c == '-';
  }
  return true;
}

/// "https://*.example.org" against an origin; at most one star.
bool origin_matches(std::string_view pattern, std::string_view origin) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == origin;
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return origin.size() >= head.size() + tail.size() && origin.starts_with(head) && origin.ends_with(tail);
}

}  // namespace

int http_status(net::GrpcCode code) {
  switch (code) {
    case net::GrpcCode::ok:
      return 200;
    case net::GrpcCode::cancelled:
    case net::GrpcCode::deadline_exceeded:
    case net::GrpcCode::aborted:
    case net::GrpcCode::out_of_range:
    case net::GrpcCode::unavailable:
    case net::GrpcCode::data_loss:
      return 503;
    case net::GrpcCode::resource_exhausted:
      return 429;
    case net::GrpcCode::invalid_argument:
      return 400;
    case net::GrpcCode::unauthenticated:
      return 401;
    case net::GrpcCode::permission_denied:
      return 403;
    case net::GrpcCode::unimplemented:
      return 404;
    default:
      return 500;
  }
}

HttpService::HttpService(const HttpConfig& config, const Context& context, const Consumers& next, bool wait)
    : config_(config), door_(context.memory, config.include_metadata), intake_(context, next, "http", wait) {}

std::optional<SignalKind> HttpService::signal_of(std::string_view path) const {
  const auto is = [&](const std::string& wanted) {
    return wanted.starts_with('/') ? path == wanted : path.substr(1) == wanted;
  };
  std::optional<SignalKind> signal;
  if (is(config_.traces_url_path)) signal = SignalKind::traces;
  if (is(config_.metrics_url_path)) signal = SignalKind::metrics;
  if (is(config_.logs_url_path)) signal = SignalKind::logs;
  if (path == "/v1development/profiles") signal = SignalKind::profiles;  // no key for it in the reference
  return signal && intake_.serves(*signal) ? signal : std::nullopt;
}

bool HttpService::allowed(std::string_view origin) const {
  return config_.cors && !origin.empty() &&
         std::any_of(config_.cors->allowed_origins.begin(), config_.cors->allowed_origins.end(),
                     [&](const std::string& pattern) { return origin_matches(pattern, origin); });
}

HttpResponse HttpService::preflight(const net::HttpRequest& request) const {
  HttpResponse response;
  response.status = 204;
  response.headers.add("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const auto origin = request.headers.get("origin");
  if (!allowed(origin)) return response;
  const std::string wanted = lower(request.headers.get("access-control-request-headers"));
  for (std::size_t begin = 0; begin < wanted.size();) {
    auto end = wanted.find(',', begin);
    if (end == std::string::npos) end = wanted.size();
    std::string name = wanted.substr(begin, end - begin);
    name.erase(0, name.find_first_not_of(' '));
    begin = end + 1;
    const auto& list = config_.cors->allowed_headers;
    const bool known =
        list.empty() ? name == "accept" || name == "content-type" || name == "x-requested-with"
                     : name == "origin" || std::any_of(list.begin(), list.end(), [&](const std::string& one) {
                         return one == "*" || lower(one) == name;
                       });
    if (!known) return response;
  }
  response.headers.add("access-control-allow-origin", told_origin(origin));
  response.headers.add("access-control-allow-methods", request.headers.get("access-control-request-method"));
  if (!wanted.empty()) response.headers.add("access-control-allow-headers", wanted);
  response.headers.add("access-control-allow-credentials", "true");
  if (config_.cors->max_age > 0)
    response.headers.add("access-control-max-age", std::to_string(config_.cors->max_age));
  return response;
}

bool HttpService::is_preflight(const net::HttpRequest& request) const {
  return config_.cors && request.method == "OPTIONS" && request.headers.has("access-control-request-method");
}

std::string_view HttpService::told_origin(std::string_view origin) const {
  const auto& origins = config_.cors->allowed_origins;
  return std::find(origins.begin(), origins.end(), "*") == origins.end() ? origin : "*";
}

void HttpService::dress(HttpResponse& response, std::string_view origin) const {
  if (config_.cors && !response.headers.has("vary")) response.headers.add("vary", "Origin");
  if (allowed(origin)) {
    response.headers.add("access-control-allow-origin", told_origin(origin));
    response.headers.add("access-control-allow-credentials", "true");
    if (!config_.cors->exposed_headers.empty())
      response.headers.add("access-control-expose-headers",
                           fmt::format("{}", fmt::join(config_.cors->exposed_headers, ", ")));
  }
  for (const auto& [name, value] : config_.response_headers.list) response.headers.set(name, value.value);
}

Task<std::optional<HttpResponse>> HttpService::admit(net::HttpRequest& head) {
  if (is_preflight(head)) co_return std::nullopt;  // browsers send none of their credentials with it
  net::Headers merged;
  if (!config_.auth->request_params.empty()) {
    merged = head.headers;
    for (const auto& param : config_.auth->request_params)
      if (const auto value = net::query_value(head.query, param);
          value && (is_canonical(param) || !merged.has(param)))
        merged.set(param, *value);
  }
  auto note = co_await door_.check(merged.empty() ? head.headers : merged);
  if (note) {
    head.note = std::move(*note);
    co_return std::nullopt;
  }
  const std::string type = media_type(head.headers.get("content-type"));
  HttpResponse response;
  if (type == kJson || type == kProtobuf || type.empty()) {
    const auto code = grpc_code(note.error());
    response = failure(http_status(code), code, note.error().what, type != kProtobuf);
  } else {  // the reference has no words for other types
    response = answer(500, kJson, R"({"code": 13, "message": "failed to marshal error message"})");
  }
  dress(response, head.headers.get("origin"));
  co_return response;
}

Task<HttpResponse> HttpService::handle(net::HttpRequest request) {
  const std::string origin(request.headers.get("origin"));
  const bool asks_first = is_preflight(request);
  HttpResponse response = asks_first ? preflight(request) : co_await route(std::move(request));
  dress(response, asks_first ? std::string_view() : std::string_view(origin));
  co_return response;
}

Task<HttpResponse> HttpService::route(net::HttpRequest request) {
  if (auto redirect = net::redirect_to_clean_path(request)) co_return std::move(*redirect);
  const auto signal = signal_of(request.path);
  const std::string type = media_type(request.headers.get("content-type"));
  // The body is judged before the path is looked at: the order of the reference's handler chain.
  if (request.body_error && request.body_error->what.starts_with("unsupported Content-Encoding"))
    co_return failure(400, net::GrpcCode::invalid_argument, request.body_error->what, type != kProtobuf);
  if (!signal) co_return answer(404, "text/plain; charset=utf-8", "404 page not found\n");
  if (request.method != "POST")
    co_return answer(405, "text/plain", "405 method not allowed, supported: [POST]");
  if (type != kJson && type != kProtobuf)
    co_return answer(415, "text/plain",
                     "415 unsupported media type, supported: [application/json, application/x-protobuf]");
  co_return co_await take(*signal, type == kJson, std::move(request));
}

Task<HttpResponse> HttpService::take(SignalKind signal, bool json, net::HttpRequest request) {
  if (request.body_error)
    co_return failure(400, net::GrpcCode::invalid_argument, request.body_error->what, json);
  Bytes message = request.body.flat();
  if (json) {
    auto parsed = gleaner::otlp::parse_json(signal, message.view());
    if (!parsed) co_return failure(400, net::GrpcCode::invalid_argument, parsed.error().what, true);
    message = std::move(*parsed);
  }
  auto client = door_.client(request.peer, request.headers, {}, request.note, request.reservation);
  if (!client) co_return refuse(request);
  auto verdict =
      co_await intake_.take(signal, std::move(message), std::move(client), std::move(request.reservation));
  if (verdict.kind == Verdict::Kind::taken)
    co_return json ? answer(200, kJson, R"({"partialSuccess":{}})")
                   : answer(200, kProtobuf, std::string_view("\x0a\x00", 2));
  if (verdict.kind == Verdict::Kind::bad_request)
    co_return failure(400, net::GrpcCode::invalid_argument, verdict.error.what, json);
  const auto code = grpc_code(verdict.error);
  const int status = http_status(code);
  auto response = failure(status, code, words(verdict.error), json);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(verdict.error.retry_after).count();
  if ((status == 429 || status == 503) && verdict.error.retry_after > Duration{0})
    response.headers.add("retry-after", std::to_string(seconds));
  co_return response;
}

HttpResponse HttpService::refuse(const net::HttpRequest& request) {
  const bool json = media_type(request.headers.get("content-type")) != kProtobuf;
  auto response = failure(503, net::GrpcCode::unavailable, "memory for received data is used up", json);
  response.headers.add("retry-after", "1");
  return response;
}

Result<std::unique_ptr<net::Server>> HttpService::listen(const Context& context) {
  net::HttpServerOptions options;
  options.listen = {config_.transport, config_.endpoint, context.place.lanes > 1};
  options.budget = &context.memory;
  if (config_.tls) {
    auto tls = net::TlsServer::make(config_.tls->options());
    if (!tls) return fail(std::move(tls.error()));
    if (auto ok = (*tls)->load(); !ok) return fail(std::move(ok.error()));
    options.tls = std::move(*tls);
  }
  if (config_.max_request_body_size) options.max_body = config_.max_request_body_size;
  options.compression_algorithms = config_.compression_algorithms;
  options.read_timeout = config_.read_timeout;
  options.read_header_timeout = config_.read_header_timeout;
  options.write_timeout = config_.write_timeout;
  options.idle_timeout = config_.idle_timeout;
  options.keep_alives_enabled = config_.keep_alives_enabled;
  return net::Server::http(context.loop, std::move(options), *this);
}

}  // namespace gleaner::receivers::otlp
